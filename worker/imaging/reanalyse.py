"""Facts of photos that were analysed before the facts were known: a stretch of the gallery a job, then another job."""

import time
from typing import Any, Final

import structlog

from shared.db.queries.jobs.jobs import create_job
from shared.db.queries.photos.analyses import images_to_reanalyse, save_facts
from shared.db.unit_of_work import Transaction
from shared.errors import BlobNotFound
from shared.jobs.reanalysis import Reanalysis
from shared.photo_facts import Facts
from shared.storage import keys as blob_keys
from worker.imaging.algorithms.decode import Unreadable
from worker.imaging.sandbox.parent import DecodeCrashed, DecodeTimeout
from worker.lifecycle import Job, JobResult
from worker.services import Services

log = structlog.get_logger(__name__)

# An upload that comes meanwhile waits no longer than this, and no stretch comes near its deadline.
STRETCH_SECONDS: Final = 20.0
STRETCH_IMAGES: Final = 500


def reanalyse(services: Services, job: Job) -> JobResult:
    """Computes all facts of the next images, or of those that lack one, and leaves the rest to a job of its own."""
    order = Reanalysis.from_payload(job.claim.payload)
    with services.unit_of_work.read() as connection:
        images = images_to_reanalyse(connection, order.fact, order.after, STRETCH_IMAGES)
    found: dict[int, Facts] = {}
    last, end = order.after, time.monotonic() + STRETCH_SECONDS
    for image in images:
        if time.monotonic() > end:
            break
        last = image.id
        try:
            data = services.blobs.get(blob_keys.original(image.sha256))
            found[image.id] = services.sandbox.facts(data)
        except (BlobNotFound, Unreadable, DecodeTimeout, DecodeCrashed) as error:
            # It keeps the facts that it has: nobody asked for this photo in particular.
            log.warning("image_not_reanalysed", image_id=image.id, error=str(error))

    def write(transaction: Transaction) -> None:
        for image_id, facts in found.items():
            save_facts(transaction.connection, image_id, facts)
        if images:
            create_job(transaction, order.following(last).to_job())

    result: dict[str, Any] = {"images": len(found), "fact": order.fact}
    return JobResult(result, write)
