"""Facts of photos that are in the gallery already: some at a time, so that an upload that comes meanwhile has its turn."""

import time
from dataclasses import replace
from typing import Final

import structlog

from shared.db.queries.photos.analyses import ToReanalyse, images_to_reanalyse, save_facts
from shared.db.unit_of_work import Transaction
from shared.errors import BlobNotFound
from shared.jobs.orders import ReanalysisOrder
from shared.jobs.results import ReanalysisResult
from shared.photo_facts import Facts
from shared.storage import keys as blob_keys
from worker.imaging.algorithms.decode import DecodeError
from worker.imaging.sandbox.parent import DecodeCrashed, DecodeTimeout
from worker.lifecycle import ClaimedJob, Continuation, JobResult
from worker.services import Services

log = structlog.get_logger(__name__)

# An upload that comes meanwhile waits no longer than this, and no run comes near its deadline.
RUN_SECONDS: Final = 20.0
RUN_IMAGES: Final = 500


def reanalyse(services: Services, job: ClaimedJob) -> JobResult:
    """Computes all facts of the next images, or of those that lack one. What is left is for the job's next run."""
    order = job.order(ReanalysisOrder)
    with services.unit_of_work.read() as connection:
        images = images_to_reanalyse(connection, order.fact, order.after, RUN_IMAGES)
    found: dict[int, Facts] = {}
    last, seen, end = order.after, 0, time.monotonic() + RUN_SECONDS
    for image in images:
        if time.monotonic() > end:
            break
        facts = _facts(services, image)
        if facts is not None:
            found[image.id] = facts
        last, seen = image.id, seen + 1

    def write(transaction: Transaction) -> None:
        for image_id, facts in found.items():
            save_facts(transaction.connection, image_id, facts)

    so_far = replace(order, after=last, looked_at=order.looked_at + seen, saved=order.saved + len(found))
    if seen == len(images) < RUN_IMAGES:
        return JobResult(ReanalysisResult(so_far.saved, order.fact), write)
    return JobResult(write=write, rest=Continuation(so_far, so_far.progress))


def _facts(services: Services, image: ToReanalyse) -> Facts | None:
    """None: the image keeps the facts that it has. Nobody asked for this one in particular."""
    try:
        return services.sandbox.facts(services.blobs.get(blob_keys.original(image.sha256)))
    except (BlobNotFound, DecodeError, DecodeTimeout, DecodeCrashed) as error:
        log.warning("image_not_reanalysed", image_id=image.id, error=str(error))
        return None
