"""The demo pictures, for a gallery that is still empty."""

import hashlib

from shared.db.queries.photos.images import NewImage
from shared.jobs.new_images import record_image
from shared.jobs.results import DemoResult
from shared.storage import keys as blob_keys
from worker.demo.algorithms import COUNT, DemoPicture
from worker.lifecycle import ClaimedJob, JobResult
from worker.services import Services

# As an upload that says nothing about it gets.
_COLORS = 6


def demo(services: Services, job: ClaimedJob) -> JobResult:
    """Draws the demo pictures and puts each into the gallery at once. Those that are there stay as they are."""
    added = 0
    for number, picture in enumerate(services.demo_pictures(), 1):
        added += _add(services, picture, job.claim.request_id)
        job.progress(number / COUNT)
    return JobResult(DemoResult(added))


def _add(services: Services, picture: DemoPicture, request_id: str | None) -> bool:
    sha256 = hashlib.sha256(picture.jpeg).hexdigest()
    # The blob comes before the row, as in an upload.
    services.blobs.put(blob_keys.original(sha256), picture.jpeg, "image/jpeg")
    new = NewImage(
        sha256=sha256,
        name=picture.name,
        width=picture.width,
        height=picture.height,
        bytes=len(picture.jpeg),
        format="JPEG",
        colors=_COLORS,
        caption=picture.caption,
        tags=picture.tags,
        label=picture.label,
    )
    with services.unit_of_work.begin() as transaction:
        return record_image(transaction, new, request_id) is not None
