"""A full run in tiles: every pair of parts of the gallery is one tile, which any worker can compute at any time.

A tile finds, for each image of either part, its best in the other part. What the tiles of one part found, merged, are
the lists of its images: a list's k best are among the k best in each part, and the order of a list is total (`topk`), so
that neither the parts nor the order of merging can be seen in it.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from worker.index.exact import topk
from worker.index.exact.device_join import join_on
from worker.index.exact.join_costs import join_pays
from worker.index.exact.join_plan import JoinPlan, plain_plan
from worker.index.exact.threads import compute_threads

# With so many parts there are 36 tiles: work for as many workers. With more, the shares that each tile keeps for merging
# would outgrow the lists.
MOST_PARTS: Final = 8


class Share(NamedTuple):
    """What one tile found for the images of one part, list after list.

    counts: (m,) int64, how many keys each list has. keys: (sum of counts,) uint64, packed (`topk.pack`), sorted.
    """

    counts: NDArray[np.int64]
    keys: NDArray[np.uint64]


def parts(count: int, rows: int) -> list[slice]:
    """`count` places in the order, cut into parts of `rows` at most, or into as many as there may be."""
    return cut(count, min(-(-count // rows), MOST_PARTS))


def cut(count: int, number: int) -> list[slice]:
    """`count` places in the order, cut into so many parts of about the same size."""
    edges = [count * part // number for part in range(number + 1)] if number else []
    return [slice(start, stop) for start, stop in pairwise(edges)]


def pairs(number: int) -> list[tuple[int, int]]:
    """The tiles of so many parts: each part, by number, with itself and with each later one."""
    return [(first, second) for first in range(number) for second in range(first, number)]


def is_quicker_in_full(rows: int, count: int, dimensions: int) -> bool:
    """Whether the lists of all `count` images take less time than those of so many rows by an exchange with all.

    At 100,000 photos all lists take about as long as 20,000 by exchange where there are units for int8, and as 13,000
    where there are none; at 20,000 photos as 4,000.
    """
    return join_pays(count, dimensions) and rows * 5 >= count


def plan(targets: topk.Targets, k: int, device: str = "cpu") -> JoinPlan:
    """What all tiles work from. device: where they are meant to be computed; they can be on any."""
    if device != "cpu" or not join_pays(*targets.vectors.shape):
        return plain_plan(len(targets.ranks))
    # numba takes a second and 110 MB: only processes that come here, or to a join below, pay for it.
    from worker.index.exact.planning import make_plan  # noqa: PLC0415

    with compute_threads() as threads:
        return make_plan(targets, k, threads.pool)


def compare(
    targets: topk.Targets, made: JoinPlan, tile: tuple[slice, slice], k: int, device: str = "cpu"
) -> list[Share]:
    """What one tile finds: a share for its first part of the plan's order and, if it is another, one for its second.

    device: where products are computed. Time as many products as there are pairs; memory beside the arguments and the
    answer as for `self_join.join` or `device_join.join_on`, or for `topk.search` in small galleries.
    """
    if device != "cpu":
        keys = join_on(device, targets, made, tile, k)
    elif not made.codes.values.shape[1]:
        keys = _searched(targets, tile, k)
    else:
        from worker.index.exact.self_join import join  # noqa: PLC0415 -- numba again

        with compute_threads() as threads:
            keys = join(targets, made, tile, k, threads)
    return split(keys, tile)


def split(keys: NDArray[np.uint64], tile: tuple[slice, slice]) -> list[Share]:
    """The shares of a tile's parts, from the lists (m, k) of its images, those of the first part first."""
    first, second = tile
    edge = first.stop - first.start
    return [_share(keys[:edge])] if first == second else [_share(keys[:edge]), _share(keys[edge:])]


def _searched(targets: topk.Targets, tile: tuple[slice, slice], k: int) -> NDArray[np.uint64]:
    first, second = tile
    sides = [(first, second)] if first == second else [(first, second), (second, first)]
    found = []
    for own, other in sides:
        rows = np.arange(own.start, own.stop)
        queries = topk.Queries(
            targets.vectors, rows, rows - other.start if own == other else np.full(len(rows), -1)
        )
        searched = topk.Targets(targets.vectors[other], targets.ranks[other])
        found.append(topk.search(queries, searched, topk.no_keys(len(rows), k)))
    return np.concatenate(found)


def merge(shares: Sequence[Share], k: int) -> NDArray[np.uint64]:
    """The lists (m, k), packed and sorted, of the images of one part from its shares, at least one."""
    merged = _keys(shares[0], k)
    for share in shares[1:]:
        both = np.concatenate([merged, _keys(share, k)], axis=1)
        both.sort(axis=1)
        merged = both[:, :k].copy()
    return merged


def stood_in_for(made: JoinPlan, part: slice) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The places whose lists are those of a part, and for each the place of its list in the part."""
    where = np.full(len(made.stand_ins), -1)
    where[made.order[part]] = np.arange(len(made.order[part]))
    lists = where[made.stand_ins]
    places = np.flatnonzero(lists >= 0)
    return places, lists[places]


def _share(keys: NDArray[np.uint64]) -> Share:
    filled = topk.unpack(keys)[2]
    return Share(filled.sum(axis=1), keys[filled])


def _keys(share: Share, k: int) -> NDArray[np.uint64]:
    keys = topk.no_keys(len(share.counts), k)
    keys[np.arange(k) < share.counts[:, np.newaxis]] = share.keys
    return keys
