"""Predictors of tables: columns in, a class or a number out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from shared.db.queries.predictors.predictors import VersionRow
from shared.errors import BadData, ModelUnusable
from shared.predictors.cards import Card, RegressionCard
from shared.predictors.documents import AUTO, PredictOrder, TrainOrder
from shared.predictors.features import Feature
from shared.predictors.metrics import RegressionMetrics
from shared.predictors.results import BatchPredictionResult, Input, PredictionResult, Reason
from shared.predictors.values import Value
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
    ) -> PredictionResult:
        features, values = version.features, order.values or {}
        row = matrix_of(features, [values])[0]
        columns = _most_important(features)
        explained = explain(model, row, usual_values(features), columns, len(version.card.classes))
        answer = answer_of(version.card, explained.predicted)
        return PredictionResult(
            prediction=answer.prediction,
            probabilities=answer.probabilities,
            interval=answer.interval,
            warnings=order.warnings,
            explanation=None,
            inputs=tuple(
                Input(feature.name, feature.label, feature.unit, values[feature.name]) for feature in features
            ),
            reasons=_reasons(version, values, columns, explained),
            reasons_about=REASONS_ABOUT,
            predictor=version.name,
            version=version.version,
            model=version.model,
        )

    def predict_table(self, model: Pipeline, version: VersionRow, data: bytes, progress: Progress) -> Table:
        card = version.card
        offsets = card.interval.offsets if isinstance(card, RegressionCard) else None
        predictor = Predictor(
            version.features, card.classes, offsets, lambda rows: predict(model, rows, len(card.classes))
        )
        batch = answer_table(BytesIO(data), predictor, progress)
        return Table(
            batch.csv,
            BatchPredictionResult(
                rows=batch.rows,
                failed=batch.failed,
                warned=batch.warned,
                ignored_columns=tuple(batch.ignored),
                predictor=version.name,
                version=version.version,
            ),
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


@dataclass(frozen=True, slots=True)
class TableAnswer:
    """Of labels, with their probabilities; of a number, with its interval."""

    prediction: str | float
    probabilities: dict[str, float] | None = None
    interval: tuple[float, float] | None = None


def answer_of(card: Card, predicted: NDArray[np.float64]) -> TableAnswer:
    """predicted: (classes,) probabilities, or the number as (1,)."""
    if isinstance(card, RegressionCard):
        low, high = card.interval.offsets
        number = float(predicted[0])
        return TableAnswer(number, interval=(number + low, number + high))
    return TableAnswer(
        card.classes[int(predicted.argmax())],
        probabilities=dict(zip(card.classes, predicted.tolist(), strict=True)),
    )


def _reasons(
    version: VersionRow, values: Mapping[str, Value], columns: NDArray[np.intp], explained: Explained
) -> tuple[Reason, ...]:
    """Strongest first; what made no difference is left out."""
    metrics = version.metrics
    least = _NEGLIGIBLE * (metrics.rmse if isinstance(metrics, RegressionMetrics) else 1.0)
    found = []
    for column, effect in zip(columns, explained.effects, strict=True):
        feature = version.features[column]
        if abs(effect) > least:
            found.append(Reason(feature.name, values[feature.name], feature.default, float(effect)))
    return tuple(sorted(found, key=lambda reason: -abs(reason.effect)))
