"""Jobs of predictors, with what each was told to do."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from shared.db.models import Job
from shared.db.queries.jobs.jobs import ACTIVE_VALUES, JobRow, get_job
from shared.errors import JobNotFound
from shared.jobs.kinds import JobKind


@dataclass(frozen=True, slots=True)
class OrderedJob:
    """A job and its order (shared/predictors/documents.py) as it lies in its row."""

    job: JobRow
    order: dict[str, Any]


def get_ordered_job(connection: Connection, job_id: UUID, kind: JobKind) -> OrderedJob:
    """The job, if it is of that kind. Raises JobNotFound."""
    job = get_job(connection, job_id)
    if job.kind is not kind:
        raise JobNotFound
    order = connection.execute(select(Job.payload).where(Job.id == job_id)).scalar_one()
    return OrderedJob(job, order)


@dataclass(frozen=True, slots=True)
class RunningTraining:
    """A training that has not ended. progress: 0 to 1."""

    job_id: UUID
    name: str
    progress: float


def trainings_under_way(connection: Connection, at_most: int) -> list[RunningTraining]:
    """Trainings that wait or run, the oldest first."""
    rows = connection.execute(
        select(Job.id, Job.payload["name"].astext, Job.progress)
        .where(Job.kind == JobKind.TRAIN_PREDICTOR.value, Job.status.in_(ACTIVE_VALUES))
        .order_by(Job.id)
        .limit(at_most)
    )
    return [RunningTraining(*row) for row in rows]
