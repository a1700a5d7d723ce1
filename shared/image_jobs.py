"""An image that comes into the gallery, and the job that works on it: one for who waits, its parts for the workers."""

from dataclasses import replace

from shared.db.queries import images, jobs
from shared.db.queries.images import NewImage
from shared.db.queries.jobs import NewJob
from shared.db.unit_of_work import Transaction
from shared.ids import new_job_id
from shared.jobs import JobKind


def record_image(transaction: Transaction, new: NewImage, request_id: str | None = None) -> int | None:
    """Records the image with its job; its bytes must be in the store already. None: they are in the gallery already."""
    job_id = new_job_id()
    image_id = images.insert_image(transaction.connection, replace(new, job_id=job_id))
    if image_id is None:
        return None
    steps = (
        NewJob(JobKind.ANALYSE, image_id, stage=0, request_id=request_id),
        NewJob(JobKind.EMBED, image_id, stage=1, request_id=request_id),
    )
    whole = NewJob(JobKind.ANALYSE_IMAGE, image_id, request_id=request_id, children=steps)
    jobs.create_job(transaction, whole, job_id)
    return image_id
