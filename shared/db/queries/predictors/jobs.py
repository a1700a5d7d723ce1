"""Jobs of predictors, with what each is to do."""

from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from sqlalchemy import Connection, select

from shared.db.models import Job
from shared.db.queries.jobs.jobs import ACTIVE_VALUES, JobRow, get_job
from shared.errors import JobNotFound
from shared.jobs.kinds import JobKind
from shared.typed_json import from_json

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class OrderedJob(Generic[T]):
    """A job and what it is to do."""

    job: JobRow
    order: T


def get_ordered_job(connection: Connection, job_id: UUID, kind: JobKind, order: type[T]) -> OrderedJob[T]:
    """The job, if it is of that kind. order: of jobs of the kind (shared/predictors/documents.py). Raises JobNotFound."""
    job = get_job(connection, job_id)
    if job.kind is not kind:
        raise JobNotFound
    payload = connection.execute(select(Job.payload).where(Job.id == job_id)).scalar_one()
    return OrderedJob(job, from_json(payload, order))


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
