"""What workers and the sweeper do to jobs. Each change is one conditional UPDATE: none reads first and writes after.

Times are Postgres' own (`now()`), so that the clocks of workers do not matter.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, func, or_, select, text, tuple_, update
from sqlalchemy.sql.elements import ColumnElement

from shared.db.models import Job
from shared.db.queries.job_tree import lock_parents, settle
from shared.db.unit_of_work import Message, Transaction
from shared.jobs import RULES, JobKind, JobStatus, Queue

QUEUED, RUNNING = JobStatus.QUEUED.value, JobStatus.RUNNING.value


@dataclass(frozen=True, slots=True, eq=False)
class Claim:
    """A job that this worker holds. (id, attempt) is the fence that later changes must pass. Equal only to itself."""

    id: UUID
    attempt: int
    kind: JobKind
    parent_id: UUID | None
    image_id: int | None
    payload: dict[str, Any]
    max_attempts: int
    request_id: str | None


def claim_job(
    connection: Connection, job_id: UUID, kind: JobKind, lease: timedelta, worker: str
) -> Claim | None:
    """Takes the job if it is due, or if its lease has run out and attempts are left. None: it is not to be had."""
    overdue = and_(Job.status == RUNNING, Job.lease_expires_at < func.now(), Job.attempt < Job.max_attempts)
    which = and_(Job.id == job_id, Job.kind == kind.value, or_(_due(), overdue))
    claims = _claim(connection, which, kind, lease, worker)
    return claims[0] if claims else None


def claim_batch(
    connection: Connection, kind: JobKind, limit: int, lease: timedelta, worker: str
) -> list[Claim]:
    """Takes up to `limit` due jobs of a kind, oldest first, passing over those that others are taking."""
    oldest = (
        select(Job.id)
        .where(Job.kind == kind.value, _due())
        .order_by(Job.run_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("oldest")
    )
    return _claim(connection, Job.id.in_(select(oldest.c.id)), kind, lease, worker)


def _due() -> ColumnElement[bool]:
    return and_(Job.status == QUEUED, ~Job.blocked, Job.run_at <= func.now())


def _claim(
    connection: Connection, which: ColumnElement[bool], kind: JobKind, lease: timedelta, worker: str
) -> list[Claim]:
    rows = connection.execute(
        update(Job)
        .where(which)
        .values(
            status=RUNNING,
            attempt=Job.attempt + 1,
            lease_expires_at=func.now() + lease,
            deadline_at=func.now() + timedelta(seconds=RULES[kind].deadline_seconds),
            started_at=func.coalesce(Job.started_at, func.now()),
            worker=worker,
            error_code=None,
            error_message=None,
        )
        .returning(
            Job.id, Job.attempt, Job.parent_id, Job.image_id, Job.payload, Job.max_attempts, Job.request_id
        )
    ).all()
    parents = {row.parent_id for row in rows if row.parent_id}
    if parents:
        connection.execute(
            update(Job)
            .where(Job.id.in_(parents), Job.status == QUEUED)
            .values(status=RUNNING, started_at=func.coalesce(Job.started_at, func.now()))
        )
    return [Claim(kind=kind, **row._asdict()) for row in rows]


def renew_leases(connection: Connection, claims: Collection[Claim], lease: timedelta) -> set[UUID]:
    """Extends the leases of these claims, never past a deadline; the ids of those that are still held."""
    renewed = connection.execute(
        update(Job)
        .where(_held(claims), Job.deadline_at > func.now())
        .values(lease_expires_at=func.least(func.now() + lease, Job.deadline_at))
        .returning(Job.id)
    )
    return set(renewed.scalars())


def report_progress(connection: Connection, claim: Claim, progress: float) -> None:
    """progress: 0..1; it never goes back."""
    connection.execute(
        update(Job).where(_held([claim])).values(progress=func.greatest(Job.progress, progress))
    )


def lock_families(transaction: Transaction, claims: Collection[Claim]) -> None:
    """The first statement of any transaction that ends claims."""
    lock_parents(transaction.connection, {claim.parent_id for claim in claims if claim.parent_id})


def succeed(
    transaction: Transaction, results: Mapping[UUID, dict[str, Any] | None], claims: Sequence[Claim]
) -> set[UUID]:
    """Ends claims well, with a result each. Returns the ids of those that were still held; the others were overtaken.

    The caller has called lock_families, writes the results of the held ones in the same transaction, and then
    calls settle_families.
    """
    held = set()
    for claim in claims:
        done = transaction.connection.execute(
            update(Job)
            .where(_held([claim]))
            .values(**ENDED, status=JobStatus.SUCCEEDED.value, progress=1, result=results.get(claim.id))
        )
        if done.rowcount:
            held.add(claim.id)
    return held


def settle_families(transaction: Transaction, claims: Collection[Claim]) -> None:
    settle(transaction, {claim.parent_id for claim in claims if claim.parent_id})


def end_badly(transaction: Transaction, claim: Claim, status: JobStatus, code: str, message: str) -> bool:
    """Ends a claim as failed or dead. False: it was overtaken."""
    lock_families(transaction, [claim])
    done = transaction.connection.execute(
        update(Job)
        .where(_held([claim]))
        .values(**ENDED, status=status.value, error_code=code, error_message=message)
    )
    if done.rowcount:
        settle_families(transaction, [claim])
    return bool(done.rowcount)


def put_back(
    connection: Connection, claim: Claim, delay: timedelta, code: str, message: str, *, forgive: bool
) -> bool:
    """Queues a claim again, due after the delay; the sweeper sends it then. False: it was overtaken.

    forgive: the attempt is not held against the job.
    """
    done = connection.execute(
        update(Job)
        .where(_held([claim]))
        .values(
            status=QUEUED,
            run_at=func.now() + delay,
            max_attempts=Job.max_attempts + int(forgive),
            lease_expires_at=None,
            deadline_at=None,
            published_at=None,
            error_code=code,
            error_message=message,
        )
    )
    return bool(done.rowcount)


ENDED: dict[str, Any] = {"finished_at": func.now(), "lease_expires_at": None, "deadline_at": None}


def _held(claims: Collection[Claim]) -> ColumnElement[bool]:
    fence = tuple_(Job.id, Job.attempt).in_([(claim.id, claim.attempt) for claim in claims])
    return and_(fence, Job.status == RUNNING)


def expired_claims(connection: Connection, limit: int) -> list[Claim]:
    """Claims whose lease has run out: their worker is gone, frozen or stuck."""
    rows = connection.execute(
        select(
            Job.id,
            Job.attempt,
            Job.kind,
            Job.parent_id,
            Job.image_id,
            Job.payload,
            Job.max_attempts,
            Job.request_id,
        )
        .where(Job.status == RUNNING, Job.lease_expires_at < func.now())
        .order_by(Job.lease_expires_at)
        .limit(limit)
    )
    return [Claim(**{**row._asdict(), "kind": JobKind(row.kind)}) for row in rows]


def due_count(connection: Connection, queue: Queue) -> int:
    """Jobs that could run now, were a worker of the queue free."""
    return connection.execute(select(func.count()).where(Job.kind.in_(_kinds_on(queue)), _due())).scalar_one()


def take_unsent(connection: Connection, queue: Queue, limit: int) -> list[Message]:
    """Due jobs whose message was never sent, marked as sent."""
    return _mark_sent(connection, queue, Job.published_at.is_(None), limit)


def take_lost(connection: Connection, queue: Queue, older_than: timedelta, limit: int) -> list[Message]:
    """Due jobs that still wait although their message was sent long ago, oldest first, marked as sent anew."""
    return _mark_sent(connection, queue, Job.published_at < func.now() - older_than, limit)


def _mark_sent(connection: Connection, queue: Queue, which: ColumnElement[bool], limit: int) -> list[Message]:
    oldest = (
        select(Job.id)
        .where(Job.kind.in_(_kinds_on(queue)), _due(), which)
        .order_by(Job.published_at.nulls_first())
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("oldest")
    )
    sent = update(Job).where(Job.id.in_(select(oldest.c.id))).values(published_at=func.now())
    return [
        Message(JobKind(row.kind), row.id) for row in connection.execute(sent.returning(Job.id, Job.kind))
    ]


def _kinds_on(queue: Queue) -> list[str]:
    return [kind.value for kind, rules in RULES.items() if rules.queue is queue]


def try_lock(connection: Connection, name: str) -> bool:
    """Takes a named lock until the end of the transaction, unless another transaction has it."""
    return bool(
        connection.execute(
            text("SELECT pg_try_advisory_xact_lock(hashtext(:name))"), {"name": name}
        ).scalar_one()
    )
