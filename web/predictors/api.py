"""Predictors: training them, asking them, and what they know about themselves."""

from typing import Final

from flask import Response, g, request

from shared.db.queries.jobs.jobs import JobRow
from shared.db.queries.predictors import predictors
from shared.db.queries.predictors.predictors import VersionRow
from shared.errors import (
    BadDimensions,
    BlobNotFound,
    Conflict,
    ModelUnusable,
    NotFound,
    TooComplex,
    TooManyPixels,
    Unreadable,
    VitrineError,
)
from shared.jobs.kinds import ACTIVE, JobKind, JobStatus
from shared.limits import MEBIBYTE
from shared.storage.keys import predictions
from web.http import cursors
from web.http.documents import Document
from web.http.ids import job_id
from web.http.routing import Answer, Resource
from web.http.waiting import read_job, wait_for_job
from web.jobs import PREFER, STARTED, check_succeeded, started, started_and_awaited
from web.photos import PhotoForm
from web.predictors.documents import (
    BatchForm,
    CurrentVersion,
    DeletionQuery,
    Models,
    Prediction,
    Predictor,
    PredictorCard,
    PredictorPage,
    PredictorsQuery,
    TrainingForm,
    ValuesBody,
    VersionQuery,
    prediction_result,
)
from web.predictors.requests import received_question, received_table, received_training
from web.predictors.use_cases import start_batch, start_prediction, start_training
from web.services import Services, current_services

api = Resource("predictors", "Models trained from tables or labelled photos, and what they predict.")

# Longer than any prediction that is not stuck behind something; then there is a job to ask about.
PREDICTION_SECONDS: Final = 10

# How a prediction may fail for good. Anything else is Vitrine's own trouble.
_FAILURES: Final = {
    kind.code: kind for kind in (ModelUnusable, Unreadable, TooManyPixels, TooComplex, BadDimensions)
}


@api.route(
    "POST",
    "/predictors",
    forms={"multipart/form-data": TrainingForm},
    answers={202: STARTED},
    problems=(400, 401, 403, 413, 415, 422, 503),
    headers=PREFER,
)
def post_predictor() -> Response:
    """Train a predictor, or a new version of one: it appears when the job has succeeded."""
    services = current_services()
    with received_training(request, services.settings.zip_megabytes * MEBIBYTE) as training:
        job = start_training(services, training, g.request_id)
    return started_and_awaited(services, job.id)


@api.route("GET", "/predictors/models", answers={200: Answer("the models", Models)})
def list_models() -> Models:
    """List what can be trained."""
    return Models.all()


@api.route(
    "GET",
    "/predictors",
    query=PredictorsQuery,
    answers={200: Answer("a page of predictors", PredictorPage)},
)
def list_predictors(query: PredictorsQuery) -> PredictorPage:
    """List predictors by name, each in its current version."""
    after, limit = cursors.decode_name(query.cursor), query.limit
    with current_services().unit_of_work.read() as connection:
        found, total = predictors.list_predictors(connection, limit + 1, after)
    last = found[limit - 1].name if len(found) > limit else None
    items = tuple(map(Predictor.of, found[:limit]))
    return PredictorPage(items=items, next=cursors.encode_name(last), total=total)


@api.route(
    "GET",
    "/predictors/<name>",
    query=VersionQuery,
    answers={200: Answer("the predictor", PredictorCard)},
    problems=(404,),
)
def get_predictor(name: str, query: VersionQuery) -> PredictorCard:
    """Get a predictor with its card and its history."""
    return _card(name, query.version)


def _card(name: str, version: int | None = None) -> PredictorCard:
    with current_services().unit_of_work.read() as connection:
        row = predictors.get_predictor(connection, name, version)
        versions = predictors.list_versions(connection, row.predictor_id)
    return PredictorCard.of_versions(row, versions)


@api.route(
    "PATCH",
    "/predictors/<name>",
    body=CurrentVersion,
    answers={200: Answer("the predictor, in that version", PredictorCard)},
    problems=(401, 403, 404, 415),
)
def patch_predictor(name: str, body: CurrentVersion) -> PredictorCard:
    """Make a version the current one, older or newer."""
    with current_services().unit_of_work.begin() as transaction:
        predictors.make_current(transaction.connection, name, body.version)
    return _card(name)


@api.route(
    "DELETE",
    "/predictors/<name>",
    query=DeletionQuery,
    answers={204: Answer("it is gone")},
    problems=(401, 403, 404, 409),
)
def delete_predictor(name: str, query: DeletionQuery) -> Response:
    """Delete a predictor with all of its versions, or one of them that is not the current one."""
    with current_services().unit_of_work.begin() as transaction:
        if query.version is None:
            predictors.delete_predictor(transaction, name)
        else:
            predictors.delete_version(transaction.connection, name, query.version)
    return Response(status=204)


@api.route(
    "POST",
    "/predictors/<name>/predict",
    query=VersionQuery,
    forms={
        "application/json": ValuesBody,
        "application/x-www-form-urlencoded": ValuesBody,
        "multipart/form-data": PhotoForm,
    },
    answers={200: Answer("the prediction", Prediction), 202: STARTED},
    problems=(401, 403, 404, 409, 413, 415, 422, 503),
)
def post_prediction(name: str, query: VersionQuery) -> Response | Document:
    """Predict for a value of each feature, or for a photo (a file, or {"image": id} of the gallery)."""
    services = current_services()
    version = _version(services, name, query.version)
    with received_question(request) as question:
        job = start_prediction(services, version, question, g.request_id)
    return _prediction(wait_for_job(services.unit_of_work, services.waiters, job.id, PREDICTION_SECONDS))


def _version(services: Services, name: str, version: int | None) -> VersionRow:
    with services.unit_of_work.read() as connection:
        return predictors.get_predictor(connection, name, version)


def _prediction(job: JobRow) -> Response | Document:
    if job.status in ACTIVE:
        return started(job)
    if job.status is JobStatus.SUCCEEDED:
        return prediction_result(job)
    if job.status is JobStatus.CANCELLED:
        raise Conflict("The prediction was cancelled.")
    raise _FAILURES.get(job.error_code or "", VitrineError)(job.error_message)


@api.route(
    "POST",
    "/predictors/<name>/predict-batch",
    query=VersionQuery,
    forms={"multipart/form-data": BatchForm},
    answers={202: STARTED},
    problems=(400, 401, 403, 404, 413, 415, 422, 503),
    headers=PREFER,
)
def post_predictions(name: str, query: VersionQuery) -> Response:
    """Predict for every row of a table: the job's result links a CSV file, which is kept for a day."""
    services = current_services()
    version = _version(services, name, query.version)
    with received_table(request) as table:
        job = start_batch(services, version, table, g.request_id)
    return started_and_awaited(services, job.id)


@api.route(
    "GET",
    "/jobs/<id>/predictions",
    answers={200: Answer("the table with its predictions", content_types=("text/csv",))},
    problems=(404, 409),
)
def get_predictions(id: str) -> Response:  # noqa: A002 - the name in the contract
    """Download the table that a batch of predictions made."""
    services = current_services()
    job = read_job(services.unit_of_work, job_id(id))
    check_succeeded(job, JobKind.PREDICT_BATCH, "This job makes no table of predictions.")
    return _download(services, job)


def _download(services: Services, job: JobRow) -> Response:
    try:
        data = services.blobs.get(predictions(job.id))
    except BlobNotFound as error:
        raise NotFound("The table is no longer kept: it was there for a day. Predict again.") from error
    response = Response(data, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="predictions.csv"'
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
