"""What a predictor's card says: how it was trained, how good it is, and what to beware of."""

from typing import Final

import numpy as np

from shared.predictors.cards import Candidate, Card, ClassificationCard, Interval, RegressionCard
from shared.predictors.documents import Task
from shared.predictors.metrics import ClassificationMetrics, Confusion, Metrics
from worker.predictors import measures
from worker.predictors.tables.algorithms.training import Training
from worker.predictors.tables.learning_table import LearningTable

# Below these, figures on held-out rows mean little: a row more or less moves them by percents.
FEW_ROWS: Final = 50
FEW_OF_A_CLASS: Final = 10
# How much better than knowing nothing a model must be to have learned something: a share of the baseline's loss.
WORTHWHILE: Final = 0.02


def metrics_of(table: LearningTable, training: Training) -> Metrics:
    """On held-out rows, with the baseline's beside them."""
    y = table.y[training.rows]
    if table.task is Task.CLASSIFICATION:
        return measures.classification_metrics(y, training.predicted)
    return measures.regression_metrics(y, training.predicted)


def confusion_of(table: LearningTable, training: Training) -> Confusion | None:
    if table.task is not Task.CLASSIFICATION:
        return None
    matrix = measures.confusion(table.y[training.rows], training.predicted)
    return Confusion(tuple(table.classes), tuple(map(tuple, matrix.tolist())))


def card_of(table: LearningTable, training: Training) -> Card:
    y = table.y[training.rows]
    candidates = tuple(Candidate(model, loss) for model, loss in training.scores.items())
    if table.task is Task.CLASSIFICATION:
        return ClassificationCard(
            target=table.target,
            classes=tuple(table.classes),
            left_out=tuple(table.left_out),
            skipped_rows=table.skipped,
            held_out=_how_held_out(training),
            candidates=candidates,
            warnings=_warnings(table, training),
            class_counts=tuple(np.bincount(table.y, minlength=len(table.classes)).tolist()),
            roc=measures.roc_curves(y, training.predicted, table.classes),
            calibration=measures.calibration(y, training.predicted),
        )
    residuals = y - training.predicted
    return RegressionCard(
        target=table.target,
        classes=(),
        left_out=tuple(table.left_out),
        skipped_rows=table.skipped,
        held_out=_how_held_out(training),
        candidates=candidates,
        warnings=_warnings(table, training),
        range=(float(table.y.min()), float(table.y.max())),
        interval=Interval(measures.COVERAGE, measures.interval_offsets(residuals)),
        residuals=tuple(np.quantile(residuals, [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1]).tolist()),
        pairs=measures.cloud(y, training.predicted),
    )


def _how_held_out(training: Training) -> str:
    if training.folds == 1:
        return "a fifth of the rows, chosen by chance"
    chosen = ", the model chosen again in each" if training.scores else ""
    return f"{training.folds}-fold cross-validation{chosen}"


def _warnings(table: LearningTable, training: Training) -> tuple[str, ...]:
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
        found.append(f"{table.skipped} rows had no value of {table.target.name} and were left out.")
    if table.unused:
        found.append(
            f"It was trained on {rows:,} rows, drawn by chance: the other {table.unused:,} were too many for these columns."
        )
    if not _is_worthwhile(metrics_of(table, training)):
        found.append(
            "It is hardly better than answering without looking at anything: these columns say little about "
            f"{table.target.name}."
        )
    return tuple(found)


def _is_worthwhile(metrics: Metrics) -> bool:
    if isinstance(metrics, ClassificationMetrics):
        loss, baseline = metrics.log_loss, metrics.baseline.log_loss
    else:
        loss, baseline = metrics.rmse, metrics.baseline.rmse
    return loss <= (1 - WORTHWHILE) * baseline
