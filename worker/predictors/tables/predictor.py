"""Predictors of tables: columns in, a class or a number out."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from shared.db.queries.predictors.predictors import VersionRow
from shared.errors import BadData, ModelUnusable
from shared.predictors.documents import AUTO, PredictOrder, Task, TrainOrder
from shared.predictors.features import Feature
from worker.lifecycle import Progress
from worker.predictors.data import uploaded
from worker.predictors.kind import Table, Trained
from worker.predictors.tables.algorithms import storage
from worker.predictors.tables.algorithms.answers import MOST_REASONS, Explained, explain
from worker.predictors.tables.algorithms.pipelines import names
from worker.predictors.tables.algorithms.training import Data, predict, train
from worker.predictors.tables.batches import Predictor, answer_table
from worker.predictors.tables.card import card_of, confusion_of, metrics_of
from worker.predictors.tables.learning_table import LearningTable, read_learning_table
from worker.predictors.tables.matrix import matrix_of, usual_values
from worker.services import Services

# The share of a training that comes before the first model: reading the table.
_READ: Final = 0.1
# An effect that nobody could see in the answer: of a probability, or as a share of the usual error.
_NEGLIGIBLE: Final = 0.0005

REASONS_ABOUT: Final = (
    "Each effect is how far the answer moves when the value takes the place of what is usual in the training data: the "
    "mean of two cases, all other values as given and all others as usual."
)


class Tabular:
    """What worker/predictors/kind.py asks of a kind."""

    def train(self, services: Services, order: TrainOrder, progress: Progress) -> Trained:
        table = read_learning_table(BytesIO(uploaded(services, order.upload or "")), order.target, order.task)
        progress(_READ)
        data = Data(table.X, table.y, table.categories, len(table.classes))
        training = train(
            data, _candidates(table, order.model), lambda share: progress(_READ + (1 - _READ) * share)
        )
        features = [
            msgspec.structs.replace(feature, importance=float(importance))
            for feature, importance in zip(table.features, training.importances, strict=True)
        ]
        return Trained(
            data=storage.dump(training.fitted),
            task=table.task,
            model=training.model,
            rows=len(table.y),
            features=features,
            metrics=metrics_of(table, training),
            confusion=confusion_of(table, training),
            card=card_of(table, training),
            libraries=storage.libraries(),
        )

    def load(self, data: bytes, version: VersionRow) -> Pipeline:
        now = storage.libraries()
        if _release(version.libraries["scikit-learn"]) != _release(now["scikit-learn"]):
            raise ModelUnusable(
                f"This model was made with scikit-learn {version.libraries['scikit-learn']}, and {now['scikit-learn']} "
                "runs here, which might read it wrongly. Train the predictor again."
            )
        try:
            return storage.load(data)
        except storage.UnknownContent as error:
            raise ModelUnusable(
                f"The stored model is refused: {error}. Train the predictor again."
            ) from error

    def predict(
        self,
        services: Services,  # noqa: ARG002 - other kinds fetch photos with it
        model: Pipeline,
        version: VersionRow,
        order: PredictOrder,
    ) -> dict[str, Any]:
        features, values = version.features, order.values or {}
        row = matrix_of(features, [values])[0]
        columns = _most_important(features)
        classes = version.card["classes"]
        explained = explain(model, row, usual_values(features), columns, len(classes))
        return {
            **answer_of(version, explained.predicted),
            "warnings": [*order.warnings],
            "explanation": None,
            "inputs": [
                {
                    "name": feature.name,
                    "label": feature.label,
                    "unit": feature.unit,
                    "value": values[feature.name],
                }
                for feature in features
            ],
            "reasons": _reasons(version, values, columns, explained),
            "reasons_about": REASONS_ABOUT,
        }

    def predict_table(self, model: Pipeline, version: VersionRow, data: bytes, progress: Progress) -> Table:
        classes = version.card["classes"]
        offsets = None if classes else tuple(version.card["interval"]["offsets"])
        predictor = Predictor(
            version.features, classes, offsets, lambda rows: predict(model, rows, len(classes))
        )
        batch = answer_table(BytesIO(data), predictor, progress)
        return Table(
            batch.csv,
            {
                "rows": batch.rows,
                "failed": batch.failed,
                "warned": batch.warned,
                "ignored_columns": batch.ignored,
            },
        )


def _candidates(table: LearningTable, model: str) -> list[str]:
    able = names(len(table.classes))
    if model == AUTO:
        return able
    if model not in able:
        raise BadData(
            "model",
            f"{model} cannot do a {table.task.value}, which this table asks for. Choose {', '.join(able)}.",
        )
    return [model]


def _release(version: str) -> list[str]:
    """Major and minor part: within them scikit-learn keeps its models readable."""
    return version.split(".")[:2]


def _most_important(features: Sequence[Feature]) -> NDArray[np.intp]:
    importances = np.array([feature.importance or 0.0 for feature in features])
    return np.argsort(-importances, kind="stable")[:MOST_REASONS]


def answer_of(version: VersionRow, predicted: NDArray[np.float64]) -> dict[str, Any]:
    """predicted: (classes,) probabilities, or the number as (1,)."""
    if version.task is Task.CLASSIFICATION:
        classes = version.card["classes"]
        return {
            "prediction": classes[int(predicted.argmax())],
            "probabilities": {label: float(p) for label, p in zip(classes, predicted, strict=True)},
            "interval": None,
        }
    low, high = version.card["interval"]["offsets"]
    number = float(predicted[0])
    return {"prediction": number, "probabilities": None, "interval": [number + low, number + high]}


def _reasons(
    version: VersionRow, values: dict[str, Any], columns: NDArray[np.intp], explained: Explained
) -> list[dict[str, Any]]:
    """Strongest first; what made no difference is left out."""
    least = _NEGLIGIBLE * (1.0 if version.confusion is not None else version.metrics["rmse"])
    found = []
    for column, effect in zip(columns, explained.effects, strict=True):
        feature = version.features[column]
        if abs(effect) > least:
            name = feature.name
            found.append(
                {"name": name, "value": values[name], "usual": feature.default, "effect": float(effect)}
            )
    return sorted(found, key=lambda reason: -abs(reason["effect"]))
