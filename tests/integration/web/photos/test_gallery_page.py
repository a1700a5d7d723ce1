"""The gallery, and what can be done to several of its photos at once, without JavaScript."""

from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from shared.db.queries.photos.listing import Order, Position
from shared.limits import MAX_PAGE, MAX_TAGS
from tests.support.pipeline import picture
from tests.support.site import Site, link, make_flat, page_of, send, site, tiles
from web.http.cursors import encode_image
from web.photos.pages import gallery

__all__ = ["site"]


def test_an_empty_gallery_is_a_place_to_drop_photos(site: Site) -> None:
    page = site.page("/")
    assert page.find("h1").text == "The gallery is empty"
    assert page.find("form", id="drop-zone")["action"] == "/upload"
    assert not page.find_all("form", id="selection")


def test_a_button_fills_an_empty_gallery_with_drawn_pictures(site: Site) -> None:
    button = site.page("/").find("form", class_="demo")
    for _ in range(2):
        assert site.client.post(button["action"]).location == "/"
    page = site.page("/")
    assert "Drawing the demo pictures, 0 %" in page.find("p", id="demo-progress").text
    assert not page.find_all("form", class_="demo")
    site.pipeline.settle()
    page = site.page("/")
    assert len(tiles(page)) == 12
    assert not page.find_all(id="demo-progress")
    assert all("no. 1" in caption for caption in tiles(page))
    assert site.pipeline.similar(1)


def test_drawing_again_adds_nothing(site: Site) -> None:
    for _ in range(2):
        site.client.post("/demo")
        site.pipeline.settle()
    assert len(tiles(site.page("/"))) == 12


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
    (chip,) = [chip for chip in page.find_all("a", class_="chip") if "Remove" in chip.text]
    assert "a&b" in chip.text
    assert "another" in tiles(site.page(chip["href"]))


def test_tags_and_labels_in_use_can_be_chosen_most_frequent_first(site: Site) -> None:
    site.record(1, tags=("sea",), label="boat")
    site.record(2, tags=("sand", "sea"))
    panel = site.page("/?q=x").find("details", class_="filters")
    chips = panel.find_all("a", class_="chip")
    assert [(chip.text, chip["href"]) for chip in chips] == [
        ("sea 2", "/?tag=sea&q=x"),
        ("sand 1", "/?tag=sand&q=x"),
        ("boat 1", "/?label=boat&q=x"),
    ]
    (here,) = site.page("/?label=boat").find_all("a", class_="chip", **{"aria-current": "true"})
    assert here.text == "boat 1"


def test_tags_of_deleted_photos_are_not_offered(site: Site) -> None:
    image_id = site.record(1, tags=("sea",))
    site.record(2)
    site.pipeline.delete(image_id)
    assert not site.page("/").find("details", class_="filters").find_all("a", class_="chip")


def test_a_colour_orders_the_gallery(site: Site) -> None:
    red = send(site, make_flat(230, 20, 20))
    send(site, make_flat(20, 20, 230), "blue.jpg")
    site.pipeline.settle()
    page = site.page("/?color=%23ee1111")
    assert page.find_all("a", class_="tile")[0]["href"] == red.location
    assert len(tiles(page)) == 2


def test_photos_in_the_order_of_a_colour_are_walked_and_back(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "PAGE_SIZE", 2)
    for red in (0, 50, 100, 150, 200):
        send(site, make_flat(red, 0, 0), f"{red}.jpg")
    site.pipeline.drain()
    pages = [site.page("/?color=%23d20000")]
    while pages[-1].find_all("a", rel="next"):
        pages.append(site.page(link(pages[-1], "next")))
    assert [tiles(page) for page in pages] == [["200.jpg", "150.jpg"], ["100.jpg", "50.jpg"], ["0.jpg"]]
    second = site.page(link(pages[2], "prev"))
    assert tiles(second) == tiles(pages[1])
    assert tiles(site.page(link(second, "prev"))) == tiles(pages[0])


@pytest.mark.parametrize(("typed", "color"), [("%20%2312AB34", "12ab34"), ("%231Ef", "11eeff")])
def test_a_colour_in_the_search_field_is_looked_for_as_a_colour(site: Site, typed: str, color: str) -> None:
    answer = site.client.get(f"/?q={typed}")
    assert answer.status_code == 302
    assert answer.location == f"/?color=%23{color}"


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
    item = site.page("/").find("ul", class_="rows").find("li")
    swatches = item.find("span", class_="strip").find_all("a")
    assert [swatch["title"] for swatch in swatches] == list(site.pipeline.image(1).swatches)
    assert swatches[0]["href"] == f"/?color=%23{swatches[0]['title'][1:]}"


def test_a_page_can_ask_for_its_own_tiles_again(site: Site) -> None:
    ids = [site.record(number, caption=f"number {number}") for number in range(3)]
    assert tiles(site.page(f"/?ids={ids[0]},{ids[2]},99")) == ["number 2", "number 0"]


def test_only_unfinished_tiles_are_kept_up_to_date(site: Site) -> None:
    send(site, picture(1))
    site.pipeline.settle()
    send(site, picture(2))
    items = site.page("/").find("ul", class_="rows").find_all("li")
    assert ["data-live" in item.attributes for item in items] == [True, False]


@pytest.mark.parametrize(
    "address",
    ["/?color=red", "/?cursor=nonsense", "/?tag=a&tag=b", "/?done=eaten", "/?done=deleted&images=1&images=2"],
)
def test_an_address_that_cannot_be_used_is_explained(site: Site, address: str) -> None:
    assert "This request cannot be used" in site.page(address, 400).text


