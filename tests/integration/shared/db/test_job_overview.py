"""How the work as a whole is going, asked of a real database."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert

from shared.db.models import Job
from shared.db.queries.jobs import overview as job_overview
from shared.db.queries.jobs.jobs import recent_failures
from shared.db.queries.jobs.overview import finished_jobs, queue_states, workers_seen
from shared.db.queries.jobs.story import job_story
from shared.errors import JobNotFound
from shared.ids import first_job_id, new_job_id
from shared.jobs.kinds import JobKind, JobStatus
from tests.support.pipeline import Pipeline, picture

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
LEASE = timedelta(seconds=60)


@pytest.fixture
def pipeline(database_url: str, tmp_path: Path) -> Iterator[Pipeline]:
    made = Pipeline(database_url, tmp_path)
    yield made
    made.close()


def record(pipeline: Pipeline, kind: JobKind, status: JobStatus, **columns: Any) -> UUID:
    """A job in this state, as if it had come there."""
    job_id = columns.pop("id", None) or new_job_id()
    values = {"id": job_id, "kind": kind.value, "status": status.value, "max_attempts": 4, **columns}
    if status is JobStatus.RUNNING:
        values.setdefault("lease_expires_at", now() + LEASE)
    with pipeline.unit_of_work.begin() as transaction:
        transaction.connection.execute(insert(Job).values(values))
    return job_id


def now() -> datetime:
    return datetime.now(UTC)


def test_a_queue_tells_what_is_due_what_is_put_back_and_what_is_at_work(pipeline: Pipeline) -> None:
    record(pipeline, JobKind.EMBED, JobStatus.QUEUED, run_at=now() - 5 * MINUTE)
    record(pipeline, JobKind.EMBED, JobStatus.QUEUED, run_at=now() - MINUTE)
    record(pipeline, JobKind.EMBED, JobStatus.QUEUED, run_at=now() + HOUR)
    record(pipeline, JobKind.EMBED, JobStatus.QUEUED, blocked=True, run_at=now() - HOUR)
    record(pipeline, JobKind.EMBED, JobStatus.RUNNING)
    record(pipeline, JobKind.EMBED, JobStatus.SUCCEEDED, finished_at=now())
    with pipeline.unit_of_work.read() as connection:
        embed, palette = queue_states(connection, [JobKind.EMBED, JobKind.PALETTE])
    assert (embed.kind, embed.waiting, embed.later, embed.running) == (JobKind.EMBED, 2, 1, 1)
    assert embed.oldest is not None
    assert 5 * MINUTE <= embed.oldest < 6 * MINUTE
    assert (palette.waiting, palette.later, palette.running, palette.oldest) == (0, 0, 0, None)


def test_a_long_queue_is_counted_up_to_a_limit(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_overview, "MOST_WAITING", 3)
    for _ in range(5):
        record(pipeline, JobKind.EMBED, JobStatus.QUEUED)
    with pipeline.unit_of_work.read() as connection:
        (embed,) = queue_states(connection, [JobKind.EMBED])
    assert embed.waiting == 3


def test_jobs_that_ended_are_counted_by_kind_end_and_step_of_time(pipeline: Pipeline) -> None:
    ended = now() - 10 * MINUTE
    for status in (JobStatus.SUCCEEDED, JobStatus.SUCCEEDED, JobStatus.FAILED):
        record(pipeline, JobKind.ANALYSE, status, finished_at=ended)
    record(pipeline, JobKind.EMBED, JobStatus.SUCCEEDED, finished_at=ended - 20 * MINUTE)
    record(pipeline, JobKind.EMBED, JobStatus.SUCCEEDED, finished_at=ended - 2 * HOUR)
    record(pipeline, JobKind.ANALYSE_IMAGE, JobStatus.SUCCEEDED, finished_at=ended, children=2)
    with pipeline.unit_of_work.read() as connection:
        found = finished_jobs(connection, HOUR, 5 * MINUTE)
    assert {(row.kind, row.status, row.count) for row in found.rows} == {
        (JobKind.ANALYSE, JobStatus.SUCCEEDED, 2),
        (JobKind.ANALYSE, JobStatus.FAILED, 1),
        (JobKind.EMBED, JobStatus.SUCCEEDED, 1),
    }
    steps = [found.since + number * found.step for number in range(12)]
    assert {row.begin for row in found.rows} <= set(steps)
    assert steps[-1] <= found.now < steps[-1] + found.step
    assert next(row for row in found.rows if row.count == 2).begin <= ended
    assert not found.cut


def test_of_very_many_jobs_the_newest_are_counted(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_overview, "MOST_FINISHED", 2)
    for age in (1, 2, 30):
        record(pipeline, JobKind.EMBED, JobStatus.SUCCEEDED, finished_at=now() - age * MINUTE)
    with pipeline.unit_of_work.read() as connection:
        found = finished_jobs(connection, HOUR, 5 * MINUTE)
    assert found.cut
    assert sum(row.count for row in found.rows) == 2
    assert min(row.begin for row in found.rows) > now() - 15 * MINUTE


def test_workers_are_known_by_what_they_ended_and_by_what_they_hold(pipeline: Pipeline) -> None:
    record(pipeline, JobKind.EMBED, JobStatus.RUNNING, worker="gpu-1:7", lease_expires_at=now() + LEASE / 2)
    record(pipeline, JobKind.ANALYSE, JobStatus.SUCCEEDED, worker="cpu-1:7", finished_at=now() - 5 * MINUTE)
    record(pipeline, JobKind.PALETTE, JobStatus.FAILED, worker="cpu-1:7", finished_at=now() - 8 * MINUTE)
    record(pipeline, JobKind.PALETTE, JobStatus.FAILED, worker="old:7", finished_at=now() - 2 * HOUR)
    with pipeline.unit_of_work.read() as connection:
        gpu, cpu = workers_seen(connection, HOUR, LEASE)
    assert (gpu.name, gpu.running, gpu.finished, gpu.kinds) == ("gpu-1:7", 1, 0, (JobKind.EMBED,))
    assert LEASE / 2 <= gpu.seen < LEASE
    assert (cpu.name, cpu.running, cpu.finished) == ("cpu-1:7", 0, 2)
    assert set(cpu.kinds) == {JobKind.ANALYSE, JobKind.PALETTE}
    assert 5 * MINUTE <= cpu.seen < 6 * MINUTE


def test_failures_are_those_made_in_the_window_newest_first(pipeline: Pipeline) -> None:
    old = record(pipeline, JobKind.PALETTE, JobStatus.DEAD, id=first_job_id(now() - 3 * HOUR))
    parent = record(pipeline, JobKind.ANALYSE_IMAGE, JobStatus.FAILED, children=1)
    record(pipeline, JobKind.ANALYSE, JobStatus.FAILED, parent_id=parent)
    record(pipeline, JobKind.PALETTE, JobStatus.CANCELLED)
    dead = record(pipeline, JobKind.PALETTE, JobStatus.DEAD)
    with pipeline.unit_of_work.read() as connection:
        assert [job.id for job in recent_failures(connection, now() - HOUR, 5)] == [dead, parent]
        assert [job.id for job in recent_failures(connection, now() - 4 * HOUR, 5)] == [dead, parent, old]
        assert [job.id for job in recent_failures(connection, now() - HOUR, 1)] == [dead]


def test_a_story_tells_of_the_parts_in_order(pipeline: Pipeline) -> None:
    _, job_id = pipeline.add(picture(1))
    _ = pipeline.services.embedder
    pipeline.drain()
    with pipeline.unit_of_work.read() as connection:
        story = job_story(connection, job_id)
        own = job_story(connection, story.parts[0].id)
        with pytest.raises(JobNotFound):
            job_story(connection, new_job_id())
    assert [(part.kind, part.status) for part in story.parts] == [
        (JobKind.ANALYSE, JobStatus.SUCCEEDED),
        (JobKind.EMBED, JobStatus.SUCCEEDED),
    ]
    assert {part.worker for part in story.parts} == {"worker-1"}
    assert (story.part_count, own.part_count, own.job.parent_id) == (2, 0, job_id)
    assert (own.job.attempt, own.max_attempts) == (1, 4)
