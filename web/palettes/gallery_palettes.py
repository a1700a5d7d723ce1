"""The use cases of finding palettes that have not been computed yet."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Final

from shared.db.queries.jobs import jobs
from shared.db.queries.jobs.jobs import JobRow, NewJob
from shared.db.queries.photos import images
from shared.db.queries.photos.images import ImageRow
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict, ImageNotFound
from shared.jobs.kinds import ACTIVE, JobKind, JobStatus
from shared.jobs.orders import PaletteOrder
from shared.palette_kinds import PaletteKind

# How long a failure is the answer to whoever asks again. A client that polls would start a job each time; later what was
# missing may be there.
FINAL_FOR: Final = timedelta(minutes=10)


def job_for_palette_of_all(
    unit_of_work: UnitOfWork, image_ids: Collection[int], colors: int, request_id: str | None
) -> JobRow:
    """The job that finds one palette for all of the images. Its result is the palette, under its own address.

    Raises ImageNotFound if one of them does not exist, and Conflict if one is not analysed yet, or cannot be.
    """
    with unit_of_work.begin() as transaction:
        found = images.get_images(transaction.connection, image_ids)
        if found.keys() != set(image_ids):
            raise ImageNotFound
        for image in found.values():
            if image.palette in ACTIVE:
                raise Conflict(f"{_title(image)} has no palette yet. Leave it out, or try again later.")
            if image.palette is not JobStatus.SUCCEEDED:
                raise Conflict(f"{_title(image)} has no palette: {_why_none(image)}. Leave it out.")
        wanted = NewJob(
            JobKind.PALETTE,
            payload=PaletteOrder(colors, images=tuple(sorted(found))),
            request_id=request_id,
        )
        return jobs.get_job(transaction.connection, jobs.create_job(transaction, wanted))


def job_for_palette(
    unit_of_work: UnitOfWork, image: ImageRow, colors: int, kind: PaletteKind, request_id: str | None
) -> JobRow:
    """The job that finds the palette: the one that analyses the image, else one for this size and kind alone.

    Raises Conflict where the photo could not be analysed, or this palette not be found a moment ago.
    """
    with unit_of_work.begin() as transaction:
        if image.palette in ACTIVE and image.job_id is not None:
            return jobs.get_job(transaction.connection, image.job_id)
        if image.palette is not JobStatus.SUCCEEDED:
            raise Conflict(f"This photo has no palette: {_why_none(image)}.")
        wanted = NewJob(
            JobKind.PALETTE,
            image.id,
            payload=PaletteOrder(colors, kind=kind),
            dedupe_key=f"palette:{image.id}:{colors}:{kind.key}",
            request_id=request_id,
        )
        last = jobs.last_of_image(transaction.connection, wanted)
        if last is not None and _failed_lately(last):
            raise Conflict(f"This palette could not be found. {last.error_message}")
        return jobs.get_job(transaction.connection, jobs.create_job(transaction, wanted))


def _failed_lately(job: JobRow) -> bool:
    if job.status not in {JobStatus.FAILED, JobStatus.DEAD} or job.finished_at is None:
        return False
    return datetime.now(UTC) - job.finished_at < FINAL_FOR


def _title(image: ImageRow) -> str:
    return image.caption or image.name


def _why_none(image: ImageRow) -> str:
    return "its job was cancelled" if image.palette is JobStatus.CANCELLED else "it could not be analysed"
