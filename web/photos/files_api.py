"""Pictures themselves: the display rendition, thumbnails and, for those who may, the original."""

from collections.abc import Sequence
from contextlib import suppress

from flask import Response, request

from shared.db.queries.photos import images
from shared.db.queries.photos.images import ImageRow
from shared.errors import BlobNotFound, NotFound
from shared.jobs.kinds import ACTIVE, JobStatus
from shared.limits import THUMBNAIL_SIDES
from shared.storage import keys as blob_keys
from web.http.blob_responses import blob_answer
from web.http.errors import NotReady
from web.http.ids import image_id
from web.http.middleware.security import check_may_see_originals
from web.http.routing import Answer, Resource
from web.photos.documents import ThumbnailQuery
from web.services import current_services

api = Resource("files", "The pictures themselves.")

_RENDITION = Answer("upright, without metadata", content_types=("image/webp", "image/jpeg"))


@api.route("GET", "/images/<id>/file", answers={200: _RENDITION}, problems=(404,))
def get_file(id: str) -> Response:  # noqa: A002 - the name in the contract
    """Get the picture, as large as it is shown."""
    image = _image(id)
    return _rendition(image, [blob_keys.display(image.sha256)], "display")


@api.route("GET", "/images/<id>/thumbnail", query=ThumbnailQuery, answers={200: _RENDITION}, problems=(404,))
def get_thumbnail(id: str, query: ThumbnailQuery) -> Response:  # noqa: A002
    """Get the picture, small."""
    image, size = _image(id), query.size
    # Photos that were analysed before there was a size have none of it: the next larger one shows as much.
    sizes = [each for each in THUMBNAIL_SIDES if each >= int(size)]
    return _rendition(image, [blob_keys.thumbnail(image.sha256, each) for each in sizes], size)


@api.route(
    "GET",
    "/images/<id>/original",
    answers={200: Answer("the file as it came", content_types=("image/*",))},
    problems=(401, 404),
)
def get_original(id: str) -> Response:  # noqa: A002
    """Get the file as it came, with all of its metadata."""
    check_may_see_originals()
    image = _image(id)
    key = blob_keys.original(image.sha256)
    return blob_answer(current_services().blobs, key, request, tag=image.sha256, name=image.name, secret=True)


def _image(text: str) -> ImageRow:
    with current_services().unit_of_work.read() as connection:
        return images.get_image(connection, image_id(text))


def _rendition(image: ImageRow, keys: Sequence[str], which: str) -> Response:
    """The first of the blobs that is there."""
    blobs, tag = current_services().blobs, f"{image.sha256}-{which}"
    for key in keys:
        with suppress(BlobNotFound):
            return blob_answer(blobs, key, request, tag=tag, name=image.name)
    if image.palette in ACTIVE:
        raise NotReady
    why = "its job was cancelled" if image.palette is JobStatus.CANCELLED else "it could not be analysed"
    raise NotFound(f"There is no picture of this photo: {why}.")
