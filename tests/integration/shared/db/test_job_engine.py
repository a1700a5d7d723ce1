"""Claims, leases, fences, families: what keeps a job from being lost or done twice."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Connection, text

from shared.db.queries.jobs import engine as job_engine
from shared.db.queries.jobs import jobs
from shared.db.queries.jobs.engine import Claim
from shared.db.queries.jobs.jobs import NewJob, Step
from shared.errors import Conflict, JobNotFound
from shared.ids import new_job_id
from shared.jobs.kinds import RULES, JobKind, JobStatus, Queue
from shared.jobs.orders import PaletteOrder
from shared.typed_json import from_json
from tests.support.pipeline import Pipeline

LEASE = timedelta(seconds=60)
OVER = timedelta(seconds=-1)


@pytest.fixture
def pipeline(database_url: str, tmp_path: Path) -> Iterator[Pipeline]:
    made = Pipeline(database_url, tmp_path)
    yield made
    made.close()


def claim(pipeline: Pipeline, job_id: UUID, lease: timedelta = LEASE) -> Claim | None:
    with pipeline.unit_of_work.read() as connection:
        return job_engine.claim_job(connection, job_id, JobKind.PALETTE, lease, "w")


def must_claim(pipeline: Pipeline, job_id: UUID, lease: timedelta = LEASE) -> Claim:
    found = claim(pipeline, job_id, lease)
    assert found is not None
    return found


def finish(pipeline: Pipeline, *claims: Claim) -> set[UUID]:
    with pipeline.unit_of_work.begin() as transaction:
        held = job_engine.succeed(transaction, {}, claims)
        job_engine.settle_families(transaction, claims)
    return held


def a_job(pipeline: Pipeline) -> UUID:
    return pipeline.start(NewJob(JobKind.PALETTE, payload=PaletteOrder(3)))


def test_of_many_workers_only_one_gets_a_job(pipeline: Pipeline) -> None:
    job_id = a_job(pipeline)
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda _: claim(pipeline, job_id), range(8)))
    assert sum(found is not None for found in claims) == 1


def test_of_many_workers_none_gets_a_job_of_another_in_a_batch(pipeline: Pipeline) -> None:
    made = {a_job(pipeline) for _ in range(40)}

    def take(_: int) -> list[Claim]:
        with pipeline.unit_of_work.read() as connection:
            return job_engine.claim_batch(connection, JobKind.PALETTE, 10, LEASE, "w")

    with ThreadPoolExecutor(6) as pool:
        taken = [found.id for batch in pool.map(take, range(6)) for found in batch]
    assert len(taken) == len(set(taken))
    assert set(taken) <= made


def test_a_job_whose_lease_has_run_out_is_taken_over_with_a_new_attempt(pipeline: Pipeline) -> None:
    job_id = a_job(pipeline)
    first = must_claim(pipeline, job_id, OVER)
    second = must_claim(pipeline, job_id)
    assert (first.attempt, second.attempt) == (1, 2)


def test_a_claim_starts_the_family_but_does_not_wait_for_it(pipeline: Pipeline) -> None:
    steps = (NewJob(JobKind.PALETTE), NewJob(JobKind.PALETTE))
    parent = pipeline.start(NewJob(JobKind.ANALYSE_IMAGE, children=steps))
    first, second = (job_id for _, job_id in pipeline.dispatcher.sent)
    with pipeline.unit_of_work.begin() as other:
        other.connection.execute(text("SELECT FROM jobs WHERE id = :id FOR UPDATE"), {"id": parent})
        with pipeline.unit_of_work.read() as connection:
            connection.execute(text("SET lock_timeout = '5 s'"))
            assert job_engine.claim_job(connection, first, JobKind.PALETTE, LEASE, "w") is not None
            connection.execute(text("RESET lock_timeout"))
    assert pipeline.job(parent).status is JobStatus.QUEUED
    must_claim(pipeline, second)
    assert pipeline.job(parent).status is JobStatus.RUNNING


def test_only_the_commit_of_a_claim_does_not_wait_for_the_disk(pipeline: Pipeline) -> None:
    def waits(connection: Connection) -> bool:
        return bool(connection.execute(text("SHOW synchronous_commit")).scalar_one() == "on")

    job_id = a_job(pipeline)
    with pipeline.engine.connect() as connection:
        with connection.begin():
            assert waits(connection)
            assert job_engine.claim_job(connection, job_id, JobKind.PALETTE, LEASE, "w") is not None
            assert not waits(connection)
        assert waits(connection)


def test_a_late_finish_of_an_overtaken_attempt_changes_nothing(pipeline: Pipeline) -> None:
    job_id = a_job(pipeline)
    late, current = must_claim(pipeline, job_id, OVER), must_claim(pipeline, job_id)
    assert finish(pipeline, late) == set()
    assert pipeline.job(job_id).status is JobStatus.RUNNING
    assert finish(pipeline, current) == {job_id}
    assert pipeline.job(job_id).status is JobStatus.SUCCEEDED


def test_what_an_overtaken_attempt_leaves_to_its_next_run_changes_nothing(pipeline: Pipeline) -> None:
    job_id = a_job(pipeline)
    late, current = must_claim(pipeline, job_id, OVER), must_claim(pipeline, job_id)
    pipeline.dispatcher.take()
    for attempt, held in ((late, False), (current, True)):
        with pipeline.unit_of_work.begin() as transaction:
            assert job_engine.put_back(transaction, attempt, PaletteOrder(5), 0.25) is held
        assert pipeline.job(job_id).progress == (0.25 if held else 0)
        assert pipeline.dispatcher.take() == ((JobKind.PALETTE, job_id) if held else None)
    again = must_claim(pipeline, job_id)
    assert from_json(again.payload, PaletteOrder) == PaletteOrder(5)
    assert again.max_attempts == current.attempt + RULES[JobKind.PALETTE].attempts


def test_a_heartbeat_keeps_a_lease_but_not_past_the_deadline(pipeline: Pipeline) -> None:
    job_id = a_job(pipeline)
    held = must_claim(pipeline, job_id)
    with pipeline.unit_of_work.read() as connection:
        assert job_engine.renew_leases(connection, [held], timedelta(days=9)) == {job_id}
        within = "SELECT lease_expires_at = deadline_at FROM jobs"
        assert connection.execute(text(within)).scalar_one() is True
        connection.execute(text("UPDATE jobs SET deadline_at = now()"))
        assert job_engine.renew_leases(connection, [held], LEASE) == set()


def test_a_job_that_is_put_back_is_not_due_before_its_time(pipeline: Pipeline) -> None:
    job_id = a_job(pipeline)
    held = must_claim(pipeline, job_id)
    with pipeline.unit_of_work.read() as connection:
        assert job_engine.requeue(connection, held, timedelta(hours=1), "x", "y", costs_attempt=True)
    assert claim(pipeline, job_id) is None
    with pipeline.unit_of_work.read() as connection:
        connection.execute(text("UPDATE jobs SET run_at = now()"))
    assert must_claim(pipeline, job_id).attempt == 2


def test_a_job_that_loses_every_worker_ends_dead(pipeline: Pipeline) -> None:
    job_id = a_job(pipeline)
    attempts = 0
    while (held := claim(pipeline, job_id, OVER)) is not None:
        attempts = held.attempt
    assert attempts == 4
    pipeline.sweep()
    job = pipeline.job(job_id)
    assert (job.status, job.error_code) == (JobStatus.DEAD, "worker_lost")


def test_a_job_of_the_same_key_in_flight_is_returned_in_place_of_a_second(pipeline: Pipeline) -> None:
    new = NewJob(JobKind.PALETTE, payload={"colors": 3}, dedupe_key="once")
    first = pipeline.start(new)
    assert pipeline.start(new) == first
    finish(pipeline, must_claim(pipeline, first))
    assert pipeline.start(new) != first


def a_family(pipeline: Pipeline) -> UUID:
    steps = (
        NewJob(JobKind.PALETTE, payload=PaletteOrder(3)),
        NewJob(JobKind.PALETTE, payload={"colors": 4}),
        NewJob(JobKind.EMBED, stage=1),
    )
    return pipeline.start(NewJob(JobKind.ANALYSE_IMAGE, children=steps))


def children(pipeline: Pipeline, kind: JobKind) -> list[Claim]:
    with pipeline.unit_of_work.read() as connection:
        return job_engine.claim_batch(connection, kind, 10, LEASE, "w")


def test_a_later_stage_waits_until_every_job_of_the_earlier_one_has_succeeded(pipeline: Pipeline) -> None:
    parent = a_family(pipeline)
    one, other = children(pipeline, JobKind.PALETTE)
    finish(pipeline, one)
    assert children(pipeline, JobKind.EMBED) == []
    finish(pipeline, other)
    (last,) = children(pipeline, JobKind.EMBED)
    assert pipeline.job(parent).progress == pytest.approx(2 / 3)
    finish(pipeline, last)
    job = pipeline.job(parent)
    assert (job.status, job.progress) == (JobStatus.SUCCEEDED, 1)
    assert job.steps == (Step(JobKind.PALETTE, JobStatus.SUCCEEDED), Step(JobKind.EMBED, JobStatus.SUCCEEDED))


def test_children_that_finish_at_the_same_moment_free_the_next_stage_once(pipeline: Pipeline) -> None:
    for _ in range(10):
        a_family(pipeline)
    claims = children(pipeline, JobKind.PALETTE)
    pipeline.dispatcher.sent.clear()
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda held: finish(pipeline, held), claims))
    freed = [job_id for kind, job_id in pipeline.dispatcher.sent if kind is JobKind.EMBED]
    assert len(freed) == len(set(freed)) == len(claims) // 2


def test_when_a_child_fails_what_would_follow_is_cancelled_and_the_parent_fails(pipeline: Pipeline) -> None:
    parent = a_family(pipeline)
    one, other = children(pipeline, JobKind.PALETTE)
    with pipeline.unit_of_work.begin() as transaction:
        assert job_engine.fail(transaction, one, JobStatus.FAILED, "unreadable", "It is damaged.")
    assert pipeline.job(parent).status is JobStatus.RUNNING
    finish(pipeline, other)
    job = pipeline.job(parent)
    assert (job.status, job.error_code, job.error_message) == (
        JobStatus.FAILED,
        "unreadable",
        "It is damaged.",
    )
    assert job.steps[1] == Step(JobKind.EMBED, JobStatus.CANCELLED)


def test_cancelling_ends_the_whole_family_and_refuses_what_still_runs(pipeline: Pipeline) -> None:
    parent = a_family(pipeline)
    (running, *_) = children(pipeline, JobKind.PALETTE)
    with pipeline.unit_of_work.begin() as transaction:
        jobs.cancel_job(transaction, running.id)
    assert pipeline.job(parent).status is JobStatus.CANCELLED
    assert finish(pipeline, running) == set()
    with pytest.raises(Conflict), pipeline.unit_of_work.begin() as transaction:
        jobs.cancel_job(transaction, parent)


def test_a_retry_runs_again_only_what_did_not_succeed(pipeline: Pipeline) -> None:
    parent = a_family(pipeline)
    one, other = children(pipeline, JobKind.PALETTE)
    finish(pipeline, one)
    with pipeline.unit_of_work.begin() as transaction:
        job_engine.fail(transaction, other, JobStatus.DEAD, "internal", "It broke.")
    assert pipeline.job(parent).status is JobStatus.DEAD
    with pipeline.unit_of_work.begin() as transaction:
        jobs.retry_job(transaction, parent)
    job = pipeline.job(parent)
    assert (job.status, job.error_code, job.finished_at) == (JobStatus.RUNNING, None, None)
    (again,) = children(pipeline, JobKind.PALETTE)
    assert (again.id, again.attempt) == (other.id, 2)
    finish(pipeline, again)
    finish(pipeline, *children(pipeline, JobKind.EMBED))
    assert pipeline.job(parent).status is JobStatus.SUCCEEDED


def test_a_job_under_way_or_done_cannot_be_retried(pipeline: Pipeline) -> None:
    job_id = a_job(pipeline)
    with pytest.raises(Conflict), pipeline.unit_of_work.begin() as transaction:
        jobs.retry_job(transaction, job_id)
    finish(pipeline, must_claim(pipeline, job_id))
    with pytest.raises(Conflict), pipeline.unit_of_work.begin() as transaction:
        jobs.retry_job(transaction, job_id)


def test_a_job_that_is_not_there_is_not_found(pipeline: Pipeline) -> None:
    with pytest.raises(JobNotFound):
        pipeline.job(new_job_id())


def test_a_job_made_while_the_broker_is_away_is_sent_by_the_sweeper(pipeline: Pipeline) -> None:
    pipeline.dispatcher.away = True
    job_id = a_job(pipeline)
    pipeline.sweep()
    assert pipeline.dispatcher.sent == []
    pipeline.dispatcher.away = False
    pipeline.sweep()
    pipeline.sweep()
    assert pipeline.dispatcher.sent == [(JobKind.PALETTE, job_id)]


def test_what_the_broker_forgot_is_sent_again_but_not_what_it_still_has(pipeline: Pipeline) -> None:
    made = [a_job(pipeline) for _ in range(3)]
    with pipeline.unit_of_work.read() as connection:
        connection.execute(text("UPDATE jobs SET published_at = now() - interval '1 hour'"))
    pipeline.sweep()
    assert pipeline.dispatcher.backlog(Queue.CPU) == 3
    pipeline.dispatcher.sent.clear()
    pipeline.sweep()
    assert {job_id for _, job_id in pipeline.dispatcher.sent} == set(made)
