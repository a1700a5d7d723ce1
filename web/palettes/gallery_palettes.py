"""The use cases of finding palettes that have not been computed yet."""

from collections.abc import Collection

from shared.db.queries.jobs import jobs
from shared.db.queries.jobs.jobs import JobRow, NewJob
from shared.db.queries.photos import images
from shared.db.queries.photos.images import ImageRow
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict, ImageNotFound
from shared.jobs.kinds import ACTIVE, JobKind, JobStatus
from shared.jobs.orders import PaletteOrder


def job_for_palette_of_all(
    unit_of_work: UnitOfWork, image_ids: Collection[int], colors: int, request_id: str | None
) -> JobRow:
    """The job that finds one palette for all of the images. Its result is the palette, under its own address.

    Raises ImageNotFound if none of them exists, and Conflict if one is not analysed yet, or cannot be.
    """
    with unit_of_work.begin() as transaction:
        found = images.get_images(transaction.connection, image_ids)
        if not found:
            raise ImageNotFound
        for image in found.values():
            if image.palette is not JobStatus.SUCCEEDED:
                raise Conflict(
                    f"{image.caption or image.name} has no palette yet. Leave it out, or try again later."
                )
        wanted = NewJob(
            JobKind.PALETTE,
            payload=PaletteOrder(colors, images=tuple(sorted(found))),
            request_id=request_id,
        )
        return jobs.get_job(transaction.connection, jobs.create_job(transaction, wanted))


def job_for_palette(unit_of_work: UnitOfWork, image: ImageRow, colors: int, request_id: str | None) -> JobRow:
    """The job that finds the palette: the one that analyses the image, else one for this size alone.

    Raises Conflict where the photo could not be analysed.
    """
    with unit_of_work.begin() as transaction:
        if image.palette in ACTIVE and image.job_id is not None:
            return jobs.get_job(transaction.connection, image.job_id)
        if image.palette is not JobStatus.SUCCEEDED:
            raise Conflict("This photo could not be analysed, so it has no palette.")
        wanted = NewJob(
            JobKind.PALETTE,
            image.id,
            payload=PaletteOrder(colors),
            dedupe_key=f"palette:{image.id}:{colors}",
            request_id=request_id,
        )
        return jobs.get_job(transaction.connection, jobs.create_job(transaction, wanted))
