"""How far two sets of neighbour lists are apart."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from worker.index.exact.neighbours import NO_NEIGHBOUR, NeighbourLists, same_in_both


class Drift(NamedTuple):
    """How far two sets of lists are apart; all zero when they are the same.

    lists_changed: owners whose lists differ in ids, order or similarity, or that only one set has. ids_changed: pairs of
    owner and neighbour that only one set has. max_similarity_gap: largest difference of a pair that both have.
    """

    lists_changed: int
    ids_changed: int
    max_similarity_gap: float


def drift(before: NeighbourLists, after: NeighbourLists) -> Drift:
    """What has changed from `before` to `after`. Raises ValueError if their k differ."""
    if before.k != after.k:
        raise ValueError(f"Lists of {before.k} and of {after.k} places cannot be compared.")
    same = same_in_both(before, after)
    before, after = before.without(same), after.without(same)
    named = (before.owners, before.neighbours, after.owners, after.neighbours)
    known = np.unique(np.concatenate([ids.ravel() for ids in named]))
    pairs_before, similarities_before = _pairs(before, known)
    pairs_after, similarities_after = _pairs(after, known)
    _, old, new = np.intersect1d(pairs_before, pairs_after, assume_unique=True, return_indices=True)
    gaps = np.abs(similarities_before[old] - similarities_after[new])
    return Drift(
        lists_changed=len(np.union1d(before.owners, after.owners)),
        ids_changed=len(pairs_before) + len(pairs_after) - 2 * len(old),
        max_similarity_gap=float(gaps.max(initial=0.0)),
    )


def _pairs(lists: NeighbourLists, known: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """A number for each pair of owner and neighbour, from their places in `known`, and its similarity."""
    owners, neighbours = np.searchsorted(known, lists.owners), np.searchsorted(known, lists.neighbours)
    there = lists.neighbours != NO_NEIGHBOUR
    return (owners[:, np.newaxis] * len(known) + neighbours)[there], lists.similarities[there]