# --- several photos at once -------------------------------------------------------------------------------------


def act(site: Site, deed: str, ids: list[int], **fields: str) -> TestResponse:
    """Sends the form of the bar that rises when photos are chosen."""
    return site.client.post(f"/selection/{deed}", data={"id": [str(each) for each in ids], **fields})


def test_every_photo_can_be_chosen_for_the_form_of_the_bar(site: Site) -> None:
    ids = [site.record(number) for number in range(2)]
    page = site.page("/?tag=")
    form = page.find("form", id="selection")
    boxes = page.find("ul", class_="rows").find_all("input", form="selection")
    assert [box["value"] for box in boxes] == [str(each) for each in reversed(ids)]
    # What Enter in a field of the form does: the first button, which must never be the one that deletes.
    assert "formaction" not in form.find_all("button", type="submit")[0].attributes


def test_chosen_photos_are_deleted_and_come_back_when_that_is_undone(site: Site) -> None:
    ids = [int(str(send(site, picture(number)).location).rpartition("/")[2]) for number in range(3)]
    site.pipeline.settle()
    deleted = act(site, "delete", ids[:2], back="q=")
    page = site.page(str(deleted.location))
    notice = page.find("div", role="status")
    assert "2 photos were deleted." in notice.text
    assert len(tiles(page)) == 1
    site.pipeline.settle()
    assert site.pipeline.similar(ids[2]) == []
    undo = notice.find("form")
    chosen = [field["value"] for field in undo.find_all("input", name="id")]
    back = site.client.post(undo["action"], data={"id": chosen, "back": ""})
    assert len(tiles(site.page(str(back.location)))) == 3
    site.pipeline.settle()
    similar = site.pipeline.similar(ids[2])
    assert similar is not None
    assert {image_id for image_id, _ in similar} == set(ids[:2])


def test_work_that_was_cancelled_with_a_photo_goes_on_when_it_comes_back(site: Site) -> None:
    image_id = int(str(send(site, picture(1)).location).rpartition("/")[2])
    act(site, "delete", [image_id])
    site.pipeline.drain()
    act(site, "restore", [image_id])
    site.pipeline.settle()
    assert site.pipeline.image(image_id).swatches
    assert site.pipeline.similar(image_id) == []


def test_a_photo_that_was_uploaded_again_is_not_brought_back_beside_itself(site: Site) -> None:
    first = int(str(send(site, picture(1)).location).rpartition("/")[2])
    act(site, "delete", [first])
    send(site, picture(1))
    answer = act(site, "restore", [first])
    page = site.page(str(answer.location))
    assert "No photo was changed." in page.find("div", role="status").text
    assert len(tiles(page)) == 1


def test_a_photo_that_was_deleted_twice_comes_back_once(site: Site) -> None:
    ids = []
    for _ in range(2):
        ids.append(int(str(send(site, picture(1)).location).rpartition("/")[2]))
        act(site, "delete", ids[-1:])
    assert f"images={ids[1]}" in str(act(site, "restore", ids).location)
    assert len(tiles(site.page("/"))) == 1


def test_chosen_photos_get_tags_beside_their_own_and_a_label(site: Site) -> None:
    ids = [site.record(1, tags=("sea",), label="old"), site.record(2)]
    answer = act(site, "describe", ids, tags="sea, sand", label="boat", back="tag=sea")
    assert str(answer.location).startswith("/?tag=sea&done=described")
    assert "2 photos were changed." in site.page(str(answer.location)).text
    assert [site.pipeline.image(each).tags for each in ids] == [["sea", "sand"], ["sea", "sand"]]
    assert {site.pipeline.image(each).label for each in ids} == {"boat"}
    act(site, "describe", ids, tags="", label="")
    assert site.pipeline.image(ids[0]).label == "boat"


def test_no_photo_gets_more_tags_than_one_may_have(site: Site) -> None:
    full = site.record(1, tags=tuple(f"tag {number}" for number in range(MAX_TAGS)))
    other = site.record(2)
    act(site, "describe", [full, other], tags="one more")
    assert len(site.pipeline.image(full).tags) == MAX_TAGS
    assert site.pipeline.image(other).tags == ["one more"]


def test_chosen_photos_lead_to_one_palette_of_all(site: Site) -> None:
    ids = [int(str(send(site, picture(number)).location).rpartition("/")[2]) for number in range(2)]
    page_of(act(site, "palette", ids), 409)
    site.pipeline.settle()
    answer = act(site, "palette", ids)
    job_id = UUID(str(answer.location).removeprefix("/palette/"))
    site.pipeline.drain()
    result = site.pipeline.job(job_id).result
    assert result is not None
    assert len(result["colors"]) == 6


@pytest.mark.parametrize("ids", [[], list(range(1, MAX_PAGE + 2))], ids=["none", "too many"])
def test_a_choice_of_none_or_too_many_is_explained(site: Site, ids: list[int]) -> None:
    page = page_of(act(site, "delete", ids), 400)
    assert "hoose" in page.text


def test_forms_lead_back_into_the_gallery_and_nowhere_else(site: Site) -> None:
    ids = [site.record(number) for number in range(2)]
    cursor = encode_image(Position(ids[1]), Order.NEWEST)
    answer = act(site, "describe", ids, label="x", back=f"tag=a&cursor={cursor}&evil=//example.com")
    assert str(answer.location).startswith(f"/?tag=a&cursor={cursor}&done=described&images=")


def test_an_address_that_tells_of_deeds_that_were_not_done_says_nothing(site: Site) -> None:
    image_id = site.record(1)
    assert not site.page(f"/?done=deleted&images={image_id},99").find_all("div", role="status")
