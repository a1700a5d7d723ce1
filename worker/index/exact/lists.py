"""Neighbour lists as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from worker.index.exact.topk import LOWEST

# What fills the end of a list when there are fewer than k other images.
NO_NEIGHBOUR: Final = -1
NO_SIMILARITY: Final = LOWEST


@dataclass(frozen=True)
class NeighbourLists:
    """The lists of some images.

    owners: (n,) int64. neighbours: (n, k) int64, padded at the end with -1. similarities: (n, k) float32, padded with
    -2.0. Raises ValueError for other shapes or dtypes.
    """

    owners: NDArray[np.int64]
    neighbours: NDArray[np.int64]
    similarities: NDArray[np.float32]

    def __post_init__(self) -> None:
        shape = self.neighbours.shape
        if len(shape) != 2 or self.similarities.shape != shape or self.owners.shape != shape[:1]:
            raise ValueError("Neighbour lists are owners (n,), neighbours (n, k) and similarities (n, k).")
        if self.owners.dtype != np.int64 or self.neighbours.dtype != np.int64:
            raise ValueError("Owners and neighbours are int64.")
        if self.similarities.dtype != np.float32:
            raise ValueError("Similarities are float32.")

    def __len__(self) -> int:
        return len(self.owners)

    @property
    def k(self) -> int:
        """Places in each list."""
        return int(self.neighbours.shape[1])

    @classmethod
    def none(cls, k: int) -> "NeighbourLists":
        """No lists, of `k` places."""
        return cls(np.empty(0, np.int64), np.empty((0, k), np.int64), np.empty((0, k), np.float32))

    def take(self, places: NDArray[np.intp]) -> "NeighbourLists":
        """The lists at `places`, in that order."""
        return NeighbourLists(self.owners[places], self.neighbours[places], self.similarities[places])

    def without(self, owners: NDArray[np.int64]) -> "NeighbourLists":
        """All but the lists of `owners`."""
        return self.take(np.flatnonzero(~np.isin(self.owners, owners)))


def concatenate(parts: Sequence[NeighbourLists]) -> NeighbourLists:
    """The lists of all `parts` (at least one, all of one k), one after the other."""
    return NeighbourLists(
        np.concatenate([part.owners for part in parts]),
        np.concatenate([part.neighbours for part in parts]),
        np.concatenate([part.similarities for part in parts]),
    )


def same_in_both(one: NeighbourLists, other: NeighbourLists) -> NDArray[np.int64]:
    """The owners whose lists are the same in both, to the last bit."""
    both, at_one, at_other = np.intersect1d(one.owners, other.owners, assume_unique=True, return_indices=True)
    differs = one.neighbours[at_one] != other.neighbours[at_other]
    differs |= one.similarities[at_one] != other.similarities[at_other]
    same: NDArray[np.int64] = both[~differs.any(axis=1)]
    return same


def count_changed(before: NeighbourLists, after: NeighbourLists) -> int:
    """How many owners have lists that differ in ids, order or similarity, or that only one of the two has.

    Raises ValueError if their k differ.
    """
    if before.k != after.k:
        raise ValueError(f"Lists of {before.k} and of {after.k} places cannot be compared.")
    every = np.union1d(before.owners, after.owners)
    return len(every) - len(same_in_both(before, after))
