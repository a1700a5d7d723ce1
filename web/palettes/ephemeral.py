"""Palettes of photos that are not in the gallery: the result of a job, under the id of that job."""

from uuid import UUID

from sqlalchemy import Connection

from shared.db.queries.jobs.jobs import JobRow, get_job
from shared.errors import Conflict, NotFound
from shared.jobs.kinds import FINISHED, JobKind, JobStatus
from shared.jobs.results import PaletteResult


def get_palette_job(connection: Connection, job_id: UUID) -> JobRow:
    """The job that finds a photo's palettes, whatever its state.

    Raises JobNotFound, and NotFound for a job that does something else.
    """
    job = get_job(connection, job_id)
    if job.kind is not JobKind.PALETTE or job.image_id is not None:
        raise NotFound("There is no palette at this address.")
    return job


def ephemeral_palettes(job: JobRow) -> PaletteResult | None:
    """The palettes of every size. None: the job has not ended yet.

    Raises Conflict where the job ended without a palette.
    """
    if job.status not in FINISHED:
        return None
    found = job.result_as(PaletteResult)
    if job.status is not JobStatus.SUCCEEDED or found is None:
        raise Conflict(job.error_message or "The search for this palette was cancelled.")
    return found
