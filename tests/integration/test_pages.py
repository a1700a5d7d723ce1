"""The pages as a browser without JavaScript gets them, over a real database, store and worker."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from shared.settings import Settings
from tests.support.hostile_files import half_of, not_images
from tests.support.html import Element
from tests.support.pictures import encode, flat_picture, make_jpeg
from tests.support.pipeline import picture
from tests.support.services import PostgresServer
from tests.support.site import Site, page_of
from web.app import create_app
from web.pages import gallery, jobs

HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>'


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    made = Site(database_url, tmp_path)
    yield made
    made.close()


def send(site: Site, data: bytes, name: str = "a.jpg", tags: str = "") -> TestResponse:
    """Sends the form of the upload page."""
    return site.upload(data, name, path="/upload", tags=tags)


def make_flat(red: int, green: int, blue: int) -> bytes:
    """A JPEG of one colour."""
    return encode(flat_picture((red, green, blue)), "JPEG")


def tiles(page: Element) -> list[str]:
    """The captions of the photos on the page, in order."""
    return [caption.text for caption in page.find_all("span", class_="caption")]


def link(page: Element, rel: str) -> str:
    return page.find("a", rel=rel)["href"]


# --- the gallery ------------------------------------------------------------------------------------------------


def test_an_empty_gallery_says_how_to_fill_it(site: Site) -> None:
    page = site.page("/")
    assert "make demo" in page.text
    assert page.find("form", id="drop")["action"] == "/upload"


def test_the_newest_photo_comes_first(site: Site) -> None:
    for number in range(3):
        site.record(number, caption=f"number {number}")
    assert tiles(site.page("/")) == ["number 2", "number 1", "number 0"]


def test_links_walk_through_the_whole_gallery_and_back(site: Site) -> None:
    expected = [f"photo-{number}.jpg" for number in reversed(range(2 * gallery.PAGE_SIZE + 5))]
    for name in reversed(expected):
        site.record(expected.index(name), name=name)
    first = site.page("/")
    second = site.page(link(first, "next"))
    third = site.page(link(second, "next"))
    assert tiles(first) + tiles(second) + tiles(third) == expected
    assert not third.find_all("a", rel="next")
    assert not first.find_all("a", rel="prev")
    assert tiles(site.page(link(third, "prev"))) == tiles(second)
    assert tiles(site.page(link(second, "prev"))) == tiles(first)


def test_the_way_back_leads_to_the_newest_when_photos_came_in_meanwhile(site: Site) -> None:
    for number in range(gallery.PAGE_SIZE + 1):
        site.record(number)
    first = site.page("/")
    site.record(99, caption="just in")
    before = site.page(link(site.page(link(first, "next")), "prev"))
    assert tiles(before) == tiles(first)
    assert tiles(site.page(link(before, "prev")))[0] == "just in"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("tag=sea", ["two", "one"]),
        ("label=boat", ["three"]),
        ("q=two", ["two"]),
        ("tag=sea&label=boat", []),
        ("q=&tag=", ["three", "two", "one"]),
    ],
)
def test_the_address_narrows_the_gallery(site: Site, query: str, expected: list[str]) -> None:
    site.record(1, caption="one", tags=("sea",))
    site.record(2, caption="two", tags=("sea", "sand"))
    site.record(3, caption="three", label="boat")
    page = site.page(f"/?{query}")
    assert tiles(page) == expected
    assert bool(expected) or "No photo fits this" in page.text


def test_a_filter_stays_on_the_next_page_and_can_be_removed(site: Site) -> None:
    for number in range(gallery.PAGE_SIZE + 1):
        site.record(number, tags=("a&b",))
    site.record(99, caption="another")
    page = site.page("/?tag=a%26b")
    assert "another" not in tiles(page)
    assert len(tiles(site.page(link(page, "next")))) == 1
    chip = page.find("a", class_="chip")
    assert "a&b" in chip.text
    assert "another" in tiles(site.page(chip["href"]))


def test_a_colour_orders_the_gallery(site: Site) -> None:
    red = send(site, make_flat(230, 20, 20))
    send(site, make_flat(20, 20, 230), "blue.jpg")
    site.pipeline.settle()
    page = site.page("/?color=%23ee1111")
    assert page.find_all("a", class_="tile")[0]["href"] == red.location
    assert len(tiles(page)) == 2


def test_a_colour_in_the_search_field_is_looked_for_as_a_colour(site: Site) -> None:
    answer = site.client.get("/?q=%20%2312AB34")
    assert answer.status_code == 302
    assert answer.location == "/?color=%2312ab34"


def test_a_photo_that_is_not_ready_says_so_on_its_tile(site: Site) -> None:
    send(site, picture(1))
    tile = site.page("/").find("a", class_="tile")
    assert tile.find("span", class_="state").text == "Waiting for its palette"
    assert not tile.find_all("img")
    site.pipeline.settle()
    tile = site.page("/").find("a", class_="tile")
    assert not tile.find_all("span", class_="state")
    image = tile.find("img")
    assert (image["width"], image["height"]) == ("96", "72")
    with site.client.get(image["src"]) as file:
        assert file.mimetype in {"image/jpeg", "image/webp"}
    assert "linear-gradient" in tile.find("span", class_="strip")["style"]


def test_only_unfinished_tiles_are_kept_up_to_date(site: Site) -> None:
    send(site, picture(1))
    site.pipeline.settle()
    send(site, picture(2))
    items = site.page("/").find("ul", class_="rows").find_all("li")
    assert ["data-live" in item.attributes for item in items] == [True, False]


@pytest.mark.parametrize(
    "address", ["/?color=red", "/?cursor=nonsense", "/?tag=a&tag=b", "/jobs?status=lost"]
)
def test_an_address_that_cannot_be_used_is_explained(site: Site, address: str) -> None:
    assert "This request cannot be used" in site.page(address, 400).text


# --- a photo ----------------------------------------------------------------------------------------------------


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
    shown = [track.text for track in strip.find_all("span", class_="similarity")]
    assert shown == [f"{similarity:.3f}" for _, similarity in expected]
    assert not page.find_all(**{"data-live": "working"})


def test_the_first_photo_of_all_has_nothing_to_be_compared_with(site: Site) -> None:
    address = send(site, picture(1)).location
    site.pipeline.settle()
    assert "no other photo" in site.page(address).text


def test_a_photo_that_is_being_worked_on_says_what_is_still_done(site: Site) -> None:
    page = site.page(send(site, picture(1)).location)
    states = [stage["data-state"] for stage in page.find("ol", class_="stages").find_all("li")]
    assert states == ["done", "waiting", "waiting", "waiting"]
    assert {part["id"] for part in page.find_all(**{"data-live": "working"})} == {
        "stage",
        "progress",
        "palette",
        "alike",
    }


def test_a_photo_that_cannot_be_read_says_why(site: Site) -> None:
    address = send(site, half_of(make_jpeg(400, 300))).location
    site.pipeline.settle()
    page = site.page(address)
    assert "Try to open it and save it again" in page.find("p", class_="error").text
    assert not page.find_all("img")
    assert "Could not be read" in site.page("/").text


def test_a_photo_whose_work_was_cancelled_can_be_tried_again(site: Site) -> None:
    address = send(site, picture(1)).location
    assert not site.page(address).find_all("form", method="post")
    site.client.post(listed(site.page("/jobs"))[0].find("form", method="post")["action"])
    page = site.page(address)
    assert "Cancelled" in page.find("div", id="stage").text
    assert site.client.post(page.find("form", method="post")["action"]).status_code == 303
    site.pipeline.settle()
    assert site.page(address).find("ul", class_="palette").find_all("button")


def test_details_lead_to_photos_with_the_same_tag_and_label(site: Site) -> None:
    image_id = site.record(1, tags=("sea & sand",), label="boat", bytes=1_234_567)
    details = site.page(f"/images/{image_id}").find("dl", class_="details")
    assert {part["href"] for part in details.find_all("a")} == {"/?tag=sea+%26+sand", "/?label=boat"}
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
    assert page.find("main").find("code").text == address
    assert page.find("nav", class_="actions").find_all("a")[-1]["href"] == "/"


# --- upload -----------------------------------------------------------------------------------------------------


def test_a_form_without_scripts_leads_to_the_photo(site: Site) -> None:
    answer = send(site, picture(1), "holiday.jpg", tags="sea, sand")
    assert answer.status_code == 303
    page = site.page(answer.location)
    assert page.find("h1").text == "holiday.jpg"
    assert {part.text for part in page.find("dl").find_all("a")} == {"sea", "sand"}


def test_the_same_photo_again_leads_to_the_same_page(site: Site) -> None:
    assert send(site, picture(1)).location == send(site, picture(1), "again.jpg").location


@pytest.mark.parametrize(
    ("data", "name", "status", "words"),
    [
        (not_images()["text"], "a.jpg", 415, "JPEG, PNG, WebP and GIF"),
        (b"", "a.jpg", 400, "empty"),
    ],
)
def test_a_form_that_cannot_be_taken_comes_back_with_the_reason(
    site: Site, data: bytes, name: str, status: int, words: str
) -> None:
    page = page_of(send(site, data, name), status)
    assert words in page.find("p", role="alert").text
    assert page.find("form", id="drop")["enctype"] == "multipart/form-data"
    assert tiles(site.page("/")) == []


def test_a_form_without_a_photo_comes_back_with_the_reason(site: Site) -> None:
    # As browsers send a file field in which nothing was chosen.
    part = (
        'Content-Disposition: form-data; name="file"; filename=""\r\nContent-Type: application/octet-stream'
    )
    answer = site.client.post(
        "/upload", data=f"--x\r\n{part}\r\n\r\n\r\n--x--\r\n", content_type="multipart/form-data; boundary=x"
    )
    assert "No photo" in page_of(answer, 400).find("p", role="alert").text


def test_a_form_of_another_site_is_refused(site: Site) -> None:
    image_id = site.record(1)
    foreign = {"Sec-Fetch-Site": "cross-site"}
    answer = site.client.post(f"/images/{image_id}/delete", headers=foreign)
    assert page_of(answer, 403).find("h1").text == "This is not allowed"
    assert len(tiles(site.page("/"))) == 1


# --- deletion ---------------------------------------------------------------------------------------------------


def test_deleting_asks_first_and_then_takes_the_photo_away(site: Site) -> None:
    addresses = [send(site, picture(number)).location for number in range(2)]
    site.pipeline.settle()
    question = site.page(f"{addresses[0]}/delete")
    assert question.find("a", class_="button")["href"] == addresses[0]
    assert len(tiles(site.page("/"))) == 2
    answer = site.client.post(f"{addresses[0]}/delete")
    assert (answer.status_code, answer.location) == (303, "/")
    assert len(tiles(site.page("/"))) == 1
    site.page(addresses[0], 404)
    assert not site.page(addresses[1]).find_all("ol", class_="filmstrip")
    page_of(site.client.post(f"{addresses[0]}/delete"), 404)


# --- jobs -------------------------------------------------------------------------------------------------------


def test_jobs_read_like_sentences(site: Site) -> None:
    good = send(site, picture(1), "good.jpg").location
    send(site, half_of(make_jpeg(400, 300)), "bad.jpg")
    site.pipeline.settle()
    send(site, picture(2), "new.jpg")
    lines = [job.text for job in site.page("/jobs").find_all("li", class_="job")]
    assert any("Palette and embedding of new.jpg Waiting" in line for line in lines)
    assert any("bad.jpg" in line and "Try to open it" in line and "Failed" in line for line in lines)
    assert any("Palette and embedding of good.jpg Done in" in line for line in lines)
    assert any(line.startswith("Look-alikes of 1 new photo Done in") for line in lines)
    (failed,) = listed(site.page("/jobs?status=failed"))
    assert "bad.jpg" in failed.text
    site.client.post(f"{good}/delete")
    assert "of a photo that was deleted" in site.page("/jobs").text


def test_a_job_can_be_cancelled_and_tried_again(site: Site) -> None:
    send(site, picture(1))
    (job,) = listed(site.page("/jobs"))
    cancel = job.find("form", method="post")["action"]
    assert site.client.post(cancel).location == "/jobs"
    (job,) = listed(site.page("/jobs"))
    assert "Cancelled" in job.text
    page_of(site.client.post(cancel), 409)
    assert site.client.post(job.find("form")["action"]).status_code == 303
    site.pipeline.settle()
    assert len(listed(site.page("/jobs?status=succeeded"))) == 2


def test_links_walk_through_all_jobs_and_back(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "PAGE_SIZE", 2)
    for number in range(5):
        send(site, picture(number), f"{number}.jpg")
    names = [f"{number}.jpg" for number in reversed(range(5))]
    pages, page = [], site.page("/jobs")
    pages.append(job_photos(page))
    while page.find_all("a", rel="next"):
        page = site.page(link(page, "next"))
        pages.append(job_photos(page))
    assert pages == [names[:2], names[2:4], names[4:]]
    middle = site.page(link(page, "prev"))
    assert job_photos(middle) == names[2:4]
    assert job_photos(site.page(link(middle, "prev"))) == names[:2]


def listed(page: Element) -> list[Element]:
    """The jobs in the list, those that went wrong and stand before it left out."""
    return page.find("section", class_="every").find_all("li", class_="job")


def job_photos(page: Element) -> list[str]:
    return [job.find("a", class_="subject").text for job in listed(page)]


# --- all pages --------------------------------------------------------------------------------------------------


def test_what_people_write_is_shown_and_never_run(site: Site) -> None:
    image_id = site.record(1, name=HOSTILE, caption=HOSTILE, tags=(HOSTILE,), label=HOSTILE)
    named = send(site, picture(1), "<img src=x onerror=alert(1)>.jpg")
    addresses = ["/", "/?q=" + HOSTILE, f"/images/{image_id}", f"/images/{image_id}/delete", "/jobs"]
    for address in [*addresses, named.location]:
        page = site.page(address)
        assert not page.find_all("img", src="x")
        assert all("alert" not in script.text for script in page.find_all("script"))
        assert "onerror=alert(1)" in page.text or address == "/?q=" + HOSTILE


def test_pages_obey_their_own_security_policy(site: Site) -> None:
    address = send(site, picture(1)).location
    for page in map(site.page, ["/", address, "/upload", "/jobs", "/images/1/delete"]):
        assert all("src" in script.attributes and not script.text for script in page.find_all("script"))
        assert not page.find_all("style")
        everything = page.find_all()
        assert not [name for element in everything for name in element.attributes if name.startswith("on")]


def test_untrained_weights_are_named_on_every_page(site: Site) -> None:
    image_id = site.record(1)
    addresses = ["/", f"/images/{image_id}", "/upload", "/jobs"]
    for address in addresses:
        assert not site.page(address).find_all("aside", class_="notice")
    site.use_model("resnet18/untrained-0")
    for address in addresses:
        assert "VITRINE_WEIGHTS" in site.page(address).find("aside", class_="notice").text


def test_the_number_of_queries_does_not_grow_with_the_gallery(site: Site) -> None:
    for number in range(2):
        send(site, picture(number))
    site.pipeline.settle()
    few = {address: queries(site, address) for address in ("/", "/images/1", "/jobs", "/palette")}
    for number in range(2, 12):
        send(site, picture(number))
    site.pipeline.settle()
    assert {address: queries(site, address) for address in few} == few
    assert max(few.values()) <= 16


def queries(site: Site, address: str) -> int:
    with site.queries() as sent:
        site.page(address)
    return len(sent)


def test_without_a_database_pages_ask_to_come_back(postgres_server: PostgresServer, tmp_path: Path) -> None:
    settings = Settings(database_url=postgres_server.url("nowhere"), storage_dir=tmp_path)
    answer = create_app(settings).test_client().get("/")
    assert page_of(answer, 503).find("h1").text == "Vitrine is not ready"
    assert int(answer.headers["Retry-After"]) > 0
