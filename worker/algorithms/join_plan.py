"""What the tiles of a self-join agree on before they compare: who stands in for identical images, in what order images
stand, from what floors their lists begin, and their codes.

It costs a small part of the join, is made once, and every tile on every machine works from it.
"""

from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from worker.algorithms import integer_products, topk
from worker.algorithms.cluster_order import by_cluster
from worker.algorithms.codes import MOST_DIMENSIONS, Axes, Codes, encode, make_frame, principal_axes

# Principal axes that clusters are found by, and how often that is done. Two clusterings cut through different groups of
# look-alikes: few are cut twice, and only those begin with low floors.
_COARSE_AXES: Final = 32
_CLUSTERINGS: Final = 2

# Neighbours in the order that are compared in full to find floors: more find better ones, and cost more.
_SEED_BLOCK: Final = 512

# Rows a time in passes over all vectors: 8 MB of float32 for 512 dimensions.
_ROWS: Final = 4096

# Vectors that the principal axes and the frame of the codes are made of.
_SAMPLE: Final = 4096
_FRAME_SAMPLE: Final = 256

# Numbers in a code. Multiples of 64 fill the registers of every unit that multiplies them.
_SIZES: Final = (64, 128, 192, 256, 384, 512, 768, 1024)
# The rows and columns of the sample that the size is chosen by.
_SAMPLE_ROWS: Final = 128
_SAMPLE_COLUMNS: Final = 1024
# Nanoseconds that a closer look at a pair takes: two vectors from somewhere in memory, and their product.
_LOOK: Final = 100

# Below so many images, what a plan takes is not won back; plain blocks take less than half a second there.
_LEAST: Final = 6000

ChooseSize = Callable[[topk.Targets, NDArray[np.intp], int, Axes], int]


@dataclass(frozen=True, slots=True)
class JoinPlan:
    """stand_ins: (n,) the place of the image whose list is also that of the image here, nearly always its own.

    order: (m,) the places that stand in, look-alikes near each other; places in the order are what tiles are cut from.
    floors: (m,) float32, for each in the order what k similarities are known to reach. codes: (m,), empty ones where
    vectors are to be compared themselves.
    """

    stand_ins: NDArray[np.intp]
    order: NDArray[np.intp]
    floors: NDArray[np.float32]
    codes: Codes


def plain_plan(count: int) -> JoinPlan:
    """For galleries so small that any preparation costs more than it saves."""
    everyone = np.arange(count)
    no_codes = Codes(np.empty((count, 0), np.int8), *(np.empty(0, np.float32) for _ in range(2)))
    return JoinPlan(everyone, everyone, np.full(count, topk.LOWEST), no_codes)


def is_worthwhile(count: int, dimensions: int) -> bool:
    """Whether so many vectors are compared faster by their codes, and can be."""
    return count >= _LEAST and dimensions <= MOST_DIMENSIONS


def make_plan(targets: topk.Targets, k: int, pool: Executor, choose: ChooseSize | None = None) -> JoinPlan:
    """The plan of a self-join for lists of `k` places. choose: tells how many numbers a code has.

    Memory beside the arguments and the answer: about 150 MB, and 128 bytes an image.
    """
    substitutes = stand_ins(targets, k)
    listed = np.flatnonzero(substitutes == np.arange(len(substitutes)))
    axes = principal_axes(targets.vectors[spread(listed, _SAMPLE)])
    coarse = _coarse(targets.vectors, listed, axes)
    floors = np.full(len(substitutes), topk.LOWEST)
    for seed in range(_CLUSTERINGS):
        order = listed[by_cluster(coarse, seed, pool)]
        raise_floors(targets.vectors, order, floors, k, pool)
    size = (choose or choose_size)(targets, listed, k, axes)
    frame = make_frame(axes, size, targets.vectors[spread(listed, _FRAME_SAMPLE)])
    codes = encode(targets.vectors, order, frame, pool)
    return JoinPlan(substitutes, order, floors[order], codes)


def _coarse(vectors: NDArray[np.float32], rows: NDArray[np.intp], axes: Axes) -> NDArray[np.float32]:
    """Where the `rows` (m,) of `vectors` stand along the first principal axes: (m, r) float32."""
    first = axes.principal[:, :_COARSE_AXES].astype(np.float32)
    blocks = [rows[start : start + _ROWS] for start in range(0, len(rows), _ROWS)]
    return np.concatenate([vectors[block] @ first for block in blocks])


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


def choose_size(targets: topk.Targets, listed: NDArray[np.intp], k: int, axes: Axes) -> int:
    """How many numbers a code should have: few make short products, and many call for few closer looks.

    Looks at how many of some random pairs would call for a closer look, and weighs that against the product, at the speed
    that this machine shows. listed: places of the targets that are compared.
    """
    rows, columns = spread(listed, _SAMPLE_ROWS), spread(listed, _SAMPLE_COLUMNS)
    keys = topk.search(topk.Queries(targets.vectors, rows, rows), targets, topk.no_keys(len(rows), k))
    floors = topk.unpack(keys[:, -1])[0][:, np.newaxis]
    sample = targets.vectors[spread(listed, _FRAME_SAMPLE)]
    costs: dict[int, float] = {}
    for size in _sizes(targets.vectors.shape[1]):
        product = size / integer_products.speed()
        if product >= min(costs.values(), default=np.inf):
            break
        frame = make_frame(axes, size, sample)
        with ThreadPoolExecutor(1) as pool:
            left, right = (encode(targets.vectors, places, frame, pool) for places in (rows, columns))
        products = left.values.astype(np.float32) @ right.values.T.astype(np.float32)
        products *= np.outer(left.scales, right.scales)
        bounds = products + np.add.outer(left.gains, right.gains)
        # A pair is looked at if it reaches either of two floors.
        looks = 2 * float(np.mean(bounds >= floors))
        costs[size] = product + looks * _LOOK
    return min(costs, key=costs.__getitem__)


def _sizes(dimensions: int) -> list[int]:
    """Those that are no longer than the vectors, and the least."""
    return [size for size in _SIZES if size <= max(dimensions, _SIZES[0])]


def raise_floors(
    vectors: NDArray[np.float32],
    order: NDArray[np.intp],
    floors: NDArray[np.float32],
    k: int,
    pool: Executor,
) -> None:
    """Raises the `floors` (n,) of the places in `order` (m,), where it can.

    Each is compared with those next to it in the order. The k-th largest of the products, less the error of a product
    (`topk`), is what k similarities reach.
    """
    slack = np.float32(topk.margin(vectors.shape[1]))

    def compare(start: int) -> None:
        places = order[start : start + _SEED_BLOCK]
        if len(places) <= k:
            return
        near = vectors[places]
        products = near @ near.T
        np.fill_diagonal(products, -np.inf)
        products.partition(len(near) - k, axis=1)
        floors[places] = np.maximum(floors[places], products[:, len(near) - k] - slack)

    for _ in pool.map(compare, range(0, len(order), _SEED_BLOCK)):
        pass


def spread(places: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """At most `count` of `places`, drawn at random, the same each time."""
    if count >= len(places):
        return places
    return np.sort(np.random.default_rng(0).choice(places, count, replace=False))
