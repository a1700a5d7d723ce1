"""Images: adding, finding, changing and deleting them."""

from typing import Annotated
from uuid import UUID

import msgspec
from flask import Response, g, request
from structlog.contextvars import bind_contextvars

from shared.db.queries.photos import images, listing
from web.http import cursors
from web.http.documents import Document, about, json_response
from web.http.idempotency import Answered, answer_once
from web.http.ids import image_id
from web.http.routing import Answer, Resource
from web.jobs import PREFER, STARTED, Job, accepted, preferred_wait, wait_as_preferred, with_preference
from web.photos import changes
from web.photos.documents import (
    Image,
    ImageChanges,
    ImagePage,
    ImagesQuery,
)
from web.photos.upload_requests import UPLOAD_FORMS, UPLOAD_PROBLEMS, received_upload
from web.photos.uploads import Upload, add_image
from web.services import Services, current_services

api = Resource("images", "The photos of the gallery.")


class Uploaded(Document):
    image: Annotated[Image, about("the image")]
    job: Annotated[Job | None, about("the job that works on it")]
    duplicate: Annotated[bool, about("whether the image was there already")]
    merged: Annotated[
        tuple[str, ...],
        about("of a duplicate: the fields that it had not, and has now; tags are added, the rest is kept"),
    ] = ()


@api.route(
    "POST",
    "/images",
    forms=UPLOAD_FORMS,
    answers={
        200: Answer("the same bytes were in the gallery already; new tags were added to the image", Uploaded),
        202: Answer("the photo was added; its job is on the way", Uploaded, headers=STARTED.headers),
    },
    problems=UPLOAD_PROBLEMS,
    headers={**PREFER, "Idempotency-Key": "with the same key and request, the first answer again, for a day"},
)
def post_image() -> Response:
    """Add a photo."""
    services = current_services()
    with received_upload(request) as upload:
        answered = answer_once(
            services, request, upload.fingerprint(), lambda: _add(services, upload), Uploaded
        )
    uploaded = _once_done(services, answered.document) if preferred_wait(request) else answered.document
    if answered.status == 200:
        return with_preference(json_response(uploaded))
    return with_preference(accepted(uploaded, uploaded.job))


def _add(services: Services, upload: Upload) -> Answered[Uploaded]:
    added = add_image(services, upload, request_id=g.request_id)
    bind_contextvars(image_id=added.image.id)
    job = None if added.job is None else Job.of(added.job)
    document = Uploaded(image=Image.of(added.image), job=job, duplicate=added.duplicate, merged=added.merged)
    return Answered(200 if added.duplicate else 202, document)


def _once_done(services: Services, uploaded: Uploaded) -> Uploaded:
    """The answer as it is when the job has ended, or the time to wait has passed."""
    if uploaded.job is None:
        return uploaded
    job = wait_as_preferred(services, UUID(uploaded.job.id))
    wanted = image_id(uploaded.image.id)
    with services.unit_of_work.read() as connection:
        found = images.get_images(connection, [wanted])
    # Deleted while we waited, it is shown as it was.
    image = Image.of(found[wanted]) if wanted in found else uploaded.image
    return msgspec.structs.replace(uploaded, image=image, job=Job.of(job))


@api.route("GET", "/images", query=ImagesQuery, answers={200: Answer("a page of images", ImagePage)})
def list_images(query: ImagesQuery) -> ImagePage:
    """List images: newest first unless another order is asked for, or nearest in colour first."""
    wanted = query.filter
    after = cursors.decode_image(query.cursor, wanted.order)
    with current_services().unit_of_work.read() as connection:
        page = listing.list_images(connection, wanted, query.limit, after)
    items = tuple(map(Image.of, page.images))
    return ImagePage(items=items, next=cursors.encode_image(page.after, wanted.order), total=page.total)


@api.route("GET", "/images/<id>", answers={200: Answer("the image", Image)}, problems=(404,))
def get_image(id: str) -> Image:  # noqa: A002 - the name in the contract
    """Get an image."""
    with current_services().unit_of_work.read() as connection:
        return Image.of(images.get_image(connection, image_id(id)))


@api.route(
    "PATCH",
    "/images/<id>",
    body=ImageChanges,
    answers={200: Answer("the image as it is now", Image)},
    problems=(401, 403, 404, 415),
)
def patch_image(id: str, body: ImageChanges) -> Image:  # noqa: A002
    """Change an image's caption, tags or label."""
    return Image.of(changes.change_image(current_services().unit_of_work, image_id(id), body.given()))


@api.route("DELETE", "/images/<id>", answers={204: Answer("it is gone")}, problems=(401, 403, 404))
def delete_image(id: str) -> Response:  # noqa: A002
    """Delete an image: no list, search or page shows it again, unless it is restored."""
    changes.delete_image(current_services().unit_of_work, image_id(id))
    return Response(status=204)


@api.route(
    "POST",
    "/images/<id>/restore",
    answers={200: Answer("the image as it is now", Image)},
    problems=(401, 403, 404, 409),
)
def restore_image(id: str) -> Image:  # noqa: A002
    """Bring back an image that was deleted within the last day; one that is there stays as it is."""
    return Image.of(changes.restore_image(current_services().unit_of_work, image_id(id)))
