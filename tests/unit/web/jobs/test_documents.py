"""Rows as documents: times, percentiles, and what a job shows in each state."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import msgspec
import pytest

from shared.db.queries.jobs.jobs import JobRow, Step
from shared.jobs.index_runs import next_full_run
from shared.jobs.kinds import JobKind, JobStatus
from web.http.documents import time_text
from web.jobs.documents import Job
from web.similar.documents import percentile


def document_of(job: JobRow) -> Any:
    """The job as a client gets it."""
    return msgspec.json.decode(msgspec.json.encode(Job.of(job)))


QUANTILES = [position / 100 for position in range(101)]
JOB = JobRow(
    id=UUID("01900000-0000-7000-8000-000000000001"),
    parent_id=None,
    image_id=7,
    kind=JobKind.ANALYSE_IMAGE,
    status=JobStatus.RUNNING,
    progress=0.5,
    attempt=1,
    result=None,
    error_code=None,
    error_message=None,
    worker=None,
    created_at=datetime(2026, 1, 2, 3, 4, 5, 678900, tzinfo=UTC),
    started_at=None,
    finished_at=None,
    steps=(Step(JobKind.ANALYSE, JobStatus.SUCCEEDED), Step(JobKind.EMBED, JobStatus.QUEUED)),
)


def test_times_are_in_utc_whatever_zone_they_came_in() -> None:
    there = datetime(2026, 1, 2, 5, 4, 5, 678900, tzinfo=timezone(timedelta(hours=2)))
    assert time_text(there) == "2026-01-02T03:04:05.678Z"


@pytest.mark.parametrize(
    ("similarity", "expected"),
    [(-1, 0.0), (0, 0.0), (0.5, 50.0), (0.505, 50.5), (0.999, 99.9), (1, 100.0), (2, 100.0)],
)
def test_a_percentile_lies_between_the_quantiles_that_enclose_it(similarity: float, expected: float) -> None:
    assert percentile(similarity, QUANTILES) == pytest.approx(expected)


def test_a_percentile_among_equal_quantiles_counts_only_what_is_less() -> None:
    assert percentile(0.5, [0.0] * 30 + [0.5] * 40 + [1.0] * 31) == pytest.approx(30)


def test_a_percentile_is_unknown_without_quantiles() -> None:
    assert percentile(0.5, None) is None


def test_a_job_under_way_can_be_cancelled_and_not_retried() -> None:
    links = document_of(JOB)["links"]
    assert links["cancel"] == f"/api/v1/jobs/{JOB.id}/cancel"
    assert "retry" not in links


@pytest.mark.parametrize("status", [JobStatus.FAILED, JobStatus.DEAD, JobStatus.CANCELLED])
def test_a_job_that_went_wrong_can_be_retried_and_not_cancelled(status: JobStatus) -> None:
    links = document_of(replace(JOB, status=status))["links"]
    assert links["retry"] == f"/api/v1/jobs/{JOB.id}/retry"
    assert "cancel" not in links


def test_a_job_that_succeeded_can_be_neither() -> None:
    assert set(document_of(replace(JOB, status=JobStatus.SUCCEEDED))["links"]) == {"self", "events", "image"}


def test_the_error_of_an_attempt_shows_only_when_no_other_follows() -> None:
    waiting = replace(JOB, status=JobStatus.QUEUED, error_code="unreadable", error_message="Damaged.")
    assert document_of(waiting)["error"] is None
    assert document_of(replace(waiting, status=JobStatus.DEAD))["error"] == {
        "code": "unreadable",
        "message": "Damaged.",
    }


def test_the_result_of_a_palette_job_is_a_palette() -> None:
    found = {
        "colors": [{"hex": "#ff0000", "proportion": 0.75}, {"hex": "#000000", "proportion": 0.25}],
        "version": "v1",
    }
    job = replace(JOB, kind=JobKind.PALETTE, status=JobStatus.SUCCEEDED, result=found)
    result = document_of(job)["result"]
    assert (result["count"], result["version"]) == (2, "v1")
    assert result["colors"][0]["rgb"] == [255, 0, 0]
    assert result["colors"][1]["text"] == "#ffffff"


def test_the_result_of_an_analysis_says_where_to_look() -> None:
    result = document_of(replace(JOB, status=JobStatus.SUCCEEDED))["result"]
    assert result["image"] == "7"
    assert result["links"]["similar"] == "/api/v1/images/7/similar"


def test_the_next_full_run_is_today_before_its_hour_and_tomorrow_from_then_on() -> None:
    due = datetime(2026, 3, 31, 3, tzinfo=UTC)
    assert next_full_run(due - timedelta(seconds=1), 3) == due
    assert next_full_run(due, 3) == due + timedelta(days=1)
    assert next_full_run(due + timedelta(hours=5), 3) == datetime(2026, 4, 1, 3, tzinfo=UTC)
