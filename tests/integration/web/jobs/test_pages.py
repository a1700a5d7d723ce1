"""The jobs page and the story of a job, as a browser without JavaScript gets them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.hostile_files import half_of
from tests.support.html import Element
from tests.support.pictures import make_jpeg
from tests.support.pipeline import picture
from tests.support.site import Site, page_of


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    made = Site(database_url, tmp_path)
    yield made
    made.close()


def part(page: Element, name: str) -> Element:
    return page.find(id=f"jobs-{name}")


def job_of(site: Site, data: bytes, path: str = "images") -> str:
    """Sends a photo; the id of its job."""
    job_id: str = site.upload(data, path=path).get_json()["job"]["id"]
    return job_id


def test_before_there_are_jobs_the_page_says_so(site: Site) -> None:
    page = site.page("/jobs")
    assert "Nothing waits, nothing is at work." in part(page, "head").text
    assert "no jobs yet" in page.find("section", class_="every").text
    assert "hidden" in part(page, "wrong").attributes
    assert "No run has ended yet" in part(page, "index").text
    assert "No worker" in part(page, "workers").text


def test_what_went_wrong_comes_first_with_its_reason_and_what_helps(site: Site) -> None:
    site.add(1)
    site.upload(half_of(make_jpeg(400, 300)), "half.jpg")
    site.pipeline.settle()
    wrong = part(site.page("/jobs"), "wrong")
    assert "hidden" not in wrong.attributes
    assert "half.jpg" in wrong.text
    assert "of the picture is missing" in wrong.text
    form = wrong.find("form")
    assert site.client.post(form["action"]).status_code == 303
    assert "half.jpg" not in site.page("/").text


def test_queues_charts_and_workers_tell_what_was_done(site: Site) -> None:
    site.add(1)
    site.upload(half_of(make_jpeg(400, 300)), "half.jpg")
    waiting = site.page("/jobs")
    assert "2 waiting" in part(waiting, "head").text
    assert "2 waiting" in part(waiting, "queues").text
    site.pipeline.settle()
    done = site.page("/jobs")
    assert [total.text for total in part(done, "charts").find_all("strong")] == ["3", "1"]
    assert part(done, "charts").find_all("rect", **{"data-state": "failed"})
    assert "1 done, 1 failed" in part(done, "queues").text
    assert "worker-1" in part(done, "workers").text


@pytest.mark.parametrize(("hours", "name"), [("1", "1 hour"), ("6", "6 hours"), ("24", "24 hours")])
def test_charts_go_back_as_far_as_one_asks(site: Site, hours: str, name: str) -> None:
    page = site.page(f"/jobs?hours={hours}")
    (chosen,) = part(page, "charts").find_all("a", **{"aria-current": "page"})
    assert chosen.text == name
    assert f"hours={hours}" in page.find("div", id="jobs")["data-overview"]
    site.page("/jobs?hours=2", 400)


def test_the_part_that_is_kept_up_to_date_is_the_one_on_the_page(site: Site) -> None:
    site.add(1)
    site.pipeline.settle()
    page = site.page("/jobs")
    fresh = site.page(page.find("div", id="jobs")["data-overview"])
    for name in ("head", "wrong", "charts", "queues", "index", "workers"):
        assert part(fresh, name).text == part(page, name).text
    assert not fresh.find_all("header", class_="bar")


def test_the_index_can_be_brought_up_to_date_at_once(site: Site) -> None:
    site.add(1)
    site.pipeline.drain()
    page = site.page("/jobs")
    assert "1 change waits" in part(page, "index").text
    form = part(page, "index").find("form")
    assert [button["value"] for button in form.find_all("button")] == ["incremental", "full"]
    answer = site.client.post(form["action"], data={"mode": "incremental"})
    assert answer.status_code == 303
    assert "for what is new is under way" in part(site.page("/jobs"), "index").text
    assert site.client.post(form["action"], data={"mode": "incremental"}).location == answer.location
    site.pipeline.drain()
    assert "Look-alikes of 1 new photo" in site.page(answer.location).find("h1").text
    assert "Up to date: 1 photo has its look-alikes" in part(site.page("/jobs"), "index").text


def test_a_full_run_can_be_started_and_has_its_steps(site: Site) -> None:
    site.add(1)
    site.pipeline.settle()
    answer = site.client.post("/jobs/index-runs", data={"mode": "full"})
    site.pipeline.drain()
    story = site.page(answer.location)
    assert "Look-alikes of 1 photo, from the start" in story.find("h1").text
    steps = [step.find("a").text for step in story.find("ol", class_="steps").find_all("li")]
    assert steps == [
        "Plan",
        "Comparison of a tile",
        "Lists from what was compared",
        "Switch to the new lists",
    ]
    page_of(site.client.post("/jobs/index-runs", data={"mode": "all"}), 400)


def test_a_story_tells_of_times_tries_steps_and_who_did_them(site: Site) -> None:
    job_id = job_of(site, picture(1))
    waiting = site.page(f"/jobs/{job_id}")
    assert waiting.find("article", id="story")["data-live"] == "working"
    assert waiting.find("form", method="post")["action"] == f"/jobs/{job_id}/cancel"
    site.pipeline.settle()
    story = site.page(f"/jobs/{job_id}")
    assert "data-live" not in story.find("article", id="story").attributes
    assert "Done in" in story.text
    steps = story.find("ol", class_="steps").find_all("li")
    assert [step["data-state"] for step in steps] == ["done", "done"]
    assert all("worker worker-1" in step.text for step in steps)
    step = site.page(steps[0].find("a")["href"])
    assert "1 of at most 4" in step.find("dl").text
    assert step.find_all("a", href=f"/jobs/{job_id}")


def test_a_button_in_a_story_leads_back_to_it(site: Site) -> None:
    address = f"/jobs/{job_of(site, picture(1))}"
    for expected in ("Cancelled", "Waiting"):
        form = site.page(address).find("article").find("form")
        button = form.find("button")
        answer = site.client.post(form["action"], data={button["name"]: button["value"]})
        assert answer.location == address
        assert expected in site.page(address).find("p", class_="verdict").text


def test_a_job_that_is_to_be_tried_again_says_why_and_when(site: Site) -> None:
    job_id = job_of(site, picture(1), path="palettes")
    site.pipeline.blobs.away = True
    site.pipeline.drain()
    site.pipeline.blobs.away = False
    assert "It went wrong and will be tried again" in site.page(f"/jobs/{job_id}").text


def test_the_story_of_a_palette_leads_to_it(site: Site) -> None:
    job_id = job_of(site, picture(1), path="palettes")
    site.pipeline.drain()
    assert site.page(f"/jobs/{job_id}").find_all("a", href=f"/palette/{job_id}")


@pytest.mark.parametrize("address", ["/jobs/nonsense", "/jobs/00000000-0000-7000-8000-000000000000"])
def test_the_story_of_no_job_leads_home(site: Site, address: str) -> None:
    site.page(address, 404)


def test_a_lost_worker_is_not_in_the_way_of_the_page(site: Site) -> None:
    job_of(site, picture(1))
    with site.services.unit_of_work.begin() as transaction:
        transaction.connection.exec_driver_sql(
            "UPDATE jobs SET status = 'running', worker = 'gone:1', lease_expires_at = now() - interval '1 hour'"
            " WHERE kind = 'analyse'"
        )
    assert "gone" in part(site.page("/jobs"), "workers").text
