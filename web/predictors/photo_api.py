"""Predictors of photos: the pictures behind their cards and their answers, and what they want to be taught next."""

from typing import Final

from flask import Response, g, request

from shared.db.queries.jobs.jobs import JobRow
from shared.db.queries.photos import images
from shared.db.queries.predictors import predictors
from shared.errors import BlobNotFound, ModelUnusable, NotFound, VitrineError
from shared.jobs.kinds import ACTIVE, JobKind, JobStatus
from shared.predictors.cards import PhotoCard
from shared.predictors.results import PredictionResult
from shared.storage import keys as blob_keys
from web.http.blob_responses import blob_answer
from web.http.documents import Document
from web.http.ids import job_id
from web.http.routing import Answer, Resource
from web.http.waiting import read_job
from web.jobs import STARTED, check_succeeded, started
from web.predictors.documents import (
    LayerQuery,
    Suggestions,
    SuggestionsQuery,
    TrainingPhotoQuery,
    suggestions_of,
)
from web.predictors.use_cases import suggest_labels
from web.services import Services, current_services

api = Resource("photo predictors", "What predictors of photos show, and what they want to be taught next.")


_PNG: Final = Answer(
    "orange where the photo speaks for the answer, blue where against it", content_types=("image/png",)
)


@api.route("GET", "/jobs/<id>/explanation", query=LayerQuery, answers={200: _PNG}, problems=(404, 409))
def get_explanation(id: str, query: LayerQuery) -> Response:  # noqa: A002 - the name in the contract
    """See where in its photo a prediction found its evidence. Kept for a day."""
    services = current_services()
    job = read_job(services.unit_of_work, job_id(id))
    check_succeeded(job, JobKind.PREDICT, "This job explains no photo.")
    result = job.result_as(PredictionResult)
    name = None if result is None else result.explanation
    if name is None:
        raise NotFound("This job has explained no photo.")
    try:
        return blob_answer(
            services.blobs,
            blob_keys.explanation(name, query.layer),
            request,
            tag=f"{name}-{query.layer}",
            name="explanation",
        )
    except BlobNotFound as error:
        raise NotFound("The explanation is no longer kept: it was there for a day. Predict again.") from error


@api.route(
    "GET",
    "/predictors/<name>/photos/<int:number>",
    query=TrainingPhotoQuery,
    answers={200: Answer("the photo, small", content_types=("image/webp",))},
    problems=(404,),
)
def get_training_photo(name: str, number: int, query: TrainingPhotoQuery) -> Response:
    """See a photo of a zip that the card of a predictor names."""
    services = current_services()
    with services.unit_of_work.read() as connection:
        version = predictors.get_predictor(connection, name, query.version)
    card = version.card
    photo = card.photos.get(number) if isinstance(card, PhotoCard) else None
    if photo is None or not version.sha256.startswith(query.of or ""):
        raise NotFound("The card of this predictor names no such photo.")
    key = blob_keys.training_photo(version.sha256, number)
    try:
        return blob_answer(services.blobs, key, request, tag=f"{version.sha256}-{number}", name=photo.name)
    except BlobNotFound as error:
        raise NotFound("This photo is of the gallery, and to be found there.") from error


@api.route(
    "POST",
    "/predictors/<name>/label-next",
    query=SuggestionsQuery,
    answers={200: Answer("what to label next", Suggestions), 202: STARTED},
    problems=(401, 403, 404, 409, 422),
)
def post_label_next(name: str, query: SuggestionsQuery) -> Response | Document:
    """Ask which photos of the gallery to label next, so that a predictor learns most from them."""
    services = current_services()
    with services.unit_of_work.read() as connection:
        version = predictors.get_predictor(connection, name, query.version)
    job = suggest_labels(services, version, query.k, g.request_id)
    if job.status in ACTIVE:
        return started(job)
    if job.status is JobStatus.SUCCEEDED:
        return _suggestions(services, job)
    raise (ModelUnusable if job.error_code == ModelUnusable.code else VitrineError)(job.error_message)


def _suggestions(services: Services, job: JobRow) -> Suggestions:
    with services.unit_of_work.read() as connection:
        return Suggestions.of(job, images.get_images(connection, suggestions_of(job).images))
