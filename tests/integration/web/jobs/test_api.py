"""Jobs over HTTP: asking, waiting, following, cancelling, retrying."""

from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import text

from tests.support.hostile_files import half_of
from tests.support.pipeline import picture
from tests.support.services import until
from tests.support.web import Site, check_contract, problem, site
from web.http.waiting import Waiters
from web.jobs.documents import Job, JobPage
from web.jobs.events import stream_events

__all__ = ["site"]

HALF = half_of(picture(3, (400, 300)))


def add(site: Site, data: bytes) -> str:
    """Adds a photo; the id of its job."""
    job_id: str = site.upload(data).get_json()["job"]["id"]
    return job_id


def test_a_job_is_as_the_contract_says_in_every_state(site: Site) -> None:
    job_id = add(site, picture(1))
    waiting = site.get(f"jobs/{job_id}")
    check_contract(Job, waiting.get_json())
    assert waiting.headers["Retry-After"] == "1"
    assert (waiting.get_json()["status"], waiting.get_json()["attempts"]) == ("queued", 0)
    site.pipeline.drain()
    done = site.get(f"jobs/{job_id}")
    check_contract(Job, done.get_json())
    job = done.get_json()
    assert "Retry-After" not in done.headers
    assert (job["status"], job["progress"], job["attempts"]) == ("succeeded", 1.0, 1)
    assert job["created_at"] <= job["started_at"] <= job["finished_at"]
    assert [step["status"] for step in job["steps"]] == ["succeeded", "succeeded"]


def test_a_job_that_failed_says_why(site: Site) -> None:
    job_id = add(site, HALF)
    site.pipeline.drain()
    job = site.get(f"jobs/{job_id}").get_json()
    check_contract(Job, job)
    assert job["status"] == "failed"
    assert job["error"]["code"] == "unreadable"
    assert job["error"]["message"].endswith(".")
    assert [step["status"] for step in job["steps"]] == ["failed", "cancelled"]


