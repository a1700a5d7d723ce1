"""When photos were taken: from the file to answers, lists in every order, and pages."""

from collections.abc import Sequence
from itertools import chain

import pytest
from sqlalchemy import text

from shared.db.queries.jobs.jobs import NewJob
from shared.jobs.reanalysis import reanalysis
from tests.support.pictures import draw_picture, encode, taken_exif
from tests.support.site import Site, link, site, tiles
from tests.support.web import problem
from web.photos.pages import gallery

__all__ = ["site"]

# Times of photos by name, in the order they are recorded: ties, and several that say none.
PHOTOS = {
    "img10.jpg": "2024-07-01T10:00:00Z",
    "IMG2.jpg": None,
    "Île.jpg": "2024-07-01T10:00:00Z",
    "a.jpg": "2023-01-01T00:00:00.250Z",
    "b.jpg": None,
    "B.jpg": "2025-05-05T05:05:05Z",
    "c.jpg": "1969-07-20T20:17:40Z",
}
ORDERS = {
    "": ["c.jpg", "B.jpg", "b.jpg", "a.jpg", "Île.jpg", "IMG2.jpg", "img10.jpg"],
    "sort=newest": ["c.jpg", "B.jpg", "b.jpg", "a.jpg", "Île.jpg", "IMG2.jpg", "img10.jpg"],
    "sort=taken": ["B.jpg", "Île.jpg", "img10.jpg", "a.jpg", "c.jpg", "b.jpg", "IMG2.jpg"],
    "sort=name": ["a.jpg", "b.jpg", "B.jpg", "c.jpg", "Île.jpg", "IMG2.jpg", "img10.jpg"],
}


@pytest.fixture
def dated(site: Site) -> Site:
    for number, (name, taken_at) in enumerate(PHOTOS.items()):
        image_id = site.record(number, name=name, tags=("even",) if number % 2 == 0 else ())
        with site.pipeline.unit_of_work.begin() as transaction:
            statement = text("UPDATE images SET taken_at = :taken_at WHERE id = :id")
            transaction.connection.execute(statement, {"id": image_id, "taken_at": taken_at})
    return site


def photo(seed: int = 0, **tags: str) -> bytes:
    return encode(draw_picture(seed=seed), "JPEG", exif=taken_exif(**tags))


def names(site: Site, query: str) -> list[str]:
    return [image["name"] for image in site.get(f"images?{query}").get_json()["items"]]


def walked(site: Site, query: str) -> list[str]:
    """The names on all pages, one after another."""
    found: list[str] = []
    cursor = ""
    while True:
        page = site.get(f"images?{query}{cursor}").get_json()
        assert page["total"] == len(PHOTOS)
        found += [image["name"] for image in page["items"]]
        if page["next"] is None:
            return found
        cursor = f"&cursor={page['next']}"


def test_an_image_says_when_it_was_taken_and_by_which_clock(site: Site) -> None:
    uploaded = site.upload(
        photo(DateTimeOriginal="2024:07:01 00:30:00", OffsetTimeOriginal="+02:00", SubsecTimeOriginal="25")
    )
    image_id = uploaded.get_json()["image"]["id"]
    before = site.get(f"images/{image_id}").get_json()
    assert (before["taken_at"], before["taken_offset"]) == (None, None)
    site.pipeline.drain()
    after = site.get(f"images/{image_id}").get_json()
    assert (after["taken_at"], after["taken_offset"]) == ("2024-06-30T22:30:00.250Z", "+02:00")
    assert "1 July 2024, 00:30 (UTC+02:00)" in site.page(f"/images/{image_id}").text


def test_a_clock_without_an_offset_counts_as_utc_and_the_page_says_so(site: Site) -> None:
    image_id = site.upload(photo(DateTimeOriginal="2024:07:01 00:30:00")).get_json()["image"]["id"]
    site.pipeline.drain()
    image = site.get(f"images/{image_id}").get_json()
    assert (image["taken_at"], image["taken_offset"]) == ("2024-07-01T00:30:00.000Z", None)
    assert "1 July 2024, 00:30 (time zone unknown)" in site.page(f"/images/{image_id}").text


def test_photos_from_before_get_their_times_by_reanalysis(site: Site) -> None:
    dated = site.upload(photo(1, DateTimeOriginal="2024:07:01 12:00:00")).get_json()["image"]["id"]
    undated = site.add(2)
    site.pipeline.drain()
    with site.pipeline.unit_of_work.begin() as transaction:
        transaction.connection.execute(text("UPDATE images SET taken_at = NULL"))
    job = wanted_reanalysis(site)
    site.pipeline.start(job)
    site.pipeline.drain()
    assert site.get(f"images/{dated}").get_json()["taken_at"] == "2024-07-01T12:00:00.000Z"
    assert site.get(f"images/{undated}").get_json()["taken_at"] is None


def wanted_reanalysis(site: Site) -> NewJob:
    with site.pipeline.unit_of_work.read() as connection:
        job = reanalysis(connection, "taken_at")
    assert job is not None
    return job


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
@pytest.mark.parametrize("order", ORDERS)
def test_pages_in_each_order_list_each_image_once(dated: Site, order: str, limit: int) -> None:
    assert walked(dated, f"{order}&limit={limit}") == ORDERS[order]


