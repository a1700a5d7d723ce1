"""The palette studio as a browser without JavaScript gets it."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.support.hostile_files import half_of, not_images
from tests.support.html import Element
from tests.support.pictures import make_jpeg
from tests.support.pipeline import picture
from tests.support.services import until
from tests.support.site import Site, page_of
from web.palettes.formats import FORMATS


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    made = Site(database_url, tmp_path)
    yield made
    made.close()


def codes(page: Element) -> list[str]:
    """The codes of the swatches, in order."""
    return [swatch["data-hex"] for swatch in page.find_all("li", class_="studio-swatch")]


def find_palette(site: Site, data: bytes, **fields: Any) -> str:
    """Sends the form of the page, with a worker at hand, and returns where it leads."""

    def work() -> None:
        until(lambda: bool(site.pipeline.dispatcher.sent))
        site.pipeline.drain()

    worker = Thread(target=work)
    worker.start()
    answer = site.upload(data, path="/palette", **fields)
    worker.join()
    assert answer.status_code == 303
    return answer.location


def test_the_empty_studio_asks_for_a_photo_or_offers_some_of_the_gallery(site: Site) -> None:
    page = site.page("/palette")
    assert page.find("form", id="intake")["action"] == "/palette"
    assert not page.find_all("section", class_="from-gallery")
    image_id = site.record(1)
    tile = site.page("/palette").find("section", class_="from-gallery").find("a")
    assert tile["href"] == f"/images/{image_id}"


def test_a_form_without_scripts_leads_to_the_palette_at_a_lasting_address(site: Site) -> None:
    address = find_palette(site, picture(1), colors="5")
    page = site.page(address)
    assert len(codes(page)) == 5
    assert page.find("h1").text == "5 colours"
    assert site.count("images") == 0
    again = site.page(f"{address.partition('?')[0]}?colors=9")
    assert len(codes(again)) == 9
    assert again.find("input", type="range")["value"] == "9"


def test_a_palette_that_is_still_looked_for_says_so_and_comes_back(site: Site) -> None:
    job = site.upload(picture(1), path="palettes").get_json()["job"]
    page = site.page(f"/palette/{job['id']}")
    assert "Finding the colours" in page.text
    assert page.find("noscript").find("meta")["http-equiv"] == "refresh"
    assert page.find("div", id="studio")["data-job"] == f"/api/v1/jobs/{job['id']}"
    site.pipeline.drain()
    assert len(codes(site.page(f"/palette/{job['id']}"))) == 6


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [(not_images()["text"], 415, "JPEG, PNG, WebP and GIF"), (b"", 400, "empty")],
)
def test_a_file_that_is_no_photo_comes_back_with_the_reason(
    site: Site, data: bytes, status: int, words: str
) -> None:
    page = page_of(site.upload(data, path="/palette"), status)
    assert words in page.find("p", role="alert").text
    assert page.find("form", id="intake")


def test_a_photo_that_cannot_be_read_says_why(site: Site) -> None:
    address = find_palette(site, half_of(make_jpeg(400, 300)))
    page = site.page(address, 409)
    assert "of the picture is missing" in page.find("p", role="alert").text


def test_a_palette_in_an_address_is_the_same_for_whoever_opens_it(site: Site) -> None:
    page = site.page("/palette?colors=1e90ff-FFD700-101010&shares=5-3-2")
    assert codes(page) == ["#1e90ff", "#ffd700", "#101010"]
    assert [share.text for share in page.find_all("span", class_="share")] == ["50 %", "30 %", "20 %"]
    assert site.count("jobs") == 0
    link = page.find("a", id="share")["href"]
    assert codes(site.page(link.removeprefix("http://localhost"))) == codes(page)
    picture_of_it = page.find("meta", property="og:image")["content"]
    assert site.client.get(picture_of_it).mimetype == "image/png"


def test_a_found_palette_is_shared_with_its_shares(site: Site) -> None:
    page = site.page(find_palette(site, picture(1)))
    shared = site.page(page.find("a", id="share")["href"].removeprefix("http://localhost"))
    assert codes(shared) == codes(page)
    assert [each.text for each in shared.find_all("span", class_="share")] == [
        each.text for each in page.find_all("span", class_="share")
    ]


def test_every_format_can_be_taken_away(site: Site) -> None:
    page = site.page("/palette?colors=1e90ff-ffd700")
    links = page.find("div", class_="downloads").find_all("a")
    assert [link.text for link in links][:7] == ["CSS", "SCSS", "Tailwind", "GIMP", "Adobe", "SVG", "PNG"]
    assert {link.text for link in links} == {form.label for form in FORMATS.values()}
    assert links[-1].text == "JSON"
    for link in links:
        answer = site.client.get(link["href"])
        assert answer.status_code == 200
        assert "palette." in answer.headers["Content-Disposition"]
        assert "sandbox" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "query",
    [
        "colors=red",
        "colors=1e90ff-",
        "colors=-",
        "colors=1e90ff-ffd700&shares=1",
        "colors=1e90ff&shares=0",
        "colors=1e90ff&shares=-1",
        "colors=1e90ff&format=exe",
        "colors=" + "-".join(["1e90ff"] * 17),
        "colors=１e90ff",
        "colors=1e90ff&shares=５",
    ],
)
def test_an_address_that_carries_no_palette_is_explained(site: Site, query: str) -> None:
    assert "This request cannot be used" in site.page(f"/palette?{query}", 400).text


def test_an_address_of_no_palette_leads_home(site: Site) -> None:
    image_job = site.upload(picture(1)).get_json()["job"]["id"]
    for unknown in (image_job, "nonsense"):
        site.page(f"/palette/{unknown}", 404)


def test_themes_are_checked_against_the_contrast_that_reading_needs(site: Site) -> None:
    page = site.page("/palette?colors=8899aa-8a9bac")
    grades = [grade.text for grade in page.find_all("span", class_="grade")]
    assert len(grades) == 8
    assert set(grades) <= {"AA", "AAA"}
    assert page.find_all("span", class_="moved")


def test_a_form_of_another_site_is_refused(site: Site) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site"}
    page_of(site.upload(picture(1), path="/palette", headers=foreign), 403)
