"""What the self-join settles before it compares: who stands in for identical images, in what order, from what floors."""

from concurrent.futures import Executor
from typing import Final

import numpy as np
from numpy.typing import NDArray

from worker.algorithms import topk

# Images in a coarse cluster, on average.
_CLUSTER: Final = 64
_MOST_CLUSTERS: Final = 2048

# Neighbours in the order that are compared in full to find floors: more find better ones, and cost more.
_SEED_BLOCK: Final = 512

# Rows a time in passes over all vectors: 8 MB of float32 for 512 dimensions.
_ROWS: Final = 4096

# The rows and columns of the sample that the rank is chosen by.
_SAMPLE_ROWS: Final = 128
_SAMPLE_COLUMNS: Final = 4096

# The time that a look at the long sketches of one pair takes beside their product, and that of a look at its whole
# vectors (10 and 150 ns), in multiplications of a matrix product (40 a nanosecond).
_LOOK: Final = 400
_CLOSER_LOOK: Final = 6000


def stand_ins(targets: topk.Targets, k: int) -> NDArray[np.intp]:
    """Places (n,) of the targets whose lists are also those of the targets here: nearly always each its own.

    Of identical vectors, those with more than k before them in rank are in no list, because k others are just as similar
    to everything and come first. For the same reason, neither is the last of the k + 1 that come first, but in those of
    the k before it. So its list holds what theirs do, and it stands in for them. Without this, a gallery full of one
    picture would be compared pair by pair.
    """
    places = np.arange(len(targets.ranks))
    _, group, sizes = np.unique(_hashes(targets.vectors), return_inverse=True, return_counts=True)
    crowded = np.flatnonzero(sizes[group] > k + 1)
    order = crowded[np.lexsort((targets.ranks[crowded], group[crowded]))]
    for twins in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        bits = targets.vectors[twins].view(np.uint32)
        # Vectors that only share a hash are left as they are: the join is then slower, not wrong.
        if len(twins) and (bits == bits[0]).all():
            places[twins[k + 1 :]] = twins[k]
    return places


def _hashes(vectors: NDArray[np.float32]) -> NDArray[np.uint64]:
    """A number a vector, the same for the same bits: a dot product with random numbers, modulo 2^64."""
    factors = np.random.default_rng(0).integers(0, 2**64, vectors.shape[1], dtype=np.uint64)
    found = np.empty(len(vectors), dtype=np.uint64)
    for start in range(0, len(vectors), _ROWS):
        block = slice(start, start + _ROWS)
        np.matmul(vectors[block].view(np.uint32).astype(np.uint64), factors, out=found[block])
    return found


def choose_ranks(
    targets: topk.Targets, own: NDArray[np.intp], listed: NDArray[np.intp], k: int, axes: NDArray[np.float64]
) -> tuple[int, int] | None:
    """How many of `axes` (d, d) to make short and long sketches of; None if to compare whole vectors is cheaper.

    Looks at how many of some random pairs would call for a closer look, and weighs that against the matrix product.
    own, listed: places of the targets that search, and of those that are searched.
    """
    dimensions = len(axes)
    rows, columns = spread(own, _SAMPLE_ROWS), spread(listed, _SAMPLE_COLUMNS)
    keys = topk.search(topk.Queries(targets.vectors, rows, rows), targets, topk.no_keys(len(rows), k))
    floors = topk.unpack(keys[:, -1])[0][:, np.newaxis]
    left, right = targets.vectors[rows] @ axes, targets.vectors[columns] @ axes
    products = np.zeros((len(rows), len(columns)))
    looks: dict[int, float] = {}
    start = 0
    for rank in (*range(31, min(dimensions // 2, 128), 16), *range(159, dimensions // 2, 32)):
        products += left[:, start:rank] @ right[:, start:rank].T
        left_out = [np.sqrt(np.square(side[:, rank:]).sum(axis=1)) for side in (left, right)]
        # A pair is looked at if it reaches either of two floors.
        looks[rank] = 2 * float(np.mean(products + np.outer(*left_out) >= floors))
        start = rank
    costs = {
        (short, long): short + looks[short] * (_LOOK + 2 * long) + looks[long] * _CLOSER_LOOK
        for short in looks
        for long in looks
        if short < long
    }
    best = min(costs, key=costs.__getitem__, default=None)
    return best if best is not None and costs[best] < dimensions else None


def by_cluster(coarse: NDArray[np.float32], seed: int, pool: Executor) -> NDArray[np.intp]:
    """An order (m,) of the `coarse` sketches (m, r + 1) in which similar ones come near to each other.

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


def raise_floors(
    vectors: NDArray[np.float32],
    order: NDArray[np.intp],
    floors: NDArray[np.float32],
    k: int,
    pool: Executor,
) -> None:
    """Raises the `floors` (n,) of the places in `order` (m,), where it can; infinite ones stay.

    Each is compared with those next to it in the order. The k-th largest of the products, less the error of a product
    (`topk`), is what k similarities reach.
    """
    slack = np.float32(topk.margin(vectors.shape[1]))

    def compare(start: int) -> None:
        places = order[start : start + _SEED_BLOCK]
        own = np.flatnonzero(np.isfinite(floors[places]))
        if len(places) <= k or not len(own):
            return
        near = vectors[places]
        products = near[own] @ near.T
        products[np.arange(len(own)), own] = -np.inf
        products.partition(len(near) - k, axis=1)
        floors[places[own]] = np.maximum(floors[places[own]], products[:, len(near) - k] - slack)

    for _ in pool.map(compare, range(0, len(order), _SEED_BLOCK)):
        pass


def spread(places: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """At most `count` of `places`, drawn at random, the same each time."""
    if count >= len(places):
        return places
    return np.sort(np.random.default_rng(0).choice(places, count, replace=False))
