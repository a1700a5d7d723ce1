"""The images that are searched: which vector has which id, and what keys mean as lists."""

import numpy as np
from numpy.typing import NDArray

from worker.index.exact.lists import NO_NEIGHBOUR, NeighbourLists
from worker.index.exact.topk import Targets, check_vectors, no_keys, pack, unpack


class Gallery:
    """Vectors (n, d) float32, L2-normalised (rows of zeros are allowed), and ids (n,) int64, unique, not negative.

    Raises ValueError for anything else.
    """

    def __init__(self, vectors: NDArray[np.float32], ids: NDArray[np.int64]) -> None:
        if ids.dtype != np.int64 or ids.shape != vectors.shape[:1]:
            raise ValueError(f"Ids are ({len(vectors)},) int64, not {ids.shape} {ids.dtype}.")
        by_id = np.argsort(ids)
        sorted_ids = ids[by_id]
        if len(ids) and (sorted_ids[0] < 0 or not np.diff(sorted_ids).all()):
            raise ValueError("Ids must be unique and not negative.")
        ranks = np.empty(len(ids), np.int64)
        ranks[by_id] = np.arange(len(ids))
        self.ids = ids
        self.targets = Targets(check_vectors(vectors), ranks)
        self._by_id, self._sorted_ids = by_id, sorted_ids

    def places(self, ids: NDArray[np.int64]) -> NDArray[np.intp]:
        """Where `ids` stand in the gallery. Raises ValueError for one that does not."""
        return self._by_id[self._ranks_of(ids)]

    def lists(self, places: NDArray[np.intp], keys: NDArray[np.int64]) -> NeighbourLists:
        """The lists of the images at `places` (m,), from their keys (m, k), sorted."""
        return NeighbourLists(self.ids[places], *self.neighbours(keys))

    def neighbours(self, keys: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The ids and similarities (m, k) in keys (m, k)."""
        similarities, ranks, filled = unpack(keys)
        neighbours = np.full(keys.shape, NO_NEIGHBOUR)
        neighbours[filled] = self._sorted_ids[ranks[filled]]
        return neighbours, similarities

    def keys(self, lists: NeighbourLists) -> NDArray[np.int64]:
        """The keys (m, k) of lists that name images of the gallery alone."""
        keys = no_keys(len(lists), lists.k)
        filled = lists.neighbours != NO_NEIGHBOUR
        keys[filled] = pack(lists.similarities[filled], self._ranks_of(lists.neighbours[filled]))
        return keys

    def _ranks_of(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        ranks = np.searchsorted(self._sorted_ids, ids)
        known = ranks < len(self._sorted_ids)
        known[known] = self._sorted_ids[ranks[known]] == ids[known]
        if not known.all():
            raise ValueError(f"Image {ids[~known][0]} is not in the gallery.")
        return ranks


def check_places(k: int) -> None:
    """Raises ValueError unless lists can have `k` places."""
    if k < 1:
        raise ValueError("k must be at least 1.")
