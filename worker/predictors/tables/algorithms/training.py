"""Choosing a model by cross-validation, measuring it on rows that neither it nor the choice has seen, fitting it on all.

Where the model is to be chosen, the choice is made again within each outer fold (nested cross-validation: Varma & Simon,
"Bias in error estimation when using cross-validation for model selection", BMC Bioinformatics 7:91, 2006), so the
figures are not flattered by it. Large tables hold out one fifth instead, and choose on a sample.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.inspection import permutation_importance
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from worker.predictors.tables.algorithms.folds import (
    INNER,
    OUTER,
    Fold,
    cross_validation,
    held_out,
    one_fifth,
    sample,
)
from worker.predictors.tables.algorithms.pipelines import SEED, Shape, pipeline

# Above these the folds of a cross-validation take minutes and say little more than one fifth does.
NESTED_ROWS: Final = 2_000
NESTED_CELLS: Final = 200_000
FOLDS_ROWS: Final = 20_000
# What a choice of the model looks at, at most.
CHOICE_ROWS: Final = 10_000
# Predictions that permutation importances may cost, and rows that each looks at.
PERMUTATIONS: Final = 300
PERMUTED_ROWS: Final = 1_000

# A class held to be impossible, and met, costs no more than this allows: the precision of a double.
SMALLEST: Final = 2.0**-52

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Data:
    """X: (n, d) float64 with gaps; y: (n,) int64 classes from 0, or float64; classes: 0 for a regression."""

    X: NDArray[np.float64]
    y: NDArray[Any]
    categories: Sequence[int]
    classes: int

    def take(self, rows: NDArray[np.intp]) -> "Data":
        return Data(self.X[rows], self.y[rows], self.categories, self.classes)

    def build(self, model: str) -> Pipeline:
        return pipeline(model, Shape(len(self.X), self.X.shape[1], self.categories, self.classes))


@dataclass(frozen=True, slots=True)
class Training:
    """What came of it.

    scores: of each candidate in cross-validation over all rows, less is better (log loss, or root mean squared error);
    empty where the model was named. rows: those held out, (m,); predicted: (m, classes) probabilities, or (m,) numbers,
    of models that did not see them; importances: (d,) how much worse the score gets when a column is shuffled.
    folds: 1 where one fifth was held out.
    """

    model: str
    fitted: Pipeline
    scores: dict[str, float]
    rows: NDArray[np.intp]
    predicted: NDArray[np.float64]
    importances: NDArray[np.float64]
    folds: int


def train(data: Data, candidates: Sequence[str], progress: Progress) -> Training:
    """Chooses among the candidates (one: it is taken), measures and fits. Every class has two rows at least."""
    with threadpool_limits(1):
        return _train(data, candidates, progress)


def _train(data: Data, candidates: Sequence[str], progress: Progress) -> Training:
    folds = _outer_folds(data, choosing=len(candidates) > 1)
    # A choice for each fold and one for all rows; then permutations, which take about as long as a fold.
    steps = _Steps(progress, 2 * len(folds) + 2)
    predicted, importances = [], []
    for seen, unseen in folds:
        known, unknown = data.take(seen), data.take(unseen)
        model, _ = choose(known, candidates)
        fitted = known.build(model).fit(known.X, known.y)
        predicted.append(predict(fitted, unknown.X, data.classes))
        steps.done()
        importances.append(_importances(fitted, unknown, len(folds)))
        steps.done()
    model, scores = choose(data, candidates)
    steps.done()
    fitted = data.build(model).fit(data.X, data.y)
    steps.done()
    return Training(
        model=model,
        fitted=fitted,
        scores=scores,
        rows=held_out(folds),
        predicted=np.concatenate(predicted),
        importances=np.mean(importances, axis=0),
        folds=len(folds),
    )


class _Steps:
    def __init__(self, progress: Progress, count: int) -> None:
        self._progress = progress
        self._count = count
        self._done = 0

    def done(self) -> None:
        self._done += 1
        self._progress(self._done / self._count)


def _outer_folds(data: Data, *, choosing: bool) -> list[Fold]:
    few = (
        len(data.y) <= NESTED_ROWS and data.X.size <= NESTED_CELLS if choosing else len(data.y) <= FOLDS_ROWS
    )
    if not few:
        return one_fifth(data.y, data.classes)
    return cross_validation(data.y, data.classes, OUTER)


def choose(data: Data, candidates: Sequence[str]) -> tuple[str, dict[str, float]]:
    """The simplest candidate (they come so ordered) that cross-validation cannot tell from the best, and their scores.

    That is, whose losses are not larger by more than one standard error of the difference, row by row (the rule of one
    standard error: Breiman et al., "Classification and Regression Trees", 1984). Small tables would otherwise get a
    model by chance. The first candidate where there is no other, or where there are too few rows to compare by.
    """
    if len(candidates) == 1:
        return candidates[0], {}
    some = data.take(sample(len(data.y), CHOICE_ROWS, data.y, data.classes))
    folds = cross_validation(some.y, some.classes, INNER)
    if not folds:
        return candidates[0], {}
    losses = {model: _losses(some, model, folds) for model in candidates}
    best = min(losses.values(), key=np.mean)
    chosen = next(model for model in candidates if _is_as_good(losses[model], best))
    return chosen, {model: _score(each, data.classes) for model, each in losses.items()}


def _is_as_good(losses: NDArray[np.float64], best: NDArray[np.float64]) -> bool:
    worse = losses - best
    return bool(worse.mean() <= worse.std() / np.sqrt(len(worse)))


def _score(losses: NDArray[np.float64], classes: int) -> float:
    return float(losses.mean() if classes else np.sqrt(losses.mean()))


def _losses(data: Data, model: str, folds: Sequence[Fold]) -> NDArray[np.float64]:
    """(n,) of each row when it was held out: minus the log of the probability of its class, or the squared error."""
    predicted = []
    for seen, unseen in folds:
        fitted = data.build(model).fit(data.X[seen], data.y[seen])
        predicted.append(predict(fitted, data.X[unseen], data.classes))
    truth, found = data.y[held_out(folds)], np.concatenate(predicted)
    losses: NDArray[np.float64] = (
        -np.log(np.clip(found[np.arange(len(truth)), truth], SMALLEST, 1))
        if data.classes
        else np.square(found - truth)
    )
    return losses


def predict(fitted: Pipeline, X: NDArray[np.float64], classes: int) -> NDArray[np.float64]:  # noqa: N803
    """(n, classes) probabilities that sum to 1, or (n,) numbers."""
    if not classes:
        numbers: NDArray[np.float64] = fitted.predict(X)
        return numbers
    probabilities = np.zeros((len(X), classes))
    probabilities[:, fitted.classes_] = fitted.predict_proba(X)
    return probabilities


def _importances(fitted: Pipeline, unseen: Data, folds: int) -> NDArray[np.float64]:
    """(d,): how much the score of rows that the model has not seen falls when a column is shuffled.

    The score is accuracy, or R2. Source: Breiman, "Random forests", Machine Learning 45, 2001.
    """
    columns = unseen.X.shape[1]
    repeats = max(1, min(5, PERMUTATIONS // (columns * folds)))
    some = unseen.take(sample(len(unseen.y), PERMUTED_ROWS, unseen.y, unseen.classes))
    if not unseen.classes and len(some.y) < 2:
        return np.zeros(columns)
    found = permutation_importance(fitted, some.X, some.y, n_repeats=repeats, random_state=SEED)
    importances: NDArray[np.float64] = found.importances_mean
    return importances
