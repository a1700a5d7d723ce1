"""Images: adding, finding, changing and deleting them."""

from typing import Any

from flask import Response, g, request
from structlog.contextvars import bind_contextvars

from shared.colour import hex_to_rgb, rgb_to_oklab
from shared.db.queries.idempotency import KeptAnswer
from shared.db.queries.photos import images, selection
from shared.db.queries.photos.images import ImageFilter
from shared.errors import Conflict, ImageNotFound
from web.http import cursors
from web.http.idempotency import answer_once
from web.http.ids import image_id, job_id
from web.http.json_responses import json_answer
from web.http.presenters import image_document, job_document
from web.http.routing import Answer, Resource
from web.http.schemas import (
    ImageChanges,
    ImagePageSchema,
    ImageSchema,
    ImagesQuery,
    PhotoForm,
    UploadBody,
    UploadedSchema,
)
from web.http.started import PREFER, STARTED, accepted, preferred_wait, wait_as_preferred, with_preference
from web.photos.upload_requests import received_upload
from web.photos.uploads import Upload, add_image
from web.services import Services, current_services

api = Resource("images", "The photos of the gallery.")

UPLOAD_FORMS = {"multipart/form-data": PhotoForm, "application/json": UploadBody}
UPLOAD_PROBLEMS = (401, 403, 409, 413, 415, 422, 503)


@api.route(
    "POST",
    "/images",
    forms=UPLOAD_FORMS,
    answers={
        200: Answer("the same bytes were in the gallery already", UploadedSchema),
        202: Answer("the photo was added; its job is on the way", UploadedSchema, headers=STARTED.headers),
    },
    problems=UPLOAD_PROBLEMS,
    headers={**PREFER, "Idempotency-Key": "with the same key and request, the first answer again, for a day"},
)
def post_image() -> Response:
    """Add a photo."""
    services = current_services()
    with received_upload(request) as upload:
        answer = answer_once(
            services,
            request,
            _said(upload),
            lambda: _add(services, upload),
        )
    return with_preference(_uploaded(answer), request)


def _said(upload: Upload) -> dict[str, Any]:
    return {
        "sha256": upload.file.sha256,
        "colors": upload.colors,
        "caption": upload.caption,
        "tags": upload.tags,
        "label": upload.label,
    }


def _add(services: Services, upload: Upload) -> KeptAnswer:
    added = add_image(services, upload, request_id=g.request_id)
    bind_contextvars(image_id=added.image.id)
    document = {
        "image": image_document(added.image),
        "job": None if added.job is None else job_document(added.job),
        "duplicate": added.duplicate,
    }
    return KeptAnswer(200 if added.duplicate else 202, document)


def _uploaded(answer: KeptAnswer) -> Response:
    document = answer.body
    if preferred_wait(request) and document["job"] is not None:
        document = _once_done(document)
    return json_answer(document) if answer.status == 200 else accepted(document)


def _once_done(document: dict[str, Any]) -> dict[str, Any]:
    """The document as it is when the job has ended, or the client's patience."""
    services = current_services()
    job = wait_as_preferred(services, request, job_id(document["job"]["id"]))
    wanted = image_id(document["image"]["id"])
    with services.unit_of_work.read() as connection:
        found = images.get_images(connection, [wanted])
    # Deleted while we waited, it is shown as it was.
    image = image_document(found[wanted]) if wanted in found else document["image"]
    return {**document, "image": image, "job": job_document(job)}


@api.route("GET", "/images", query=ImagesQuery, answers={200: Answer("a page of images", ImagePageSchema)})
def list_images(query: dict[str, Any]) -> Response:
    """List images: newest first, or nearest in colour first."""
    color = query["color"]
    wanted = ImageFilter(
        tag=query["tag"],
        label=query["label"],
        words=query["q"],
        color=rgb_to_oklab(hex_to_rgb(color)) if color else None,
        ids=query["ids"],
    )
    after = cursors.decode_image(query["cursor"], by_color=bool(color))
    with current_services().unit_of_work.read() as connection:
        page = images.list_images(connection, wanted, query["limit"], after)
    return json_answer(
        {
            "items": [image_document(image) for image in page.images],
            "next": cursors.encode_image(page.after),
            "total": page.total,
        }
    )


@api.route("GET", "/images/<id>", answers={200: Answer("the image", ImageSchema)}, problems=(404,))
def get_image(id: str) -> Response:  # noqa: A002 - the name in the contract
    """Get an image."""
    with current_services().unit_of_work.read() as connection:
        return json_answer(image_document(images.get_image(connection, image_id(id))))


@api.route(
    "PATCH",
    "/images/<id>",
    body=ImageChanges,
    answers={200: Answer("the image as it is now", ImageSchema)},
    problems=(401, 403, 404, 415),
)
def patch_image(id: str, body: dict[str, Any]) -> Response:  # noqa: A002
    """Change an image's caption, tags or label."""
    wanted = image_id(id)
    with current_services().unit_of_work.begin() as transaction:
        images.change_image(transaction.connection, wanted, body)
        image = images.get_image(transaction.connection, wanted)
    return json_answer(image_document(image))


@api.route("DELETE", "/images/<id>", answers={204: Answer("it is gone")}, problems=(401, 403, 404))
def delete_image(id: str) -> Response:  # noqa: A002
    """Delete an image: no list, search or page shows it again, unless it is restored."""
    with current_services().unit_of_work.begin() as transaction:
        if not selection.delete_images(transaction, [image_id(id)]):
            raise ImageNotFound
    return Response(status=204)


@api.route(
    "POST",
    "/images/<id>/restore",
    answers={200: Answer("the image as it is now", ImageSchema)},
    problems=(401, 403, 404, 409),
)
def restore_image(id: str) -> Response:  # noqa: A002
    """Bring back an image that was deleted within the last day; one that is there stays as it is."""
    wanted = image_id(id)
    with current_services().unit_of_work.begin() as transaction:
        selection.restore_images(transaction, [wanted])
        if selection.deleted_images(transaction.connection, [wanted]):
            raise Conflict("The same photo has been uploaded again since.")
        image = images.get_image(transaction.connection, wanted)
    return json_answer(image_document(image))
