"""Orders in which points that lie near each other stand near each other."""

from concurrent.futures import Executor
from typing import Final

import numpy as np
from numpy.typing import NDArray

# Points in a cluster, on average.
_CLUSTER: Final = 64
_MOST_CLUSTERS: Final = 2048

# Points a time: their distances to all clusters (32 MB) are the most that is kept.
_ROWS: Final = 4096


def by_cluster(coarse: NDArray[np.float32], seed: int, pool: Executor) -> NDArray[np.intp]:
    """An order (m,) of the points `coarse` (m, r) in which those near each other stand near each other.

    Clusters by two steps of Lloyd's algorithm from random members, one after the other along a chain of neighbours.
    """
    count = min(max(len(coarse) // _CLUSTER, 1), _MOST_CLUSTERS)
    centres = coarse[np.random.default_rng(seed).choice(len(coarse), count, replace=False)]
    centres = _means(coarse, _nearest(coarse, centres, pool))
    position = np.empty(len(centres), dtype=np.intp)
    position[_chain(centres)] = np.arange(len(centres))
    return np.argsort(position[_nearest(coarse, centres, pool)], kind="stable")


def _nearest(points: NDArray[np.float32], centres: NDArray[np.float32], pool: Executor) -> NDArray[np.intp]:
    halves = np.square(centres).sum(axis=1) / 2
    found = np.empty(len(points), dtype=np.intp)

    def assign(start: int) -> None:
        block = slice(start, start + _ROWS)
        found[block] = (points[block] @ centres.T - halves).argmax(axis=1)

    for _ in pool.map(assign, range(0, len(points), _ROWS)):
        pass
    return found


def _means(points: NDArray[np.float32], groups: NDArray[np.intp]) -> NDArray[np.float32]:
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    sizes = np.diff(starts, append=len(order))
    sums = np.add.reduceat(points[order], starts, axis=0)
    means: NDArray[np.float32] = np.divide(sums, sizes[:, np.newaxis], dtype=np.float32, casting="same_kind")
    return means


def _chain(points: NDArray[np.float32]) -> NDArray[np.intp]:
    """An order of `points` (m, r): from the first, always on to the nearest that is left."""
    distances = np.square(points).sum(axis=1) / 2 - points @ points.T
    order = np.zeros(len(points), dtype=np.intp)
    for step in range(1, len(points)):
        distances[:, order[step - 1]] = np.inf
        order[step] = distances[order[step - 1]].argmin()
    return order
