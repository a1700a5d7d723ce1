"""What workers and the sweeper do to jobs. Each change is one conditional UPDATE: none reads first and writes after.

Times are Postgres' own (`now()`), so that the clocks of workers do not matter.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Connection,
    Interval,
    Select,
    Uuid,
    and_,
    bindparam,
    func,
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.sql.elements import ColumnElement

from shared.db.models import Job
from shared.db.prepared import PREPARED
from shared.db.queries.jobs.tree import settle
from shared.db.unit_of_work import Message, Transaction
from shared.jobs.kinds import RULES, JobKind, JobStatus, Queue
from shared.typed_json import to_json

QUEUED, RUNNING = JobStatus.QUEUED.value, JobStatus.RUNNING.value


@dataclass(frozen=True, slots=True, eq=False)
class Claim:
    """A job that this worker holds. (id, attempt) is the fence that later changes must pass. Equal only to itself.

    payload: what it is to do, as JSON (`shared.jobs.orders`).
    """

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
    """Takes the job if it is due, or if its lease has run out and attempts are left. None: it cannot be claimed."""
    claims = _claim(connection, CLAIM_ONE, kind, {"lease": lease, "by": worker, "wanted": job_id})
    return claims[0] if claims else None


def claim_batch(
    connection: Connection, kind: JobKind, limit: int, lease: timedelta, worker: str
) -> list[Claim]:
    """Takes up to `limit` due jobs of a kind, oldest first, passing over those that others are taking."""
    return _claim(connection, CLAIM_OLDEST, kind, {"lease": lease, "by": worker, "most": limit})


@dataclass(frozen=True, slots=True)
class Backlog:
    """due: jobs that could be claimed, counted up to what was asked for; coming: whether more will be in a moment."""

    due: int
    coming: bool


def backlog_of(connection: Connection, kind: JobKind, after: JobKind, limit: int) -> Backlog:
    """What waits of a kind whose jobs become due as those of another kind, `after`, end."""
    row = connection.execute(BACKLOG, {"of_kind": kind.value, "of_earlier": after.value, "most": limit}).one()
    return Backlog(row.due, row.coming)


def _due() -> ColumnElement[bool]:
    return and_(Job.status == QUEUED, ~Job.blocked, Job.run_at <= func.now())


def _claiming(which: ColumnElement[bool]) -> Select[Any]:
    lease, deadline = bindparam("lease", type_=Interval()), bindparam("deadline", type_=Interval())
    claimed = (
        update(Job)
        .where(which)
        .values(
            status=RUNNING,
            attempt=Job.attempt + 1,
            lease_expires_at=func.now() + lease,
            deadline_at=func.now() + deadline,
            started_at=func.coalesce(Job.started_at, func.now()),
            worker=bindparam("by"),
            error_code=None,
            error_message=None,
        )
        .returning(
            Job.id, Job.attempt, Job.parent_id, Job.image_id, Job.payload, Job.max_attempts, Job.request_id
        )
        .cte("claimed")
    )
    # Never waits for a parent, as everything that ends a job locks the parent first. One that is locked is being
    # changed by what will say itself that it runs, or has ended.
    queued = (
        select(Job.id)
        .where(Job.id.in_(select(claimed.c.parent_id)), Job.status == QUEUED)
        .with_for_update(skip_locked=True, key_share=True)
    )
    started = (
        update(Job)
        .where(Job.id.in_(queued))
        .values(status=RUNNING, started_at=func.coalesce(Job.started_at, func.now()))
        .cte("started")
    )
    # The commit does not wait for the disk: a claim that a crash of Postgres undoes is a job that waits again, and
    # what ends the job is on disk with all that came before it (docs/adr).
    asynchronous = func.set_config("synchronous_commit", "off", True).label("synchronous_commit")
    return select(claimed, asynchronous).add_cte(started)


def _claim_one() -> Select[Any]:
    overdue = and_(Job.status == RUNNING, Job.lease_expires_at < func.now(), Job.attempt < Job.max_attempts)
    return _claiming(
        and_(Job.id == bindparam("wanted"), Job.kind == bindparam("of_kind"), or_(_due(), overdue))
    )


def _claim_oldest() -> Select[Any]:
    oldest = (
        select(Job.id)
        .where(Job.kind == bindparam("of_kind"), _due())
        .order_by(Job.run_at)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
        .cte("oldest")
    )
    return _claiming(Job.id.in_(select(oldest.c.id)))


def _backlog() -> Select[Any]:
    due = select(Job.id).where(Job.kind == bindparam("of_kind"), _due()).limit(bindparam("most")).subquery()
    # What waits for another try comes too late to be waited for.
    soon = or_(Job.status == RUNNING, _due())
    coming = select(Job.id).where(Job.kind == bindparam("of_earlier"), soon).exists()
    return select(
        select(func.count()).select_from(due).scalar_subquery().label("due"), coming.label("coming")
    )


# Built once: building one takes longer than running it.
CLAIM_ONE = _claim_one().execution_options(**PREPARED)
CLAIM_OLDEST = _claim_oldest().execution_options(**PREPARED)
BACKLOG = _backlog().execution_options(**PREPARED)


def _claim(
    connection: Connection, statement: Select[Any], kind: JobKind, values: Mapping[str, Any]
) -> list[Claim]:
    deadline = timedelta(seconds=RULES[kind].deadline_seconds)
    rows = connection.execute(statement, {"of_kind": kind.value, "deadline": deadline, **values})
    return [
        Claim(
            row.id,
            row.attempt,
            kind,
            row.parent_id,
            row.image_id,
            row.payload,
            row.max_attempts,
            row.request_id,
        )
        for row in rows
    ]


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


def succeed(
    transaction: Transaction, results: Mapping[UUID, object | None], claims: Sequence[Claim]
) -> set[UUID]:
    """Ends claims well, with a result each. Returns the ids of those that were still held; the others were overtaken.

    The first statement of its transaction. The caller then writes the results of the held ones, and at last calls
    settle_families.
    """
    return _end(
        transaction,
        claims,
        [
            {
                "id": str(claim.id),
                "attempt": claim.attempt,
                "status": JobStatus.SUCCEEDED.value,
                "progress": 1,
                "result": to_json(results.get(claim.id)),
            }
            for claim in claims
        ],
    )


def _end(transaction: Transaction, claims: Collection[Claim], ended: list[dict[str, Any]]) -> set[UUID]:
    parents = {claim.parent_id for claim in claims if claim.parent_id}
    return set(transaction.connection.execute(END, {"parents": list(parents), "ended": ended}).scalars())


# Locks the families, in the order of their ids, before it changes a child: the join has no row before all are locked.
END = (
    text("""
    WITH family AS MATERIALIZED (
        SELECT id FROM jobs WHERE id = ANY(:parents) ORDER BY id FOR UPDATE
    )
    UPDATE jobs AS job SET status = ended.status, progress = coalesce(ended.progress, job.progress),
        finished_at = now(), lease_expires_at = NULL, deadline_at = NULL, result = nullif(ended.result, 'null'),
        error_code = ended.error_code, error_message = ended.error_message
    FROM (SELECT count(*) FROM family) AS locked,
        jsonb_to_recordset(:ended) AS ended (
            id uuid, attempt integer, status text, progress real, result jsonb, error_code text, error_message text)
    WHERE job.id = ended.id AND job.attempt = ended.attempt AND job.status = 'running'
    RETURNING job.id