@pytest.mark.parametrize("order", ["sort=taken", "sort=name"])
def test_a_page_begins_where_the_last_ended_though_that_image_is_gone(dated: Site, order: str) -> None:
    first = dated.get(f"images?{order}&limit=3").get_json()
    dated.client.delete(first["items"][-1]["links"]["self"])
    rest = dated.get(f"images?{order}&limit=9&cursor={first['next']}").get_json()
    assert [image["name"] for image in rest["items"]] == ORDERS[order][3:]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("taken_from=2024-07-01", ["B.jpg", "Île.jpg", "img10.jpg"]),
        ("taken_to=2024-07-01", ["a.jpg", "c.jpg", "Île.jpg", "img10.jpg"]),
        ("taken_from=2024-07-01&taken_to=2024-07-01", ["Île.jpg", "img10.jpg"]),
        ("taken_from=2024-07-01T10:00:00Z&taken_to=2024-07-01T10:00:00Z", ["Île.jpg", "img10.jpg"]),
        ("taken_from=2024-07-01T12:00:01%2B02:00", ["B.jpg"]),
        ("taken_to=2023-01-01T00:00:00.250Z", ["a.jpg", "c.jpg"]),
        ("taken_to=1960-01-01", []),
        ("taken_from=1900-01-01&tag=even", ["Île.jpg", "c.jpg", "img10.jpg"]),
    ],
)
def test_images_are_found_by_when_they_were_taken(dated: Site, query: str, expected: Sequence[str]) -> None:
    answer = dated.get(f"images?{query}").get_json()
    assert {image["name"] for image in answer["items"]} == set(expected)
    assert answer["total"] == len(expected)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("sort=oldest", "sort"),
        ("sort=", "sort"),
        ("sort=taken&color=%23804020", "sort"),
        ("taken_from=yesterday", "taken_from"),
        ("taken_from=2024-07-02&taken_to=2024-07-01", "taken_to"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(dated: Site, query: str, field: str) -> None:
    answer = dated.get(f"images?{query}")
    assert answer.status_code == 400
    assert [each["field"] for each in problem(answer)["errors"]] == [field]
    if not query.endswith("="):  # an empty field of a form counts as left out
        assert dated.client.get(f"/?{query}").status_code == 400


def test_a_cursor_of_another_order_is_refused(dated: Site) -> None:
    cursor = dated.get("images?sort=taken&limit=2").get_json()["next"]
    assert problem(dated.get(f"images?sort=name&cursor={cursor}"))["code"] == "bad_cursor"


@pytest.mark.parametrize("order", ["/", "/?sort=taken", "/?sort=name", "/?sort=taken&taken_from=1900-01-01"])
def test_the_gallery_is_walked_in_each_order_and_back(
    dated: Site, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "PAGE_SIZE", 2)
    pages = [dated.page(order)]
    while pages[-1].find_all("a", rel="next"):
        pages.append(dated.page(link(pages[-1], "next")))
    shown = [tiles(page) for page in pages]
    whole = ORDERS.get(order.partition("?")[2]) or ORDERS["sort=taken"][:5]
    assert list(chain(*shown)) == whole
    page = pages[-1]
    for expected in reversed(shown[:-1]):
        page = dated.page(link(page, "prev"))
        assert tiles(page) == expected


def test_the_gallery_offers_its_orders_and_the_one_that_is_chosen(dated: Site) -> None:
    page = dated.page("/?tag=even&sort=name")
    links = page.find("nav", class_="sorts").find_all("a")
    assert [(each.text, each["href"]) for each in links] == [
        ("Newest", "/?tag=even"),
        ("Taken", "/?tag=even&sort=taken"),
        ("Name", "/?tag=even&sort=name"),
    ]
    (here,) = page.find("nav", class_="sorts").find_all("a", **{"aria-current": "true"})
    assert here.text == "Name"


def test_days_narrow_the_gallery_and_can_be_taken_away_again(dated: Site) -> None:
    page = dated.page("/?sort=taken&tag=even&taken_from=2024-07-01&taken_to=2024-07-01")
    assert tiles(page) == ["Île.jpg", "img10.jpg"]
    form = page.find("form", class_="by-time")
    sent = {field["name"]: field["value"] for field in form.find_all("input")}
    assert sent == {"tag": "even", "sort": "taken", "taken_from": "2024-07-01", "taken_to": "2024-07-01"}
    chips = [chip for chip in page.find_all("a", class_="chip") if "Taken" in chip.text]
    assert [chip.text.partition("Remove")[0].strip() for chip in chips] == [
        "Taken from 1 July 2024",
        "Taken until 1 July 2024",
    ]
    assert tiles(dated.page(chips[0]["href"])) == ["Île.jpg", "img10.jpg", "c.jpg"]


def test_a_page_without_photos_says_that_some_do_not_tell_their_time(dated: Site) -> None:
    assert "only if its file says so" in dated.page("/?taken_to=1900-01-01").text
