"""Making jobs, reading them, and what a person may do to them. What workers do to them: job_engine.py."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    case,
    func,
    insert,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, aliased

from shared.db.models import Job
from shared.db.prepared import PreparedSelect
from shared.db.queries.jobs.tree import settle
from shared.db.queries.paging import bounded_count
from shared.db.unit_of_work import Transaction
from shared.errors import Conflict, JobNotFound
from shared.ids import first_job_id, new_job_id
from shared.jobs.kinds import ACTIVE, PARENTS, RULES, JobKind, JobStatus
from shared.typed_json import from_json, to_json

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Step:
    kind: JobKind
    status: JobStatus


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as readers see it. result: JSON, which `result_as` gives its type."""

    id: UUID
    parent_id: UUID | None
    image_id: int | None
    kind: JobKind
    status: JobStatus
    progress: float
    attempt: int
    result: dict[str, Any] | None
    error_code: str | None
    error_message: str | None
    worker: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    steps: tuple[Step, ...] = ()

    def result_as(self, kind: type[T]) -> T | None:
        """What the job brought (`shared.jobs.results`)."""
        return None if self.result is None else from_json(self.result, kind)


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to be made. payload: what it is to do (`shared.jobs.orders`). children run in order of their stage."""

    kind: JobKind
    image_id: int | None = None
    payload: object | None = None
    stage: int = 0
    dedupe_key: str | None = None
    request_id: str | None = None
    children: tuple["NewJob", ...] = ()


ACTIVE_VALUES = tuple(status.value for status in ACTIVE)

COLUMNS = (
    Job.id,
    Job.parent_id,
    Job.image_id,
    Job.kind,
    Job.status,
    Job.progress,
    Job.attempt,
    Job.result,
    Job.error_code,
    Job.error_message,
    Job.worker,
    Job.created_at,
    Job.started_at,
    Job.finished_at,
)


def _with_steps() -> Select[*tuple[Any, ...]]:
    """Jobs, each with its steps: its children's kinds in order, with all of their states and the most attempts."""
    child = aliased(Job)
    step = (
        select(
            child.kind,
            child.stage,
            func.array_agg(child.status.distinct()).label("statuses"),
            func.max(child.attempt).label("attempt"),
        )
        .where(child.parent_id == Job.id)
        .group_by(child.kind, child.stage)
        .correlate(Job)
        .subquery("step")
    )
    document = func.jsonb_build_array(step.c.kind, step.c.statuses, step.c.attempt)
    steps = select(func.jsonb_agg(aggregate_order_by(document, step.c.stage))).scalar_subquery()
    return select(*COLUMNS, steps.label("steps"))


# Built once: a poll asks for a job many times a second, and building a statement costs as much as running it.
JOBS = _with_steps()
JOB_BY_ID = PreparedSelect(JOBS.where(Job.id == bindparam("job_id")))

INSERT_JOBS = insert(Job)
INSERT_UNLESS_IN_FLIGHT = (
    upsert(Job)
    .on_conflict_do_nothing(index_elements=[Job.dedupe_key], index_where=Job.status.in_(ACTIVE_VALUES))
    .returning(Job.id)
)


def create_job(transaction: Transaction, new: NewJob, job_id: UUID | None = None) -> UUID:
    """Records the job and its children, and has what is ready dispatched after the commit.

    job_id: the id that it is to have, if that is known already. A job in flight with the same dedupe key is returned
    instead.
    """
    connection = transaction.connection
    job_id = job_id or new_job_id()
    first, *others = family = [_values(job_id, new, None, blocked=False), *_children(job_id, new.children)]
    if new.dedupe_key is None:
        connection.execute(INSERT_JOBS, family)
    elif connection.execute(INSERT_UNLESS_IN_FLIGHT, first).scalar() is None:
        return _job_in_flight(connection, new)
    elif others:
        connection.execute(INSERT_JOBS, others)
    for row in others or family:
        if not row["blocked"]:
            transaction.send(JobKind(row["kind"]), row["id"])
    return job_id


def _children(parent_id: UUID, children: Sequence[NewJob]) -> list[dict[str, Any]]:
    """Those of the lowest stage are ready, the others wait as blocked."""
    ready = min((child.stage for child in children), default=0)
    return [_values(new_job_id(), child, parent_id, blocked=child.stage != ready) for child in children]


def add_children(transaction: Transaction, parent_id: UUID, children: Sequence[NewJob]) -> None:
    """Records more children of a job that is under way. They wait as blocked."""
    rows = [_values(new_job_id(), child, parent_id, blocked=True) for child in children]
    transaction.connection.execute(INSERT_JOBS, rows)
    transaction.connection.execute(
        update(Job).where(Job.id == parent_id).values(children=Job.children + len(rows))
    )


