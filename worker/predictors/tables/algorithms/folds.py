"""Which rows are held out: folds of cross-validation, or one fifth of a large table."""

import warnings
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import KFold, ShuffleSplit, StratifiedKFold, StratifiedShuffleSplit

from worker.predictors.tables.algorithms.pipelines import SEED

Fold = tuple[NDArray[np.intp], NDArray[np.intp]]

OUTER: Final = 5
INNER: Final = 3
HELD_OUT: Final = 0.2
# Below this, a class that a fold cannot learn is a good part of the table.
FEW_ROWS: Final = 50


def cross_validation(y: NDArray[Any], classes: int, folds: int) -> list[Fold]:
    """(rows to learn from, rows held out) of each fold; every row is held out once, and classes keep their shares.

    Of a few rows as many folds as the rarest class has rows, so that each is learned from in all of them; none where a
    fold would have one class to learn from.
    """
    if not classes:
        return list(KFold(min(folds, len(y)), shuffle=True, random_state=SEED).split(y))
    rarest = int(np.bincount(y, minlength=classes).min())
    if len(y) < FEW_ROWS:
        folds = min(folds, rarest)
    if folds < 2:
        return []
    with warnings.catch_warnings():
        # It would rather have as many rows of each class as folds. A class without a row to learn from is answered never.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        found = list(StratifiedKFold(folds, shuffle=True, random_state=SEED).split(y, y))
    return found if all(len(np.unique(y[seen])) > 1 for seen, _ in found) else []


def one_fifth(y: NDArray[Any], classes: int) -> list[Fold]:
    """One fold, which holds a fifth of the rows out."""
    kind: Any = StratifiedShuffleSplit if classes else ShuffleSplit
    return list(kind(1, test_size=HELD_OUT, random_state=SEED).split(np.zeros(len(y)), y))


def sample(count: int, most: int, y: NDArray[Any], classes: int) -> NDArray[np.intp]:
    """Positions of about `most` of `count` rows by chance; all where there are no more.

    Of each class its share, and two rows at least, as far as it has them.
    """
    if count <= most:
        return np.arange(count)
    random = np.random.default_rng(SEED)
    if not classes:
        return np.sort(random.choice(count, most, replace=False))
    kept = []
    for each in range(classes):
        rows = np.flatnonzero(y == each)
        wanted = max(2, round(len(rows) * most / count))
        kept.append(random.choice(rows, min(wanted, len(rows)), replace=False))
    return np.sort(np.concatenate(kept))


def held_out(folds: Sequence[Fold]) -> NDArray[np.intp]:
    """The rows that the folds hold out, in their order."""
    return np.concatenate([rows for _, rows in folds])
