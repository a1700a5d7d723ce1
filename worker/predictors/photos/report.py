"""How good a classifier of photos is, from what was said about photos that it had not seen."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from msgspec.structs import asdict
from numpy.typing import NDArray

from shared.predictors.metrics import CalibrationBin, Confusion, PhotoMetrics, RocCurve
from worker.predictors import measures
from worker.predictors.photos.algorithms.classifier import balanced_log_loss

_NORMAL_95: Final = 1.959963985


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """cells: for true class i and answer j the places of the photos, those first of which the classifier was surest."""

    metrics: PhotoMetrics
    confusion: Confusion
    cells: list[list[list[int]]]
    calibration: tuple[CalibrationBin, ...]
    roc: tuple[RocCurve, ...]


def report(held_out: NDArray[np.float64], classes: NDArray[np.intp], labels: Sequence[str]) -> Report:
    """held_out: (n, k) probabilities, rows sum to 1; classes: (n,), each of 0..k-1 at least once; labels: k >= 2."""
    matrix = measures.confusion(classes, held_out)
    bins = measures.calibration(classes, held_out)
    right, n = int(np.diag(matrix).sum()), len(classes)
    of_any = measures.classification_metrics(classes, held_out)
    metrics = PhotoMetrics(
        **asdict(of_any),
        accuracy_interval=wilson_interval(right, n),
        recall=tuple((np.diag(matrix) / matrix.sum(axis=1)).tolist()),
        balanced_log_loss=balanced_log_loss(held_out, classes),
        calibration_error=_calibration_error(bins),
    )
    return Report(
        metrics=metrics,
        confusion=Confusion(tuple(labels), tuple(map(tuple, matrix.tolist()))),
        cells=_cells(held_out, classes),
        calibration=bins,
        roc=measures.roc_curves(classes, held_out, labels),
    )


def wilson_interval(right: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share of `right` in `n` >= 1 (Wilson, 1927): honest for few and for shares near 1."""
    share, square = right / n, _NORMAL_95**2
    middle = (share + square / (2 * n)) / (1 + square / n)
    reach = _NORMAL_95 / (1 + square / n) * math.sqrt(share * (1 - share) / n + square / (4 * n * n))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def _calibration_error(bins: Sequence[CalibrationBin]) -> float:
    """Expected calibration error: the mean distance between confidence and accuracy, weighted by photos."""
    photos = sum(each.rows for each in bins)
    return sum(each.rows * abs(each.confidence - each.accuracy) for each in bins) / photos


def _cells(held_out: NDArray[np.float64], classes: NDArray[np.intp]) -> list[list[list[int]]]:
    answers = held_out.argmax(axis=1)
    surest_first = np.argsort(-held_out.max(axis=1), kind="stable")
    k = held_out.shape[1]
    cells: list[list[list[int]]] = [[[] for _ in range(k)] for _ in range(k)]
    for place in surest_first.tolist():
        cells[classes[place]][answers[place]].append(place)
    return cells