def _values(job_id: UUID, new: NewJob, parent_id: UUID | None, *, blocked: bool) -> dict[str, Any]:
    return {
        "id": job_id,
        "parent_id": parent_id,
        "image_id": new.image_id,
        "kind": new.kind.value,
        "payload": {} if new.payload is None else to_json(new.payload),
        "stage": new.stage,
        "blocked": blocked,
        "children": len(new.children),
        "dedupe_key": new.dedupe_key,
        "request_id": new.request_id,
        "max_attempts": 1 if new.kind in PARENTS else RULES[new.kind].attempts,
    }


def _job_in_flight(connection: Connection, new: NewJob) -> UUID:
    found = connection.execute(
        select(Job.id).where(Job.dedupe_key == new.dedupe_key, Job.status.in_(ACTIVE_VALUES))
    ).scalar()
    if found is None:  # it finished between the two statements: rare, and trying again is right
        raise Conflict("The same work has just ended. Ask again.")
    return found


def get_job(connection: Connection, job_id: UUID) -> JobRow:
    """The job with its steps. Raises JobNotFound."""
    row = JOB_BY_ID.one_or_none(connection, job_id=job_id)
    if row is None:
        raise JobNotFound
    return _present(row)


def find_in_flight(connection: Connection, kinds: Collection[JobKind]) -> JobRow | None:
    """The newest unfinished job of these kinds that has no parent."""
    wanted = (
        Job.parent_id.is_(None),
        Job.kind.in_([kind.value for kind in kinds]),
        Job.status.in_(ACTIVE_VALUES),
    )
    row = connection.execute(JOBS.where(*wanted).order_by(Job.id.desc()).limit(1)).one_or_none()
    return _present(row) if row else None


def last_of_image(connection: Connection, new: NewJob) -> JobRow | None:
    """The newest job for the same image that was to do the same, by its dedupe key, in whatever state."""
    same = (Job.image_id == new.image_id, Job.dedupe_key == new.dedupe_key)
    row = connection.execute(JOBS.where(*same).order_by(Job.id.desc()).limit(1)).one_or_none()
    return _present(row) if row else None


@dataclass(frozen=True, slots=True)
class JobFilter:
    status: JobStatus | None = None
    kind: JobKind | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = [Job.parent_id.is_(None)]
        if self.status:
            found.append(Job.status == self.status.value)
        if self.kind:
            found.append(Job.kind == self.kind.value)
        return found


def list_jobs(
    connection: Connection, wanted: JobFilter, limit: int, before: UUID | None = None
) -> tuple[list[JobRow], int]:
    """Jobs without a parent, newest first, and how many there are in all."""
    counted = select(Job.id).where(*wanted.conditions())
    return page_of_jobs(connection, wanted, limit, before), bounded_count(connection, counted)


def page_of_jobs(
    connection: Connection, wanted: JobFilter, limit: int, before: UUID | None = None
) -> list[JobRow]:
    """Jobs without a parent, newest first, not counted beyond the page."""
    page = [*wanted.conditions(), *([Job.id < before] if before else [])]
    rows = connection.execute(JOBS.where(*page).order_by(Job.id.desc()).limit(limit))
    return [_present(row) for row in rows]


def recent_failures(connection: Connection, since: datetime, limit: int) -> list[JobRow]:
    """Jobs without a parent that were made since then and ended badly, newest first."""
    # Ids begin with the time of their making. One scan of the index by state and id for each state: over both at once
    # Postgres may prefer to go through every job of the window.
    newest = [
        select(Job.id)
        .where(Job.parent_id.is_(None), Job.status == status.value, Job.id >= first_job_id(since))
        .order_by(Job.id.desc())
        .limit(limit)
        for status in (JobStatus.FAILED, JobStatus.DEAD)
    ]
    wanted = Job.id.in_(union_all(*newest))
    rows = connection.execute(JOBS.where(wanted).order_by(Job.id.desc()).limit(limit))
    return [_present(row) for row in rows]


def _present(row: Row[*tuple[Any, ...]]) -> JobRow:
    """Each step has the state that says most. A parent has run as often as the child that ran most often."""
    steps = row.steps or [[row.kind, [row.status], 0]]
    return JobRow(
        id=row.id,
        parent_id=row.parent_id,
        image_id=row.image_id,
        kind=JobKind(row.kind),
        status=JobStatus(row.status),
        progress=row.progress,
        attempt=max(row.attempt, *(attempt for _, _, attempt in steps)),
        result=row.result,
        error_code=row.error_code,
        error_message=row.error_message,
        worker=row.worker,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        steps=tuple([Step(JobKind(kind), summary(statuses)) for kind, statuses, _ in steps]),
    )


