"""What a predictor's card says: how it was trained, how good it is, and what to beware of."""

from typing import Any, Final

import numpy as np

from shared.predictors.documents import Task
from worker.predictors import measures
from worker.predictors.tables.algorithms.training import Training
from worker.predictors.tables.learning_table import LearningTable

# Below these, figures on held-out rows mean little: a row more or less moves them by percents.
FEW_ROWS: Final = 50
FEW_OF_A_CLASS: Final = 10
# How much better than knowing nothing a model must be to have learned something: a share of the baseline's loss.
WORTHWHILE: Final = 0.02


def metrics_of(table: LearningTable, training: Training) -> dict[str, Any]:
    """On held-out rows, with the baseline's beside them."""
    y = table.y[training.rows]
    measure = (
        measures.classification_metrics if table.task is Task.CLASSIFICATION else measures.regression_metrics
    )
    return measure(y, training.predicted)


def confusion_of(table: LearningTable, training: Training) -> dict[str, Any] | None:
    if table.task is not Task.CLASSIFICATION:
        return None
    matrix = measures.confusion(table.y[training.rows], training.predicted)
    return {"labels": table.classes, "matrix": matrix.tolist()}


def card_of(table: LearningTable, training: Training) -> dict[str, Any]:
    """The document of docs/predictors.md, "The card"."""
    common = {
        "target": table.target,
        "classes": table.classes,
        "left_out": [{"name": each.name, "reason": each.reason} for each in table.left_out],
        "skipped_rows": table.skipped,
        "held_out": _how_held_out(training),
        "candidates": [{"model": model, "loss": loss} for model, loss in training.scores.items()],
        "warnings": _warnings(table, training),
    }
    y = table.y[training.rows]
    if table.task is Task.CLASSIFICATION:
        curves = [
            {"label": table.classes[curve["class"]], "points": curve["points"]}
            for curve in measures.roc_curves(y, training.predicted)
        ]
        counts = np.bincount(table.y, minlength=len(table.classes)).tolist()
        return common | {
            "class_counts": counts,
            "roc": curves,
            "calibration": measures.calibration(y, training.predicted),
        }
    residuals = y - training.predicted
    return common | {
        "range": [float(table.y.min()), float(table.y.max())],
        "interval": {
            "coverage": measures.COVERAGE,
            "offsets": list(measures.interval_offsets(residuals)),
        },
        "residuals": np.quantile(residuals, [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1]).tolist(),
        "pairs": measures.cloud(y, training.predicted),
    }


def _how_held_out(training: Training) -> str:
    if training.folds == 1:
        return "a fifth of the rows, chosen by chance"
    chosen = ", the model chosen again in each" if training.scores else ""
    return f"{training.folds}-fold cross-validation{chosen}"


def _warnings(table: LearningTable, training: Training) -> list[str]:
    found = []
    rows = len(table.y)
    if rows < FEW_ROWS:
        found.append(
            f"It was trained on {rows} rows, which is few. Its figures may be off by a lot; do not rely on its answers."
        )
    if table.task is Task.CLASSIFICATION:
        counts = np.bincount(table.y, minlength=len(table.classes))
        rare = [table.classes[place] for place in np.flatnonzero(counts < FEW_OF_A_CLASS)]
        if rare and rows >= FEW_ROWS:
            found.append(f"It has seen fewer than {FEW_OF_A_CLASS} rows of {', '.join(rare[:10])}.")
    if table.skipped:
        found.append(f"{table.skipped} rows had no value of {table.target['name']} and were left out.")
    if table.unused:
        found.append(
            f"It was trained on {rows:,} rows, drawn by chance: the other {table.unused:,} were too many for these columns."
        )
    if not _is_worthwhile(metrics_of(table, training)):
        found.append(
            "It is hardly better than answering without looking at anything: these columns say little about "
            f"{table.target['name']}."
        )
    return found


def _is_worthwhile(metrics: dict[str, Any]) -> bool:
    loss = "log_loss" if "log_loss" in metrics else "rmse"
    return bool(metrics[loss] <= (1 - WORTHWHILE) * metrics["baseline"][loss])
