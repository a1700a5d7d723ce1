"""The page of a photo without JavaScript: what it shows, and changing and deleting it."""

import pytest

from tests.support.hostile_files import half_of
from tests.support.pictures import make_jpeg
from tests.support.pipeline import picture
from tests.support.site import Site, make_flat, page_of, send, site, tiles
from web.palettes.formats import FORMATS

__all__ = ["site"]


def test_a_photo_shows_its_palette_and_leads_to_its_look_alikes(site: Site) -> None:
    addresses = [send(site, picture(number), f"{number}.jpg").location for number in range(3)]
    site.pipeline.settle()
    page = site.page(addresses[0])
    codes = [swatch["data-copy"] for swatch in page.find("ul", class_="palette").find_all("button")]
    assert len(codes) >= 2
    assert all(code in page.text for code in codes)
    strip = page.find("ol", class_="filmstrip")
    assert {tile["href"] for tile in strip.find_all("a")} == set(addresses[1:])
    expected = site.pipeline.similar(int(addresses[0].rpartition("/")[2]))
    assert expected is not None
    shown = [number.text for number in strip.find_all("span", class_="number")]
    assert shown == [f"{similarity:.3f}" for _, similarity in expected]
    assert all("%" in part.text for part in strip.find_all("span", class_="percentile"))
    assert not page.find_all(**{"data-live": "working"})


def test_the_first_photo_of_all_has_nothing_to_be_compared_with(site: Site) -> None:
    address = send(site, picture(1)).location
    site.pipeline.settle()
    assert "no other photo" in site.page(address).text


def test_a_photo_that_is_being_worked_on_says_what_is_still_done(site: Site) -> None:
    page = site.page(send(site, picture(1)).location)
    states = [stage["data-state"] for stage in page.find("main").find("ol", class_="stages").find_all("li")]
    assert states == ["done", "waiting", "waiting", "waiting"]
    assert {part["id"] for part in page.find_all(**{"data-live": "working"})} == {
        "stage",
        "about",
        "palette",
        "look-alikes",
    }


def test_a_photo_that_cannot_be_read_says_why(site: Site) -> None:
    address = send(site, half_of(make_jpeg(400, 300))).location
    site.pipeline.settle()
    page = site.page(address)
    assert "of the picture is missing" in page.find("header", id="about").find("p", class_="error").text
    assert not page.find_all("img")
    assert "Could not be read" in site.page("/").text


def test_a_photo_whose_work_was_cancelled_can_be_tried_again(site: Site) -> None:
    address = send(site, picture(1)).location
    assert not site.page(address).find("header", id="about").find_all("form")
    site.client.post(site.page("/jobs").find("li", class_="job").find("form")["action"])
    page = site.page(address)
    assert "Cancelled" in page.find("div", id="stage").text
    again = page.find("header", id="about").find("form", method="post")
    assert site.client.post(again["action"]).status_code == 303
    site.pipeline.settle()
    assert site.page(address).find("ul", class_="palette").find_all("button")


def test_tags_and_label_lead_to_photos_with_the_same(site: Site) -> None:
    image_id = site.record(1, tags=("sea & sand",), label="boat", bytes=1_234_567)
    page = site.page(f"/images/{image_id}")
    chips = page.find("header", id="about").find_all("a", class_="chip")
    assert [chip["href"] for chip in chips] == ["/?label=boat", "/?tag=sea+%26+sand"]
    details = page.find("dl", class_="details")
    assert "1.2 MB" in details.text
    assert "1,200 × 800 pixels" in details.text


def test_a_strong_colour_becomes_the_accent_of_the_page(site: Site) -> None:
    red = send(site, make_flat(230, 20, 20)).location
    grey = send(site, make_flat(128, 128, 128)).location
    site.pipeline.settle()
    assert "--accent: light-dark(#" in site.page(red).find("body")["style"]
    assert "style" not in site.page(grey).find("body").attributes


@pytest.mark.parametrize("address", ["/images/1", "/images/01", "/images/x", f"/images/{10**30}", "/nowhere"])
def test_an_address_without_anything_behind_it_is_a_page_that_leads_home(site: Site, address: str) -> None:
    page = site.page(address, 404)
    assert "There is nothing here" in page.text
    assert page.find("main").find("a")["href"] == "/"


