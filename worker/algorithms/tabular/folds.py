"""Which rows are held out: folds of cross-validation, or one fifth of a large table."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import KFold, ShuffleSplit, StratifiedKFold, StratifiedShuffleSplit

from worker.algorithms.tabular.pipelines import SEED

Fold = tuple[NDArray[np.intp], NDArray[np.intp]]

OUTER: Final = 5
INNER: Final = 3
HELD_OUT: Final = 0.2


def cross_validation(y: NDArray[Any], classes: int, folds: int) -> list[Fold]:
    """(rows to learn from, rows held out) of each fold; every row is held out once, and classes keep their shares.

    As many folds as asked, or as the rarest class has rows; none where that is one.
    """
    if classes:
        folds = min(folds, int(np.bincount(y, minlength=classes).min()))
        splitter: Any = StratifiedKFold(folds, shuffle=True, random_state=SEED) if folds > 1 else None
    else:
        splitter = KFold(min(folds, len(y)), shuffle=True, random_state=SEED)
    return [] if splitter is None else list(splitter.split(np.zeros(len(y)), y))


def one_fifth(y: NDArray[Any], classes: int) -> list[Fold]:
    """One fold, which holds a fifth of the rows out."""
    kind: Any = StratifiedShuffleSplit if classes else ShuffleSplit
    return list(kind(1, test_size=HELD_OUT, random_state=SEED).split(np.zeros(len(y)), y))


def sample(count: int, most: int, y: NDArray[Any], classes: int) -> NDArray[np.intp]:
    """Positions of `most` of `count` rows by chance, of each class its share; all where there are no more."""
    if count <= most:
        return np.arange(count)
    kind: Any = StratifiedShuffleSplit if classes else ShuffleSplit
    chosen: NDArray[np.intp] = next(kind(1, train_size=most, random_state=SEED).split(np.zeros(count), y))[0]
    return np.sort(chosen)


def held_out(folds: Sequence[Fold]) -> NDArray[np.intp]:
    """The rows that the folds hold out, in their order."""
    return np.concatenate([rows for _, rows in folds])
