"""The upload page without JavaScript."""

import pytest

from tests.support.hostile_files import not_images
from tests.support.pipeline import picture
from tests.support.site import Site, page_of, send, site, tiles

__all__ = ["site"]


def test_a_form_without_scripts_leads_to_the_photo(site: Site) -> None:
    answer = send(site, picture(1), "holiday.jpg", tags="sea, sand")
    assert answer.status_code == 303
    page = site.page(answer.location)
    assert page.find("h1").text == "holiday.jpg"
    assert {part.text for part in page.find_all("a", class_="chip")} == {"sea", "sand"}


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
    assert page.find("form", id="drop-zone")["enctype"] == "multipart/form-data"
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
