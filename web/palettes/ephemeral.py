"""Palettes of photos that are not in the gallery. Their job keeps them, and so they have its id."""

from uuid import UUID

from sqlalchemy import Connection

from shared.db.queries.jobs.jobs import JobRow, get_job
from shared.errors import Conflict, NotFound
from shared.jobs.kinds import FINISHED, JobKind, JobStatus
from web.palettes.documents import swatches_of
from web.palettes.formats import Swatch


def get_palette_job(connection: Connection, job_id: UUID) -> JobRow:
    """The job that finds a photo's palettes, whatever its state.

    Raises JobNotFound, and NotFound for a job that does something else.
    """
    job = get_job(connection, job_id)
    if job.kind is not JobKind.PALETTE or job.image_id is not None:
        raise NotFound("There is no palette at this address.")
    return job


def ephemeral_palette(job: JobRow, colors: int | None) -> list[Swatch] | None:
    """The palette of that many colours, by default as many as were asked for. None: the job has not ended yet.

    Raises Conflict where the job ended without a palette.
    """
    if job.status not in FINISHED:
        return None
    if job.status is not JobStatus.SUCCEEDED or job.result is None:
        raise Conflict(job.error_message or "The search for this palette was cancelled.")
    # Jobs of before there were sizes hold one palette only.
    sizes = job.result.get("sizes", {})
    return swatches_of(
        job.result["colors"] if colors is None else sizes.get(str(colors), job.result["colors"])
    )