def test_a_deleted_photo_is_gone_at_once_and_the_gallery_offers_it_back(site: Site) -> None:
    addresses = [str(send(site, picture(number)).location) for number in range(2)]
    site.pipeline.settle()
    delete = f"{addresses[0]}/delete"
    assert site.page(addresses[0]).find_all("form", action=delete)
    answer = site.client.post(delete)
    assert answer.status_code == 303
    gallery = site.page(str(answer.location))
    assert len(tiles(gallery)) == 1
    assert "1 photo was deleted." in gallery.find("div", role="status").text
    site.page(addresses[0], 404)
    assert not site.page(addresses[1]).find_all("ol", class_="filmstrip")
    page_of(site.client.post(delete), 404)


def test_the_form_of_a_photo_changes_what_is_said_about_it(site: Site) -> None:
    image_id = site.record(1, caption="old", tags=("sea",))
    form = site.page(f"/images/{image_id}").find("details", id="edit").find("form")
    assert [field["value"] for field in form.find_all("input")] == ["old", "sea", ""]
    found = {"caption": " new ", "tags": "sea, sand", "label": "boat"}
    answer = site.client.post(form["action"], data=found)
    page = site.page(str(answer.location))
    assert page.find("h1").text == "new"
    assert [part.text for part in page.find_all("a", class_="chip")] == ["Label boat", "sea", "sand"]
    site.client.post(form["action"], data={"caption": "", "tags": "", "label": ""})
    assert (site.pipeline.image(image_id).caption, site.pipeline.image(image_id).tags) == (None, [])


def test_a_form_with_words_that_cannot_be_used_is_explained(site: Site) -> None:
    image_id = site.record(1)
    answer = site.client.post(f"/images/{image_id}/edit", data={"caption": "x" * 1001})
    assert "at most 1000 characters" in page_of(answer, 400).text
    page_of(site.client.post("/images/99/edit", data={"caption": "x"}), 404)


# --- the parts that change by themselves ------------------------------------------------------------------------


def test_a_palette_of_another_size_is_found_when_it_is_asked_for(site: Site) -> None:
    address = str(send(site, picture(1)).location)
    site.pipeline.settle()
    asked = site.client.get(f"{address}/palette?colors=4")
    assert asked.status_code == 202
    assert "data-copy" not in asked.text
    assert site.client.get(asked.headers["Location"]).get_json()["status"] == "queued"
    assert site.page(f"{address}?colors=4").find("section", id="palette")["data-live"] == "working"
    site.pipeline.drain()
    part = page_of(site.client.get(f"{address}/palette?colors=4"))
    assert len(part.find_all("button")) == 4
    whole = site.page(f"{address}?colors=4").find("section", id="palette")
    assert len(whole.find_all("button", type="button")) == 4
    assert whole.find("input", name="colors")["value"] == "4"


def test_the_palette_can_be_taken_away_in_every_format(site: Site) -> None:
    address = str(send(site, picture(1)).location)
    site.pipeline.settle()
    links = site.page(address).find("p", class_="downloads").find_all("a")
    assert [link.text for link in links] == [form.label for form in FORMATS.values()]
    for taken in links:
        assert site.client.get(taken["href"]).status_code == 200


def test_a_photo_of_few_colours_says_so(site: Site) -> None:
    address = str(send(site, make_flat(230, 20, 20)).location)
    site.pipeline.settle()
    assert "No more than" in site.page(address).find("section", id="palette").text


def test_look_alikes_can_be_had_more_varied(site: Site) -> None:
    addresses = [str(send(site, picture(number)).location) for number in range(4)]
    site.pipeline.settle()
    part = page_of(site.client.get(f"{addresses[0]}/look-alikes?diversity=100"))
    assert {tile["href"] for tile in part.find_all("a")} == set(addresses[1:])
    whole = site.page(f"{addresses[0]}?diversity=100")
    assert whole.find("input", name="diversity")["value"] == "100"


@pytest.mark.parametrize("part", ["palette?colors=1", "palette?colors=x", "look-alikes?diversity=101"])
def test_a_part_that_cannot_be_is_refused(site: Site, part: str) -> None:
    image_id = site.record(1)
    page_of(site.client.get(f"/images/{image_id}/{part}"), 400)


def test_other_sites_can_show_a_link_to_a_photo(site: Site) -> None:
    address = str(send(site, picture(1), "holiday.jpg").location)
    found = {meta.attributes.get("property"): meta for meta in site.page(address).find_all("meta")}
    assert "og:image" not in found
    site.pipeline.settle()
    found = {meta.attributes.get("property"): meta for meta in site.page(address).find_all("meta")}
    assert found["og:title"]["content"] == "holiday.jpg"
    image = found["og:image"]["content"]
    assert image.startswith("http://localhost/")
    with site.client.get(image.removeprefix("http://localhost")) as file:
        assert file.status_code == 200
