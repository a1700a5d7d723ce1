"""What all pages have in common, and the page of jobs: over a real database, store and worker, without JavaScript."""

from pathlib import Path

import pytest

from shared.settings import Settings
from tests.support.hostile_files import half_of
from tests.support.html import Element
from tests.support.pictures import make_jpeg
from tests.support.pipeline import picture
from tests.support.services import PostgresServer
from tests.support.site import Site, link, page_of, send, site
from web.app import create_app
from web.http.middleware.security import TRANSITIONS
from web.jobs import pages as jobs

__all__ = ["site"]

HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>'


# --- jobs -------------------------------------------------------------------------------------------------------


def test_jobs_read_like_sentences(site: Site) -> None:
    good = send(site, picture(1), "good.jpg").location
    send(site, half_of(make_jpeg(400, 300)), "bad.jpg")
    site.pipeline.settle()
    send(site, picture(2), "new.jpg")
    lines = [job.text for job in site.page("/jobs").find_all("li", class_="job")]
    assert any("Palette and embedding of new.jpg Waiting" in line for line in lines)
    assert any("bad.jpg" in line and "is missing" in line and "Failed" in line for line in lines)
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
    job = listed(site.page("/jobs"))[0].find("span", class_="facts").find("a")["href"]
    addresses = ["/", "/?q=" + HOSTILE, f"/images/{image_id}", "/jobs", job]
    for address in [*addresses, named.location]:
        page = site.page(address)
        assert not page.find_all("img", src="x")
        assert all("alert" not in script.text for script in page.find_all("script"))
        assert "onerror=alert(1)" in page.text or address == "/?q=" + HOSTILE


def test_pages_obey_their_own_security_policy(site: Site) -> None:
    address = send(site, picture(1)).location
    job = listed(site.page("/jobs"))[0].find("span", class_="facts").find("a")["href"]
    palette = "/palette?colors=1e90ff-ffd700"
    found = map(site.page, ["/", address, "/upload", "/palette", palette, "/jobs", job])
    for page in [*found, site.page("/nowhere", 404)]:
        assert all("src" in script.attributes and not script.text for script in page.find_all("script"))
        assert [style.text for style in page.find_all("style")] == [TRANSITIONS]
        everything = page.find_all()
        assert not [name for element in everything for name in element.attributes if name.startswith("on")]


def test_an_address_that_is_not_there_is_shown_and_never_run(site: Site) -> None:
    page = site.page("/<script>alert(1)</script>", 404)
    assert page.find("code").text == "/<script>alert(1)</script>"
    assert all("alert" not in script.text for script in page.find_all("script"))


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
