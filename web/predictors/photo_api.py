"""Predictors of photos: the pictures behind their cards and their answers, and what they want to be taught next."""

from typing import Any, Final

from flask import Response, request
from marshmallow import Schema, fields

from shared.db.queries.jobs import jobs
from shared.db.queries.jobs.jobs import JobRow, NewJob
from shared.db.queries.photos import images
from shared.db.queries.predictors import predictors
from shared.errors import BadData, BlobNotFound, ModelUnusable, NotFound, VitrineError
from shared.jobs.kinds import ACTIVE, JobKind, JobStatus
from shared.predictors.documents import PredictorKind, SuggestOrder
from shared.storage import keys as blob_keys
from web.http.answer_schemas import AnswerSchema, always
from web.http.blob_responses import blob_answer
from web.http.errors import NotReady
from web.http.fields import QueryChoice, QueryInteger
from web.http.ids import job_id
from web.http.json_responses import json_answer
from web.http.presenters import image_document
from web.http.routing import Answer, Resource
from web.http.schemas import ImageSchema
from web.http.started import STARTED, started
from web.jobs.waiting import read_job, wait_for_job
from web.predictors.schemas import VersionQuery
from web.services import Services, current_services

api = Resource("photo predictors", "What predictors of photos show, and what they want to be taught next.")


# As long as for a prediction: somebody is waiting.
SUGGESTION_SECONDS: Final = 10


class LayerQuery(Schema):
    layer = QueryChoice(
        "photo: with the photo in greys under it; overlay: the colours alone, in the shape of the whole photo",
        choices=["photo", "overlay"],
        default="photo",
    )


class SuggestionsQuery(VersionQuery):
    k = QueryInteger("how many photos at most", minimum=1, maximum=48, default=12)


class SuggestionSchema(AnswerSchema):
    image = always(fields.Nested, "a photo without a label", nested=ImageSchema)
    prediction = always(fields.String, "the label that it would get")
    probabilities = always(fields.Dict, "of each label", keys=fields.String(), values=fields.Float())
    uncertainty = always(fields.Float, "entropy of the probabilities: 0 is sure, 1 has no idea")


class SuggestionsSchema(AnswerSchema):
    items = always(fields.List, "best first", cls_or_instance=fields.Nested(SuggestionSchema))


_PNG: Final = Answer(
    "orange where the photo speaks for the answer, blue where against it", content_types=("image/png",)
)


@api.route("GET", "/jobs/<id>/explanation", query=LayerQuery, answers={200: _PNG}, problems=(404,))
def get_explanation(id: str, query: dict[str, Any]) -> Response:  # noqa: A002 - the name in the contract
    """See where in its photo a prediction found its evidence. Kept for a day."""
    services = current_services()
    job = read_job(services.unit_of_work, job_id(id))
    name = (job.result or {}).get("explanation")
    if job.kind is not JobKind.PREDICT or job.status is not JobStatus.SUCCEEDED or name is None:
        raise NotReady("This job has explained no photo.")
    try:
        return blob_answer(
            services.blobs,
            blob_keys.explanation(name, query["layer"]),
            request,
            tag=f"{name}-{query['layer']}",
            name="explanation",
        )
    except BlobNotFound as error:
        raise NotReady("The explanation is no longer kept: it was there for a day. Predict again.") from error


@api.route(
    "GET",
    "/predictors/<name>/photos/<int:number>",
    query=VersionQuery,
    answers={200: Answer("the photo, small", content_types=("image/webp",))},
    problems=(404,),
)
def get_training_photo(name: str, number: int, query: dict[str, Any]) -> Response:
    """See a photo of a zip that the card of a predictor names."""
    services = current_services()
    with services.unit_of_work.read() as connection:
        version = predictors.get_predictor(connection, name, query["version"])
    photo = version.card.get("photos", {}).get(str(number))
    if photo is None:
        raise NotFound("The card of this predictor names no such photo.")
    key = blob_keys.training_photo(version.sha256, number)
    try:
        return blob_answer(services.blobs, key, request, tag=f"{version.sha256}-{number}", name=photo["name"])
    except BlobNotFound as error:
        raise NotFound("This photo is of the gallery, and to be found there.") from error


@api.route(
    "POST",
    "/predictors/<name>/label-next",
    query=SuggestionsQuery,
    answers={200: Answer("what to label next", SuggestionsSchema), 202: STARTED},
    problems=(401, 403, 404, 409, 422),
)
def post_label_next(name: str, query: dict[str, Any]) -> Response:
    """Ask which photos of the gallery to label next, so that a predictor learns most from them."""
    services = current_services()
    with services.unit_of_work.begin() as transaction:
        version = predictors.get_predictor(transaction.connection, name, query["version"])
        if version.kind is not PredictorKind.IMAGE:
            raise BadData("name", "This predictor learns from tables, not from photos.")
        order = SuggestOrder(version.predictor_id, version.version, query["k"])
        made = jobs.create_job(transaction, NewJob(JobKind.SUGGEST_LABELS, payload=order.to_payload()))
    job = wait_for_job(services.unit_of_work, services.waiters, made, SUGGESTION_SECONDS)
    if job.status in ACTIVE:
        return started(job)
    if job.status is JobStatus.SUCCEEDED:
        return json_answer(_suggestions(services, job))
    raise (ModelUnusable if job.error_code == ModelUnusable.code else VitrineError)(job.error_message)


def _suggestions(services: Services, job: JobRow) -> dict[str, Any]:
    """The photos that are still in the gallery, each as the API shows images."""
    items = (job.result or {})["items"]
    with services.unit_of_work.read() as connection:
        found = images.get_images(connection, [int(item["image"]) for item in items])
    shown = [item for item in items if int(item["image"]) in found]
    return {"items": [{**item, "image": image_document(found[int(item["image"])])} for item in shown]}