def test_jobs_are_listed_newest_first_without_their_parts(site: Site) -> None:
    ids = [add(site, picture(seed)) for seed in range(3)]
    document = site.get("jobs").get_json()
    check_contract(JobPage, document)
    assert [job["id"] for job in document["items"]] == ids[::-1]
    assert document["total"] == 3


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_pages_list_each_job_once(site: Site, limit: int) -> None:
    ids = [add(site, picture(seed)) for seed in range(4)]
    seen: list[str] = []
    cursor = ""
    while True:
        page = site.get(f"jobs?limit={limit}{cursor}").get_json()
        seen += [job["id"] for job in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == ids[::-1]


def test_jobs_are_found_by_state_and_kind(site: Site) -> None:
    good, bad = add(site, picture(1)), add(site, HALF)
    site.pipeline.drain()
    run = site.post("index/runs", json={"mode": "full"}).get_json()["job"]["id"]

    def found(query: str) -> list[str]:
        return [job["id"] for job in site.get(f"jobs?{query}").get_json()["items"]]

    assert found("status=succeeded") == [good]
    assert found("status=failed") == [bad]
    assert found("kind=index-full") == [run]
    assert found("kind=analyse-image&status=queued") == []


def test_waiting_ends_when_the_job_does(site: Site) -> None:
    job_id = add(site, picture(1))
    worker = Thread(target=site.pipeline.drain)
    worker.start()
    waited = site.get(f"jobs/{job_id}?wait=30").get_json()
    worker.join()
    assert waited["status"] == "succeeded"


def test_an_upload_is_held_until_its_job_ends_if_the_client_prefers(site: Site) -> None:
    def work() -> None:
        until(lambda: bool(site.pipeline.dispatcher.sent))
        site.pipeline.drain()

    worker = Thread(target=work)
    worker.start()
    answer = site.upload(picture(1), headers={"Prefer": "wait=30"})
    worker.join()
    document = answer.get_json()
    assert (answer.status_code, answer.headers["Preference-Applied"]) == (202, "wait=30")
    assert document["job"]["status"] == "succeeded"
    assert document["image"]["status"]["palette"] == "succeeded"
    again = site.upload(picture(1), headers={"Prefer": "wait=30"})
    assert (again.status_code, again.get_json()["job"]["status"]) == (200, "succeeded")


def test_nobody_waits_where_all_places_are_taken(database_url: str, tmp_path: Path) -> None:
    site = Site(database_url, tmp_path, waiters=Waiters(places=0))
    job_id = add(site, picture(1))
    with site.queries() as asked:
        assert site.get(f"jobs/{job_id}?wait=30").get_json()["status"] == "queued"
    with site.queries() as asked_once:
        site.get(f"jobs/{job_id}")
    assert len(asked) == len(asked_once)
    events = site.get(f"jobs/{job_id}/events").text
    assert events.count("event: status") == 1
    assert "event: done" not in events
    site.close()


def test_no_connection_is_held_while_a_request_waits(site: Site) -> None:
    job_id = add(site, picture(1))
    pool = site.pipeline.engine.pool
    held: list[int] = []

    def work() -> None:
        until(lambda: held.append(pool.checkedout()) or held[-5:] == [0] * 5)  # type: ignore[attr-defined, func-returns-value]
        site.pipeline.drain()

    worker = Thread(target=work)
    worker.start()
    assert site.get(f"jobs/{job_id}?wait=30").get_json()["status"] == "succeeded"
    worker.join()


def test_the_events_of_a_finished_job_are_its_state_and_the_end(site: Site) -> None:
    job_id = add(site, picture(1))
    site.pipeline.drain()
    response = site.get(f"jobs/{job_id}/events")
    assert response.mimetype == "text/event-stream"
    assert response.headers["Cache-Control"] == "no-store"
    names = [line.partition(": ")[2] for line in response.text.splitlines() if line.startswith("event")]
    assert names == ["status", "done"]


def test_the_events_of_a_job_tell_how_it_goes_on_to_its_end(site: Site) -> None:
    first = site.job_row(add(site, picture(1)))
    worker = Thread(target=site.pipeline.drain)
    seen = []
    for event in stream_events(site.services.unit_of_work, site.services.waiters, first):
        seen.append(event)
        if len(seen) == 2:
            worker.start()
    worker.join()
    names = [
        line.partition(": ")[2] for event in seen for line in event.splitlines() if line.startswith("event")
    ]
    assert names[0] == "status"
    assert "progress" in names
    assert names[-1] == "done"
    assert '"status":"queued"' in seen[1]
    assert '"status":"succeeded"' in seen[-1]


def test_a_job_can_be_cancelled_and_then_retried(site: Site) -> None:
    job_id = add(site, picture(1))
    cancelled = site.post(f"jobs/{job_id}/cancel")
    assert (cancelled.status_code, cancelled.get_json()["status"]) == (200, "cancelled")
    site.pipeline.drain()
    assert site.get(f"jobs/{job_id}").get_json()["status"] == "cancelled"
    retried = site.post(f"jobs/{job_id}/retry")
    assert (retried.status_code, retried.get_json()["status"]) == (200, "queued")
    site.pipeline.drain()
    assert site.get(f"jobs/{job_id}").get_json()["status"] == "succeeded"


def test_a_job_in_the_wrong_state_can_be_neither_cancelled_nor_retried(site: Site) -> None:
    job_id = add(site, picture(1))
    assert problem(site.post(f"jobs/{job_id}/retry"))["code"] == "conflict"
    site.pipeline.drain()
    for change in ("cancel", "retry"):
        response = site.post(f"jobs/{job_id}/{change}")
        assert (response.status_code, problem(response)["code"]) == (409, "conflict")


def test_a_parent_has_run_as_often_as_the_part_that_ran_most_often(site: Site) -> None:
    job_id = add(site, picture(1))
    with site.services.unit_of_work.begin() as transaction:
        transaction.connection.execute(
            text("UPDATE jobs SET attempt = 2, max_attempts = 4 WHERE kind = 'analyse'")
        )
    assert site.get(f"jobs/{job_id}").get_json()["attempts"] == 2


def test_a_job_knows_the_request_that_made_it(site: Site) -> None:
    site.upload(picture(1), headers={"X-Request-ID": "asked-by-me"})
    with site.services.unit_of_work.read() as connection:
        asked = connection.execute(text("SELECT DISTINCT request_id FROM jobs")).scalars().all()
    assert asked == ["asked-by-me"]