# Of several states the first of these is shown: what went wrong, else what is still going on.
BY_SEVERITY = (
    JobStatus.FAILED,
    JobStatus.DEAD,
    JobStatus.CANCELLED,
    JobStatus.RUNNING,
    JobStatus.QUEUED,
    JobStatus.SUCCEEDED,
)


def summary(statuses: Sequence[str]) -> JobStatus:
    """One state for several jobs of a kind."""
    if len(statuses) == 1:
        return JobStatus(statuses[0])
    if set(statuses) == {JobStatus.QUEUED, JobStatus.SUCCEEDED}:
        return JobStatus.RUNNING
    return next(status for status in BY_SEVERITY if status.value in statuses)


def cancel_job(transaction: Transaction, job_id: UUID) -> None:
    """Cancels the job and what is left of its children; a running attempt finds its finish refused.

    Raises JobNotFound; Conflict when it has ended already.
    """
    top = _lock_tree(transaction.connection, job_id)
    if JobStatus(top.status) not in ACTIVE:
        raise Conflict(f"The job has ended already: it is {top.status}.")
    own = (Job.parent_id == top.id) if top.children else (Job.id == top.id)
    _cancel(transaction.connection, own)
    settle(transaction, [top.id])


def retry_job(transaction: Transaction, job_id: UUID) -> None:
    """Queues again what did not succeed, with a fresh set of attempts.

    Raises JobNotFound; Conflict when the job is under way, has succeeded, or its work is being done by another.
    """
    connection = transaction.connection
    top = _lock_tree(connection, job_id)
    if JobStatus(top.status) in ACTIVE or JobStatus(top.status) is JobStatus.SUCCEEDED:
        raise Conflict(f"Only a job that went wrong can be retried; this one is {top.status}.")
    own = (Job.parent_id == top.id) if top.children else (Job.id == top.id)
    undone = and_(own, Job.status != JobStatus.SUCCEEDED.value)
    first_stage = select(func.min(Job.stage)).where(undone).scalar_subquery()
    again = {"status": JobStatus.QUEUED.value, "error_code": None, "error_message": None, "finished_at": None}
    try:
        revived = connection.execute(
            update(Job)
            .where(undone)
            .values(
                **again,
                blocked=Job.stage > first_stage,
                max_attempts=Job.attempt + _attempts(Job.kind),
                run_at=func.now(),
                published_at=func.now(),
            )
            .returning(Job.id, Job.kind, Job.blocked)
        ).all()
        if top.children:
            connection.execute(update(Job).where(Job.id == top.id).values(**again, progress=0))
    except IntegrityError as error:
        raise Conflict("The same work is under way in another job.") from error
    settle(transaction, [top.id])
    for job in revived:
        if not job.blocked:
            transaction.send(JobKind(job.kind), job.id)


def cancel_jobs_of_images(transaction: Transaction, image_ids: Collection[int]) -> None:
    """What is left to do for images that are being deleted."""
    own = Job.image_id.in_(image_ids)
    families = select(Job.id).where(own, Job.children > 0, Job.status.in_(ACTIVE_VALUES))
    parents = transaction.connection.execute(families.order_by(Job.id).with_for_update()).scalars().all()
    _cancel(transaction.connection, own & (Job.children == 0))
    settle(transaction, parents)


def _cancel(connection: Connection, which: ColumnElement[bool]) -> None:
    connection.execute(
        update(Job)
        .where(which, Job.status.in_(ACTIVE_VALUES))
        .values(
            status=JobStatus.CANCELLED.value, finished_at=func.now(), lease_expires_at=None, deadline_at=None
        )
    )


def _attempts(kind: InstrumentedAttribute[str]) -> ColumnElement[int]:
    return case({each.value: rules.attempts for each, rules in RULES.items()}, value=kind, else_=1)


def _lock_tree(connection: Connection, job_id: UUID) -> Row[UUID, str, int]:
    """Locks the top of the tree that the job is in: every change of a tree begins there, so none can deadlock."""
    parent = connection.execute(select(Job.parent_id).where(Job.id == job_id)).one_or_none()
    if parent is None:
        raise JobNotFound
    return connection.execute(
        select(Job.id, Job.status, Job.children)
        .where(Job.id == (parent.parent_id or job_id))
        .with_for_update()
    ).one()
