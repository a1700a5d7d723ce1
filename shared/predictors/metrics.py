"""How good a predictor is on data that it has not seen, as versions keep it and as cards, pages and the API show it."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, TypeAlias

import msgspec
from msgspec import Meta

from shared.predictors.documents import Task
from shared.typed_json import from_json


class ClassificationScores(msgspec.Struct, frozen=True, kw_only=True):
    """Scores of labels."""

    accuracy: Annotated[float, Meta(description="share of right answers")]
    balanced_accuracy: Annotated[float, Meta(description="mean of the recall of each class")]
    log_loss: Annotated[float, Meta(description="mean surprise at the true label, in nats")]
    brier: Annotated[float, Meta(description="squared distance of the probabilities from the truth")]
    roc_auc: Annotated[
        float | None, Meta(description="of more than two classes the mean over each against the rest")
    ]


class ClassificationMetrics(ClassificationScores, frozen=True, kw_only=True):
    """Scores of labels on held-out rows."""

    rows: Annotated[int, Meta(description="how many were held out")]
    baseline: Annotated[
        ClassificationScores, Meta(description="what answering the shares of the classes has")
    ]


class PhotoMetrics(ClassificationMetrics, frozen=True, kw_only=True):
    """Scores of labels of held-out photos."""

    accuracy_interval: Annotated[tuple[float, float], Meta(description="95 %, by Wilson")]
    recall: Annotated[tuple[float, ...], Meta(description="of each class")]
    balanced_log_loss: Annotated[float, Meta(description="log loss, each class counting the same")]
    calibration_error: Annotated[float, Meta(description="expected calibration error")]


class RegressionScores(msgspec.Struct, frozen=True, kw_only=True):
    """Errors of numbers."""

    r2: Annotated[float | None, Meta(description="share of the variance that is explained")]
    mae: Annotated[float, Meta(description="mean absolute error")]
    rmse: Annotated[float, Meta(description="root mean squared error")]


class RegressionMetrics(RegressionScores, frozen=True, kw_only=True):
    """Errors of numbers on held-out rows."""

    rows: Annotated[int, Meta(description="how many were held out")]
    baseline: Annotated[RegressionScores, Meta(description="what answering the mean has")]


Metrics: TypeAlias = ClassificationMetrics | RegressionMetrics

METRICS: Final[Mapping[Task, type[Metrics]]] = {
    Task.CLASSIFICATION: ClassificationMetrics,
    Task.REGRESSION: RegressionMetrics,
    Task.IMAGE_CLASSIFICATION: PhotoMetrics,
}


def metrics_from(task: Task, stored: Mapping[str, Any]) -> Metrics:
    """The metrics of a stored version. Raises ValueError for what is none."""
    return from_json(stored, METRICS[task])


class Confusion(msgspec.Struct, frozen=True):
    """What was taken for what."""

    labels: Annotated[tuple[str, ...], Meta(description="the classes")]
    matrix: Annotated[
        tuple[tuple[int, ...], ...],
        Meta(description="held-out rows: a list for each true class, with a count for each predicted one"),
    ]


class RocCurve(msgspec.Struct, frozen=True):
    """Of one class against the rest."""

    label: str
    points: Annotated[
        tuple[tuple[float, float], ...], Meta(description="false and true positive rate, both from 0 to 1")
    ]


class CalibrationBin(msgspec.Struct, frozen=True, kw_only=True):
    """How often the answer was right, of the rows for which it was about as sure."""

    low: float
    high: float
    confidence: Annotated[float, Meta(description="how sure it was, on average")]
    accuracy: Annotated[float, Meta(description="how often it was right")]
    rows: int
