"""The use case of adding a photo: check it, store its bytes, record it with its jobs.

The blob comes before the row: an orphan blob is harmless, a row without its blob is not.
"""

from dataclasses import dataclass, replace
from typing import Any

from shared.db.queries.jobs import jobs
from shared.db.queries.jobs.jobs import JobRow, NewJob
from shared.db.queries.photos import images
from shared.db.queries.photos.images import ImageRow, NewImage
from shared.errors import Conflict, ImageNotFound, JobNotFound
from shared.file_types import FILE_TYPES
from shared.jobs.kinds import JobKind
from shared.jobs.new_images import record_image
from shared.jobs.orders import PaletteOrder
from shared.storage import keys as blob_keys
from web.http.bodies.spool import Spool
from web.http.filenames import display_name
from web.photos import changes, guard
from web.photos.guard import Header
from web.services import Services


@dataclass(frozen=True, slots=True)
class Upload:
    """A photo as it was sent, with its description. colors: size of its palette."""

    file: Spool
    name: str
    colors: int
    caption: str | None = None
    tags: tuple[str, ...] = ()
    label: str | None = None

    def fingerprint(self) -> dict[str, Any]:
        """What the request says, whatever its encoding: the same content is the same upload."""
        return {
            "sha256": self.file.sha256,
            "colors": self.colors,
            "caption": self.caption,
            "tags": self.tags,
            "label": self.label,
        }


@dataclass(frozen=True, slots=True)
class Added:
    """duplicate: the same bytes were in the gallery. merged: what the upload changed of that image, by name. job: none
    where it has been archived since."""

    image: ImageRow
    job: JobRow | None
    duplicate: bool
    merged: tuple[str, ...] = ()


def add_image(services: Services, upload: Upload, request_id: str | None = None) -> Added:
    """Puts the photo into the gallery, or finds it there and adds to its description what that lacks.

    Raises the guard's errors, BadParameter for more tags than a photo may have, StorageUnavailable and
    DatabaseUnavailable; then nothing was recorded.
    """
    header = guard.inspect(upload.file.file, _limits(services))
    known = _find(services, upload.file.sha256)
    if known is not None:
        return _merged(services, known, upload)
    _store(services, blob_keys.original(upload.file.sha256), upload.file, header)
    with services.unit_of_work.begin() as transaction:
        recorded = record_image(transaction, _row(upload, header), request_id)
    if recorded is not None:
        return Added(recorded.image, recorded.job, duplicate=False)
    # Another request has recorded the same bytes since we looked.
    known = _find(services, upload.file.sha256)
    if known is None:
        raise Conflict("The same photo has just been added and deleted. Send it again.")
    return _merged(services, known, upload)


def _limits(services: Services) -> guard.Limits:
    return guard.Limits(max_megapixels=services.settings.max_megapixels)


def _merged(services: Services, known: Added, upload: Upload) -> Added:
    """The image with what the upload says of it."""
    if not (upload.caption or upload.tags or upload.label):
        return known
    try:
        merged = changes.merge_description(
            services.unit_of_work,
            known.image.id,
            caption=upload.caption,
            tags=upload.tags,
            label=upload.label,
        )
        with services.unit_of_work.read() as connection:
            image = images.get_image(connection, known.image.id)
    except ImageNotFound as error:
        raise Conflict("The same photo has just been deleted. Send it again.") from error
    return replace(known, image=image, merged=merged)


def find_palette_of_upload(services: Services, upload: Upload, request_id: str | None = None) -> JobRow:
    """Starts the search for the palette of a photo that does not go into the gallery. Raises as `add_image` does."""
    header = guard.inspect(upload.file.file, _limits(services))
    sha256 = upload.file.sha256
    _store(services, blob_keys.upload(sha256), upload.file, header)
    wanted = NewJob(
        JobKind.PALETTE,
        payload=PaletteOrder(upload.colors, upload=sha256),
        dedupe_key=f"palette:{sha256}:{upload.colors}",
        request_id=request_id,
    )
    with services.unit_of_work.begin() as transaction:
        return jobs.get_job(transaction.connection, jobs.create_job(transaction, wanted))


def _find(services: Services, sha256: str) -> Added | None:
    with services.unit_of_work.read() as connection:
        image_id = images.find_by_sha256(connection, sha256)
        if image_id is None:
            return None
        image = images.get_image(connection, image_id)
        try:
            job = None if image.job_id is None else jobs.get_job(connection, image.job_id)
        except JobNotFound:
            job = None
        return Added(image, job, duplicate=True)


def _store(services: Services, key: str, spool: Spool, header: Header) -> None:
    spool.file.seek(0)
    services.blobs.put(key, spool.file, FILE_TYPES[header.format].content_type)


def _row(upload: Upload, header: Header) -> NewImage:
    return NewImage(
        sha256=upload.file.sha256,
        name=display_name(upload.name),
        width=header.width,
        height=header.height,
        bytes=upload.file.size,
        format=header.format,
        colors=upload.colors,
        caption=upload.caption,
        tags=upload.tags,
        label=upload.label,
    )
