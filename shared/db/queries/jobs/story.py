"""Everything that is known of one job."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, select

from shared.db.models import Job
from shared.db.queries.jobs.jobs import JobRow, get_job
from shared.jobs.kinds import JobKind, JobStatus

# A full run over a million photos has some hundred tiles; nobody reads further.
MOST_PARTS: Final = 200


@dataclass(frozen=True, slots=True)
class PartRow:
    """One child of a job."""

    id: UUID
    kind: JobKind
    status: JobStatus
    attempt: int
    worker: str | None
    error_message: str | None
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoryRow:
    """job: as readers of the API see it. run_at: when it is due, where it waits. last_error: of the last run that went
    wrong, also while another is to come. parts: its children in order; part_count: how many there are of them."""

    job: JobRow
    max_attempts: int
    run_at: datetime
    blocked: bool
    request_id: str | None
    last_error: str | None
    parts: tuple[PartRow, ...]
    part_count: int


def job_story(connection: Connection, job_id: UUID) -> StoryRow:
    """Raises JobNotFound."""
    job = get_job(connection, job_id)
    own = connection.execute(
        select(
            Job.max_attempts, Job.run_at, Job.blocked, Job.request_id, Job.error_message, Job.children
        ).where(Job.id == job_id)
    ).one()
    parts = connection.execute(
        select(
            Job.id,
            Job.kind,
            Job.status,
            Job.attempt,
            Job.worker,
            Job.error_message,
            Job.started_at,
            Job.finished_at,
        )
        .where(Job.parent_id == job_id)
        .order_by(Job.stage, Job.id)
        .limit(MOST_PARTS)
    )
    return StoryRow(
        job=job,
        max_attempts=own.max_attempts,
        run_at=own.run_at,
        blocked=own.blocked,
        request_id=own.request_id,
        last_error=own.error_message,
        parts=tuple(
            PartRow(**{**row._asdict(), "kind": JobKind(row.kind), "status": JobStatus(row.status)})
            for row in parts
        ),
        part_count=own.children,
    )
