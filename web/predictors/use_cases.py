"""The use cases of predictors: having one trained, having it answer, and asking what to label next.

Data are guarded, then stored, then named in a job's row: an orphan blob is harmless, a row without its blob is not.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import BinaryIO, Final

from shared.db.queries.jobs import jobs
from shared.db.queries.jobs.jobs import JobRow, NewJob
from shared.db.queries.photos import images
from shared.db.queries.predictors.predictors import VersionRow
from shared.errors import BadData, BadParameter, TooLarge
from shared.jobs.kinds import JobKind
from shared.limits import MAX_FILE_BYTES, MAX_FILE_MEBIBYTES
from shared.predictors.documents import (
    AUTO,
    BatchOrder,
    PredictOrder,
    PredictorKind,
    SuggestOrder,
    Task,
    TrainOrder,
)
from shared.predictors.labelled_zip import open_labelled_zip
from shared.predictors.values import check_values
from shared.storage import keys as blob_keys
from shared.typed_json import to_json
from web.http.bodies.spool import Spool
from web.http.errors import BadValues, FieldProblem
from web.http.waiting import wait_for_job
from web.photos import inspect_photo
from web.predictors.requests import Question, TrainingRequest, image_of
from web.predictors.table_guard import inspect_batch_table, inspect_training_table
from web.services import Services

# As long as for a prediction: somebody is waiting.
SUGGESTION_SECONDS: Final = 10

# What is looked at before data are kept, a function a kind: (file, training) -> None. Raises BadData.
Guard = Callable[[BinaryIO, TrainingRequest], None]


def _guard_table(file: BinaryIO, training: TrainingRequest) -> None:
    inspect_training_table(file, training.target, training.task)


def _guard_zip(file: BinaryIO, _training: TrainingRequest) -> None:
    """Whether the zip holds labelled photos and nothing that hurts. The photos themselves are the worker's to read."""
    with open_labelled_zip(file):
        pass


GUARDS: Final[Mapping[PredictorKind, Guard]] = {
    PredictorKind.TABULAR: _guard_table,
    PredictorKind.IMAGE: _guard_zip,
}


def start_training(services: Services, training: TrainingRequest, request_id: str | None) -> JobRow:
    """Has a version of the predictor trained. Raises BadData, BadParameter, StorageUnavailable, DatabaseUnavailable."""
    kind = PredictorKind.TABULAR if training.task == AUTO else Task(training.task).kind
    if kind not in GUARDS:
        raise BadParameter("task", f"{training.task} cannot be trained here.")
    if training.data is not None:
        if kind is PredictorKind.TABULAR and training.data.size > MAX_FILE_BYTES:
            raise TooLarge(
                f"The table is larger than Vitrine takes. Send at most {MAX_FILE_MEBIBYTES} MiB, for example fewer rows."
            )
        GUARDS[kind](training.data.file, training)
        _store(services, training.data)
    order = TrainOrder(
        name=training.name,
        kind=kind.value,
        task=training.task,
        target=training.target,
        model=training.model,
        upload=None if training.data is None else training.data.sha256,
    )
    # The same training asked for twice, by an impatient click, is one.
    return _record(services, JobKind.TRAIN_PREDICTOR, order, request_id, once=True)


def start_prediction(
    services: Services, version: VersionRow, question: Question, request_id: str | None
) -> JobRow:
    """Has the version answer the question. Raises BadValues; of a photo, the guard's errors and ImageNotFound."""
    ask = _ask_about_photo if version.kind is PredictorKind.IMAGE else _ask_about_values
    order = ask(services, version, question)
    return _record(services, JobKind.PREDICT, order, request_id)


def _ask_about_values(_services: Services, version: VersionRow, question: Question) -> PredictOrder:
    if question.values is None:
        raise BadValues([FieldProblem("file", "This predictor takes values, not a photo.")])
    checked = check_values(version.features, question.values)
    if checked.problems:
        raise BadValues(FieldProblem(each.field, each.message) for each in checked.problems)
    return PredictOrder(
        version.predictor_id, version.version, values=checked.values, warnings=tuple(checked.warnings)
    )


def _ask_about_photo(services: Services, version: VersionRow, question: Question) -> PredictOrder:
    if question.photo is not None:
        inspect_photo(question.photo.file)
        _store(services, question.photo)
        return PredictOrder(version.predictor_id, version.version, upload=question.photo.sha256)
    image = image_of(question)
    with services.unit_of_work.read() as connection:
        images.get_image(connection, image)
    return PredictOrder(version.predictor_id, version.version, image=image)


def start_batch(services: Services, version: VersionRow, table: Spool, request_id: str | None) -> JobRow:
    """Has the version answer every row of the table. Raises BadData, StorageUnavailable, DatabaseUnavailable."""
    if version.kind is not PredictorKind.TABULAR:
        raise BadParameter("data", "This predictor takes photos, one a request, and no tables.")
    inspect_batch_table(table.file, [feature.name for feature in version.features])
    _store(services, table)
    order = BatchOrder(version.predictor_id, version.version, table.sha256)
    return _record(services, JobKind.PREDICT_BATCH, order, request_id)


def suggest_labels(services: Services, version: VersionRow, k: int, request_id: str | None) -> JobRow:
    """Has the k photos chosen that the version learns most from; waits for a moment until they are. Raises BadData."""
    if version.kind is not PredictorKind.IMAGE:
        raise BadData("name", "This predictor learns from tables, not from photos.")
    order = SuggestOrder(version.predictor_id, version.version, k)
    job = _record(services, JobKind.SUGGEST_LABELS, order, request_id)
    return wait_for_job(services.unit_of_work, services.waiters, job.id, SUGGESTION_SECONDS)


def _store(services: Services, spool: Spool) -> None:
    spool.file.seek(0)
    services.blobs.put(blob_keys.upload(spool.sha256), spool.file, "application/octet-stream")


def _record(
    services: Services, kind: JobKind, order: object, request_id: str | None, *, once: bool = False
) -> JobRow:
    key = f"{kind}:{_digest(order)}" if once else None
    new = NewJob(kind, payload=order, dedupe_key=key, request_id=request_id)
    with services.unit_of_work.begin() as transaction:
        return jobs.get_job(transaction.connection, jobs.create_job(transaction, new))


def _digest(order: object) -> str:
    return hashlib.sha256(json.dumps(to_json(order), sort_keys=True).encode()).hexdigest()
