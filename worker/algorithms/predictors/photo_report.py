"""How good a classifier of photos is, from what was said about photos that it had not seen."""

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    confusion_matrix,
    roc_auc_score,
    roc_curve,
)

from worker.algorithms.predictors.photo_classifier import balanced_log_loss

# Ten bins of equal width are what reliability diagrams have; few photos leave most of more bins empty.
BINS: Final = 10
# A curve is drawn a few hundred pixels wide.
_CURVE_POINTS: Final = 101
_NORMAL_95: Final = 1.959963985


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """Figures fit for JSON.

    metrics: numbers, and those of a `baseline` that does not look; cells: for true class i and answer j the places of the
    photos, those first of which the classifier was surest; calibration: bins by the probability of the answer; roc: points
    (false, true positive rate) a class, each against all others.
    """

    metrics: dict[str, Any]
    matrix: list[list[int]]
    cells: list[list[list[int]]]
    calibration: list[dict[str, float]]
    roc: list[list[list[float]]]


def report(held_out: NDArray[np.float64], classes: NDArray[np.intp]) -> Report:
    """held_out: (n, k) probabilities, rows sum to 1; classes: (n,), each of 0..k-1 at least once, k >= 2."""
    answers = held_out.argmax(axis=1)
    bins = _calibration(held_out.max(axis=1), answers == classes)
    return Report(
        metrics=_metrics(held_out, classes, answers) | {"calibration_error": _calibration_error(bins)},
        matrix=confusion_matrix(classes, answers, labels=range(held_out.shape[1])).tolist(),
        cells=_cells(held_out, classes, answers),
        calibration=bins,
        roc=[_curve(classes == one, held_out[:, one]) for one in range(held_out.shape[1])],
    )


def _metrics(
    held_out: NDArray[np.float64], classes: NDArray[np.intp], answers: NDArray[np.intp]
) -> dict[str, Any]:
    n, k = held_out.shape
    right = int((answers == classes).sum())
    by_class = [float((answers[classes == one] == one).mean()) for one in range(k)]
    return {
        "accuracy": float(accuracy_score(classes, answers)),
        "accuracy_interval": list(wilson_interval(right, n)),
        "balanced_accuracy": float(balanced_accuracy_score(classes, answers)),
        "recall": by_class,
        "roc_auc": _area(held_out, classes),
        "log_loss": balanced_log_loss(held_out, classes),
        "baseline": {
            "accuracy": float(np.bincount(classes).max() / n),
            "balanced_accuracy": 1 / k,
            "roc_auc": 0.5,
            "log_loss": math.log(k),
        },
    }


def _area(held_out: NDArray[np.float64], classes: NDArray[np.intp]) -> float:
    """Area under the ROC curve; of more than two classes, the mean over them, each against all others."""
    areas = [roc_auc_score(classes == one, held_out[:, one]) for one in range(held_out.shape[1])]
    return float(np.mean(areas))


def wilson_interval(right: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share of `right` in `n` >= 1 (Wilson, 1927): honest for few and for shares near 1."""
    share, square = right / n, _NORMAL_95**2
    middle = (share + square / (2 * n)) / (1 + square / n)
    reach = _NORMAL_95 / (1 + square / n) * math.sqrt(share * (1 - share) / n + square / (4 * n * n))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def _calibration(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> list[dict[str, float]]:
    """Bins of equal width that hold photos: how sure the classifier was there, and how often it was right."""
    places = np.minimum((confidence * BINS).astype(np.intp), BINS - 1)
    return [
        {
            "from": one / BINS,
            "to": (one + 1) / BINS,
            "count": int((places == one).sum()),
            "confidence": float(confidence[places == one].mean()),
            "accuracy": float(right[places == one].mean()),
        }
        for one in np.unique(places).tolist()
    ]


def _calibration_error(bins: list[dict[str, float]]) -> float:
    """Expected calibration error: the mean distance between confidence and accuracy, weighted by photos."""
    photos = sum(each["count"] for each in bins)
    return sum(each["count"] * abs(each["confidence"] - each["accuracy"]) for each in bins) / photos


def _cells(
    held_out: NDArray[np.float64], classes: NDArray[np.intp], answers: NDArray[np.intp]
) -> list[list[list[int]]]:
    surest_first = np.argsort(-held_out.max(axis=1), kind="stable")
    k = held_out.shape[1]
    cells: list[list[list[int]]] = [[[] for _ in range(k)] for _ in range(k)]
    for place in surest_first.tolist():
        cells[classes[place]][answers[place]].append(place)
    return cells


def _curve(positive: NDArray[np.bool_], probabilities: NDArray[np.float64]) -> list[list[float]]:
    false_rate, true_rate, _ = roc_curve(positive, probabilities)
    if len(false_rate) > _CURVE_POINTS:
        kept = np.unique(np.linspace(0, len(false_rate) - 1, _CURVE_POINTS).astype(np.intp))
        false_rate, true_rate = false_rate[kept], true_rate[kept]
    return [[round(float(x), 4), round(float(y), 4)] for x, y in zip(false_rate, true_rate, strict=True)]
