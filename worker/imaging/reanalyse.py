"""Facts, or palettes, of photos that are in the gallery already: some at a time, so that an upload that comes meanwhile has its turn."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypeAlias

import structlog
from sqlalchemy import Connection

from shared.db.queries.palettes import PaletteRow, find_palette, replace_palettes
from shared.db.queries.photos.analyses import ToReanalyse, images_to_reanalyse, save_facts
from shared.db.unit_of_work import Transaction
from shared.errors import BlobNotFound
from shared.jobs.orders import ReanalysisOrder
from shared.jobs.results import ReanalysisResult
from shared.storage import keys as blob_keys
from worker.imaging.algorithms.decode import DecodeError
from worker.imaging.algorithms.palette import PALETTE_VERSION, extract_palette
from worker.imaging.palette import kept_histogram
from worker.imaging.sandbox.parent import DecodeCrashed, DecodeTimeout
from worker.lifecycle import ClaimedJob, Continuation, JobResult
from worker.services import Services

log = structlog.get_logger(__name__)

Write: TypeAlias = Callable[[Connection], None]

# An upload that comes meanwhile waits no longer than this, and no run comes near its deadline.
RUN_SECONDS: Final = 20.0
RUN_IMAGES: Final = 500


def reanalyse(services: Services, job: ClaimedJob) -> JobResult:
    """Computes all facts of the next images, or of those that lack one, or their palettes. What is left is for the job's
    next run."""
    order = job.order(ReanalysisOrder)
    with services.unit_of_work.read() as connection:
        images = images_to_reanalyse(connection, order.fact, order.after, RUN_IMAGES)
    compute = _new_palette if order.palettes else _facts
    writes: list[Write] = []
    last, seen, end = order.after, 0, time.monotonic() + RUN_SECONDS
    for image in images:
        if time.monotonic() > end:
            break
        if (write_one := compute(services, image)) is not None:
            writes.append(write_one)
        last, seen = image.id, seen + 1

    def write(transaction: Transaction) -> None:
        for each in writes:
            each(transaction.connection)

    so_far = replace(order, after=last, looked_at=order.looked_at + seen, saved=order.saved + len(writes))
    if seen == len(images) < RUN_IMAGES:
        return JobResult(ReanalysisResult(so_far.saved, order.fact), write)
    return JobResult(write=write, rest=Continuation(so_far, so_far.progress))


def _facts(services: Services, image: ToReanalyse) -> Write | None:
    """None: the image keeps the facts that it has. Nobody asked for this one in particular."""
    try:
        facts = services.sandbox.facts(services.blobs.get(blob_keys.original(image.sha256)))
    except (BlobNotFound, DecodeError, DecodeTimeout, DecodeCrashed) as error:
        log.warning("image_not_reanalysed", image_id=image.id, error=str(error))
        return None
    return lambda connection: save_facts(connection, image.id, facts)


def _new_palette(services: Services, image: ToReanalyse) -> Write | None:
    """None: the image keeps the palette that it has, which is of this version, or cannot be found anew."""
    with services.unit_of_work.read() as connection:
        kept = find_palette(connection, image.id, image.colors)
    if kept is not None and kept.version == PALETTE_VERSION:
        return None
    try:
        histogram = kept_histogram(services, image.sha256)
    except (BlobNotFound, ValueError) as error:
        log.warning("image_not_reanalysed", image_id=image.id, error=str(error))
        return None
    palette = PaletteRow(image.id, image.colors, PALETTE_VERSION, extract_palette(histogram, image.colors))
    return lambda connection: replace_palettes(connection, palette)
