"""How good predictions of held-out rows are, beside what a model without any knowledge would reach."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from msgspec.structs import asdict
from numpy.typing import NDArray
from sklearn.metrics import mean_absolute_error, r2_score, roc_auc_score, roc_curve, root_mean_squared_error

from shared.predictors.metrics import (
    CalibrationBin,
    ClassificationMetrics,
    ClassificationScores,
    RegressionMetrics,
    RegressionScores,
    RocCurve,
)
from worker.predictors.tables.algorithms.training import SMALLEST

CALIBRATION_BINS: Final = 10
# Curves and clouds of points are drawn, not computed with.
CURVE_POINTS: Final = 60
CLOUD_POINTS: Final = 300
# More curves than that cannot be told apart.
CURVES: Final = 8
# The share of true values that an interval is to hold.
COVERAGE: Final = 0.9


def classification_metrics(y: NDArray[np.int64], probabilities: NDArray[np.float64]) -> ClassificationMetrics:
    """y: (n,) classes from 0; probabilities: (n, classes). Figures that need two classes are None with one.

    The baseline answers the shares of the classes, and so always the most frequent.
    """
    classes = probabilities.shape[1]
    shares = np.bincount(y, minlength=classes) / len(y)
    return ClassificationMetrics(
        **asdict(_scores(y, probabilities, _roc_auc(y, probabilities))),
        rows=len(y),
        baseline=_scores(y, np.tile(shares, (len(y), 1)), 0.5),
    )


def _scores(
    y: NDArray[np.int64], probabilities: NDArray[np.float64], roc_auc: float | None
) -> ClassificationScores:
    matrix = confusion(y, probabilities)
    met = matrix.sum(axis=1)
    recalls = np.diag(matrix)[met > 0] / met[met > 0]
    of_truth = probabilities[np.arange(len(y)), y]
    truth = np.eye(probabilities.shape[1])[y]
    return ClassificationScores(
        accuracy=float(np.diag(matrix).sum() / len(y)),
        balanced_accuracy=float(recalls.mean()),
        log_loss=float(-np.log(np.clip(of_truth, SMALLEST, 1)).mean()),
        brier=float(np.square(probabilities - truth).sum(axis=1).mean()),
        roc_auc=roc_auc,
    )


def confusion(y: NDArray[np.int64], probabilities: NDArray[np.float64]) -> NDArray[np.int64]:
    """(classes, classes) counts: a row for each true class, a column for each predicted one."""
    classes = probabilities.shape[1]
    places = y * classes + probabilities.argmax(axis=1)
    return np.bincount(places, minlength=classes * classes).reshape(classes, classes)


def _roc_auc(y: NDArray[np.int64], probabilities: NDArray[np.float64]) -> float | None:
    """Of two classes the area under the curve, of more the mean over each against the rest."""
    classes = probabilities.shape[1]
    if len(np.unique(y)) < classes:
        return None
    if classes == 2:
        return float(roc_auc_score(y, probabilities[:, 1]))
    return float(np.mean([roc_auc_score(y == each, probabilities[:, each]) for each in range(classes)]))


def roc_curves(
    y: NDArray[np.int64], probabilities: NDArray[np.float64], labels: Sequence[str]
) -> tuple[RocCurve, ...]:
    """A curve for each class against the rest, of two classes for the second. labels: of the classes."""
    classes = probabilities.shape[1]
    shown = [1] if classes == 2 else range(min(classes, CURVES))
    curves = []
    for each in shown:
        truth = y == each
        if truth.all() or not truth.any():
            continue
        fpr, tpr, _ = roc_curve(truth, probabilities[:, each])
        kept = np.unique(np.linspace(0, len(fpr) - 1, CURVE_POINTS).round().astype(int))
        points = zip(fpr[kept].tolist(), tpr[kept].tolist(), strict=True)
        curves.append(RocCurve(labels[each], tuple(points)))
    return tuple(curves)


def calibration(y: NDArray[np.int64], probabilities: NDArray[np.float64]) -> tuple[CalibrationBin, ...]:
    """How often the answer was right, by how sure it was. Bins without rows are left out.

    Source: Guo et al., "On calibration of modern neural networks", ICML 2017.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == y
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    return tuple(
        CalibrationBin(
            low=each / CALIBRATION_BINS,
            high=(each + 1) / CALIBRATION_BINS,
            confidence=float(confidence[bins == each].mean()),
            accuracy=float(right[bins == each].mean()),
            rows=int((bins == each).sum()),
        )
        for each in np.unique(bins).tolist()
    )


def regression_metrics(y: NDArray[np.float64], predicted: NDArray[np.float64]) -> RegressionMetrics:
    """y, predicted: (n,). The baseline answers the mean."""
    baseline = _errors(y, np.full_like(y, y.mean()))
    return RegressionMetrics(**asdict(_errors(y, predicted)), rows=len(y), baseline=baseline)


def _errors(y: NDArray[np.float64], predicted: NDArray[np.float64]) -> RegressionScores:
    return RegressionScores(
        r2=float(r2_score(y, predicted)) if y.min() < y.max() else None,
        mae=float(mean_absolute_error(y, predicted)),
        rmse=float(root_mean_squared_error(y, predicted)),
    )


def interval_offsets(residuals: NDArray[np.float64]) -> tuple[float, float]:
    """What to add to a prediction for an interval that holds the true value in 90 % of cases.

    residuals: (n,) true minus predicted, of held-out rows. Their quantiles, a rank further out for the finite sample, as
    in split conformal prediction (Lei et al., JASA 113, 2018); with fewer than 19 rows, simply all that was seen.
    """
    ordered = np.sort(residuals)
    n = len(ordered)
    tail = (1 - COVERAGE) / 2
    low = max(0, int(np.floor(tail * (n + 1))) - 1)
    high = min(n - 1, int(np.ceil((1 - tail) * (n + 1))) - 1)
    return float(min(ordered[low], 0)), float(max(ordered[high], 0))


def cloud(y: NDArray[np.float64], predicted: NDArray[np.float64]) -> tuple[tuple[float, float], ...]:
    """(true, predicted) of some rows, for a plot of what the errors look like."""
    kept = np.unique(np.linspace(0, len(y) - 1, CLOUD_POINTS).round().astype(int))
    return tuple(zip(y[kept].tolist(), predicted[kept].tolist(), strict=True))
