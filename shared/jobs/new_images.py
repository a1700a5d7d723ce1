"""An image that comes into the gallery, and the job that works on it: one for who waits, its parts for the workers."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from shared.db.queries.jobs import jobs
from shared.db.queries.jobs.jobs import JobRow, NewJob, Step
from shared.db.queries.photos import images
from shared.db.queries.photos.images import ImageRow, NewImage
from shared.db.unit_of_work import Transaction
from shared.ids import new_job_id
from shared.jobs.kinds import JobKind, JobStatus


@dataclass(frozen=True, slots=True)
class Recorded:
    """An image and its job as they were made, before any worker has seen them."""

    image: ImageRow
    job: JobRow


def record_image(transaction: Transaction, new: NewImage, request_id: str | None = None) -> Recorded | None:
    """Records the image with its job; its bytes must be in the store already. None: they are in the gallery already."""
    job_id = new_job_id()
    image = images.insert_image(transaction.connection, replace(new, job_id=job_id))
    if image is None:
        return None
    steps = (
        NewJob(JobKind.ANALYSE, image.id, stage=0, request_id=request_id),
        NewJob(JobKind.EMBED, image.id, stage=1, request_id=request_id),
    )
    whole = NewJob(JobKind.ANALYSE_IMAGE, image.id, request_id=request_id, children=steps)
    jobs.create_job(transaction, whole, job_id)
    return Recorded(image, _just_made(job_id, whole, image.created_at))


def _just_made(job_id: UUID, whole: NewJob, at: datetime) -> JobRow:
    """The job as readers see it until a worker takes its first step: nothing of that needs to be asked for."""
    return JobRow(
        id=job_id,
        parent_id=None,
        image_id=whole.image_id,
        kind=whole.kind,
        status=JobStatus.QUEUED,
        progress=0.0,
        attempt=0,
        result=None,
        error_code=None,
        error_message=None,
        worker=None,
        created_at=at,
        started_at=None,
        finished_at=None,
        steps=tuple(Step(step.kind, JobStatus.QUEUED) for step in whole.children),
    )