""")
    .bindparams(
        bindparam("parents", type_=ARRAY(Uuid(as_uuid=True))),
        bindparam("ended", type_=JSONB),
    )
    .execution_options(**PREPARED)
)


def settle_families(transaction: Transaction, claims: Collection[Claim]) -> None:
    settle(transaction, {claim.parent_id for claim in claims if claim.parent_id})


def fail(transaction: Transaction, claim: Claim, status: JobStatus, code: str, message: str) -> bool:
    """Ends a claim as failed or dead. False: it was overtaken."""
    ended = {
        "id": str(claim.id),
        "attempt": claim.attempt,
        "status": status.value,
        "error_code": code,
        "error_message": message,
    }
    held = bool(_end(transaction, [claim], [ended]))
    if held:
        settle_families(transaction, [claim])
    return held


def put_back(transaction: Transaction, claim: Claim, order: object, progress: float) -> bool:
    """Queues a claim again for what is left of its work, behind what waits, with fresh attempts. False: it was overtaken.

    order: what its next run is to do. progress: 0..1.
    """
    done = transaction.connection.execute(
        update(Job)
        .where(_held([claim]))
        .values(
            status=QUEUED,
            payload=to_json(order),
            progress=func.greatest(Job.progress, progress),
            max_attempts=Job.attempt + RULES[claim.kind].attempts,
            run_at=func.now(),
            published_at=func.now(),
            lease_expires_at=None,
            deadline_at=None,
        )
    )
    if done.rowcount:
        transaction.send(claim.kind, claim.id)
    return bool(done.rowcount)


def requeue(
    connection: Connection, claim: Claim, delay: timedelta, code: str, message: str, *, costs_attempt: bool
) -> bool:
    """Queues a claim again, due after the delay; the sweeper sends it then. False: it was overtaken.

    costs_attempt: whether the attempt counts against the job.
    """
    done = connection.execute(
        update(Job)
        .where(_held([claim]))
        .values(
            status=QUEUED,
            run_at=func.now() + delay,
            max_attempts=Job.max_attempts + int(not costs_attempt),
            lease_expires_at=None,
            deadline_at=None,
            published_at=None,
            error_code=code,
            error_message=message,
        )
    )
    return bool(done.rowcount)


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
    """Due jobs that still wait although their message was sent long ago, oldest first, marked as sent again."""
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


def mark_unsent(connection: Connection, job_ids: Collection[UUID]) -> None:
    """Lets the sweeper send messages for these jobs at once."""
    connection.execute(update(Job).where(Job.id.in_(job_ids)).values(published_at=None))


def _kinds_on(queue: Queue) -> list[str]:
    return [kind.value for kind, rules in RULES.items() if rules.queue is queue]
