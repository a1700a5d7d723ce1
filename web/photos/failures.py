"""Why a photo could not be processed, for those who would wait for it."""

from sqlalchemy import Connection

from shared.db.queries.jobs import jobs
from shared.db.queries.photos.images import ImageRow
from shared.errors import JobNotFound
from shared.jobs.kinds import JobStatus


def failure_of(connection: Connection, image: ImageRow) -> str | None:
    """What went wrong with the photo, in a sentence; None where nothing did, or nothing is known of it."""
    if not {image.palette, image.embedding} & {JobStatus.FAILED, JobStatus.DEAD} or image.job_id is None:
        return None
    try:
        return jobs.get_job(connection, image.job_id).error_message
    except JobNotFound:  # jobs are archived before images are
        return None
