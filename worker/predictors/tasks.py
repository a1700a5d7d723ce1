"""What is the same for every kind of predictor: where models are kept, checked, and named."""

import hashlib

from shared.db.queries.predictors.predictors import NewVersion, get_version, save_version
from shared.db.unit_of_work import Transaction
from shared.errors import BlobNotFound, ModelUnusable, PredictorNotFound
from shared.predictors.documents import BatchOrder, PredictOrder, PredictorKind, TrainOrder
from shared.predictors.results import TrainingResult
from shared.storage import keys as blob_keys
from worker.lifecycle import ClaimedJob, JobResult
from worker.predictors.data import uploaded
from worker.predictors.kinds import kind_of
from worker.predictors.warm_models import WarmModel
from worker.services import Services


def train(services: Services, job: ClaimedJob) -> JobResult:
    """Learns from a table or from labelled photos. What comes of it is the newest version of the predictor's name."""
    order = job.order(TrainOrder)
    kind = PredictorKind(order.kind)
    trained = kind_of(kind).train(services, order, job.progress)
    sha256 = hashlib.sha256(trained.data).hexdigest()
    services.blobs.put(blob_keys.predictor(sha256), trained.data, "application/octet-stream")
    new = NewVersion(
        kind=kind,
        task=trained.task,
        target=order.target,
        model=trained.model,
        rows=trained.rows,
        features=trained.features,
        metrics=trained.metrics,
        confusion=trained.confusion,
        card=trained.card,
        sha256=sha256,
        bytes=len(trained.data),
        libraries=trained.libraries,
    )

    def write(transaction: Transaction) -> None:
        save_version(transaction.connection, order.name, new, job.claim.id)

    result = TrainingResult(predictor=order.name, model=new.model, task=new.task, metrics=new.metrics)
    return JobResult(result, write)


def predict(services: Services, job: ClaimedJob) -> JobResult:
    """Answers one form."""
    order = job.order(PredictOrder)
    warm = warm_model(services, order.predictor_id, order.version)
    return JobResult(kind_of(warm.version.kind).predict(services, warm.model, warm.version, order))


def predict_batch(services: Services, job: ClaimedJob) -> JobResult:
    """Answers every row of a table."""
    order = job.order(BatchOrder)
    warm = warm_model(services, order.predictor_id, order.version)
    data = uploaded(services, order.upload)
    table = kind_of(warm.version.kind).predict_table(warm.model, warm.version, data, job.progress)
    services.blobs.put(blob_keys.predictions(job.claim.id), table.csv, "text/csv")
    return JobResult(table.result)


def warm_model(services: Services, predictor_id: int, version: int) -> WarmModel:
    """The model of a version, read from the store where this process does not have it yet.

    Raises ModelUnusable and StorageUnavailable.
    """

    def read() -> WarmModel:
        try:
            with services.unit_of_work.read() as connection:
                row = get_version(connection, predictor_id, version)
        except PredictorNotFound as error:
            raise ModelUnusable("The predictor has been deleted meanwhile.") from error
        try:
            data = services.blobs.get(blob_keys.predictor(row.sha256))
        except BlobNotFound as error:
            raise ModelUnusable("The file of the model is gone. Train the predictor again.") from error
        if hashlib.sha256(data).hexdigest() != row.sha256:
            raise ModelUnusable(
                "The file of the model is not what was stored: its hash differs. Train the predictor again."
            )
        return WarmModel(row, kind_of(row.kind).load(data, row))

    return services.models.get(predictor_id, version, read)
