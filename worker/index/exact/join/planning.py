"""Making the plan of a self-join (`plan`): identical images, an order, floors, and codes of the length that pays."""

from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Final

import numpy as np
from numpy.typing import NDArray

from worker.index.exact import topk
from worker.index.exact.codes.rotated import (
    Axes,
    Codes,
    bounds,
    encode,
    leading_axes,
    make_frame,
    principal_axes,
)
from worker.index.exact.codes.straight import encode_straight, straight_frame
from worker.index.exact.join import costs
from worker.index.exact.join.cluster_order import by_cluster
from worker.index.exact.join.plan import JoinPlan

# Principal axes that clusters are found by, and how often that is done where the join is long. Two clusterings cut through
# different groups of look-alikes: few are cut twice, and only those begin with low floors.
_COARSE_AXES: Final = 32
_CLUSTERINGS: Final = 2

# Neighbours in the order that are compared in full to find floors: more find better ones, and cost more.
_SEED_BLOCK: Final = 512

# Rows a time in passes over all vectors: 8 MB of float32 for 512 dimensions.
_ROWS: Final = 4096

# Vectors that the principal axes, rough ones, and the frame of the codes are made of.
_SAMPLE: Final = 4096
_ROUGH_SAMPLE: Final = 1024
_FRAME_SAMPLE: Final = 256

# Numbers in a code. Multiples of 64 fill the registers of every unit that multiplies them.
_SIZES: Final = (64, 128, 192, 256, 384, 512, 768, 1024)
# The rows and columns of the sample that the size is chosen by.
_SAMPLE_ROWS: Final = 128
_SAMPLE_COLUMNS: Final = 1024

ChooseSize = Callable[[topk.Targets, NDArray[np.intp], int, Axes], int | None]


def make_plan(targets: topk.Targets, k: int, pool: Executor, choose: ChooseSize | None = None) -> JoinPlan:
    """The plan of a self-join for lists of `k` places. choose: asked how many numbers a code has, however small the join.

    Memory besides the arguments and the answer: 128 bytes an image, and about 150 MB where codes are chosen, else 20 MB.
    """
    vectors = targets.vectors
    representatives = find_representatives(targets, k)
    listed = np.flatnonzero(representatives == np.arange(len(representatives)))
    rotate = choose is not None or costs.rotation_pays(len(listed), vectors.shape[1])
    axes = (
        principal_axes(vectors[spread(listed, _SAMPLE)])
        if rotate
        else leading_axes(vectors[spread(listed, _ROUGH_SAMPLE)], _COARSE_AXES)
    )
    coarse = _coarse(vectors, listed, axes)
    floors = np.full(len(representatives), topk.LOWEST)
    for seed in range(_CLUSTERINGS if rotate else 1):
        order = listed[by_cluster(coarse, seed, pool)]
        raise_floors(vectors, order, floors, k, pool)
    size = (choose or choose_size)(targets, listed, k, axes) if rotate else None
    sample = vectors[spread(listed, _FRAME_SAMPLE)]
    if size is None:
        codes = encode_straight(vectors, order, straight_frame(sample), pool)
    else:
        codes = encode(vectors, order, make_frame(axes, size, sample), pool)
    return JoinPlan(representatives, order, floors[order], codes)


def _coarse(vectors: NDArray[np.float32], rows: NDArray[np.intp], axes: Axes) -> NDArray[np.float32]:
    """Where the `rows` (m,) of `vectors` stand along the first axes: (m, r) float32."""
    first = axes.principal[:, :_COARSE_AXES].astype(np.float32)
    blocks = [rows[start : start + _ROWS] for start in range(0, len(rows), _ROWS)]
    return np.concatenate([vectors[block] @ first for block in blocks])


def find_representatives(targets: topk.Targets, k: int) -> NDArray[np.intp]:
    """Places (n,) of the targets whose lists are also those of the targets here: nearly always each its own.

    Of identical vectors, those with more than k before them in rank are in no list, because k others are just as similar
    to everything and come first. For the same reason, neither is the last of the k + 1 that come first, but in those of
    the k before it. So its list holds what theirs do, and it represents them. Without this, a gallery full of one
    picture would be compared pair by pair.
    """
    places = np.arange(len(targets.ranks))
    _, group, sizes = np.unique(_hashes(targets.vectors), return_inverse=True, return_counts=True)
    crowded = np.flatnonzero(sizes[group] > k + 1)
    order = crowded[np.lexsort((targets.ranks[crowded], group[crowded]))]
    for alike in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        bits = targets.vectors[alike].view(np.uint32)
        # Vectors that only share a hash are left as they are: the join is then slower, not wrong.
        if len(alike) and (bits == bits[0]).all():
            places[alike[k + 1 :]] = alike[k]
    return places


def _hashes(vectors: NDArray[np.float32]) -> NDArray[np.uint64]:
    """A number a vector, the same for the same bits: a dot product with random numbers, modulo 2^64."""
    factors = np.random.default_rng(0).integers(0, 2**64, vectors.shape[1], dtype=np.uint64)
    found = np.empty(len(vectors), dtype=np.uint64)
    for start in range(0, len(vectors), _ROWS):
        block = slice(start, start + _ROWS)
        np.matmul(vectors[block].view(np.uint32).astype(np.uint64), factors, out=found[block])
    return found


def choose_size(targets: topk.Targets, listed: NDArray[np.intp], k: int, axes: Axes) -> int | None:
    """How many numbers a rotated code should have: few make short products, and many call for few closer looks.

    None: codes of the unrotated vectors, which cost next to nothing to make. Looks at how many of some random pairs
    would call for a closer look, and weighs that against the product. listed: places of the targets that are compared.
    """
    rows, columns = spread(listed, _SAMPLE_ROWS), spread(listed, _SAMPLE_COLUMNS)
    keys = topk.search(topk.Queries(targets.vectors, rows, rows), targets, topk.no_keys(len(rows), k))
    floors = topk.unpack(keys[:, -1])[0][:, np.newaxis]
    sample = targets.vectors[spread(listed, _FRAME_SAMPLE)]
    dimensions = targets.vectors.shape[1]

    def looks(left: Codes, right: Codes) -> float:
        """What closer looks cost, a pair: it is looked at if it reaches either of two floors."""
        return 2 * float(np.mean(bounds(left, right) >= floors)) * costs.LOOK

    with ThreadPoolExecutor(1) as pool:
        straight = straight_frame(sample)
        left, right = (encode_straight(targets.vectors, places, straight, pool) for places in (rows, columns))
        cost_of: dict[int | None, float] = {None: costs.coded(1, dimensions) + looks(left, right)}
        for size in _sizes(dimensions):
            product = costs.coded(1, size)
            if product >= min(cost_of.values()):
                break
            frame = make_frame(axes, size, sample)
            left, right = (encode(targets.vectors, places, frame, pool) for places in (rows, columns))
            making = costs.rotated_codes(len(listed), dimensions, size)
            cost_of[size] = product + looks(left, right) + making / (len(listed) ** 2 / 2)
    return min(cost_of, key=cost_of.__getitem__)


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
