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
from worker.index.exact.join.on_device import join_on
from worker.index.exact.join.plan import JoinPlan, Pair
from worker.index.exact.threads import compute_threads

# With so many parts there are 36 tiles: work for as many workers. With more, the shares that each tile keeps for merging
# would outgrow the lists.
MOST_PARTS: Final = 8

Tile = tuple[int, int]
"""Two parts by their numbers, the same or the lower first."""


class Share(NamedTuple):
    """What one tile found for the images of one part, list after list.

    counts: (m,) int64, how many keys each list has. keys: (sum of counts,) int64, packed (`topk.pack`), sorted.
    """

    counts: NDArray[np.int64]
    keys: NDArray[np.int64]


def number_of_parts(count: int, rows: int) -> int:
    """Into how many parts `count` places in the order are cut: of `rows` at most, unless those were too many."""
    return min(-(-count // rows), MOST_PARTS)


def cut(count: int, parts: int) -> list[slice]:
    """`count` places in the order, cut into so many parts of about the same size."""
    edges = [count * part // parts for part in range(parts + 1)] if parts else []
    return [slice(start, stop) for start, stop in pairwise(edges)]


def tiles_of(parts: int) -> list[Tile]:
    """The tiles of so many parts: each part with itself and with each later one."""
    return [(first, second) for first in range(parts) for second in range(first, parts)]


def compare(targets: topk.Targets, plan: JoinPlan, pair: Pair, k: int, device: str = "cpu") -> list[Share]:
    """What a pair of parts of the plan's order finds: a share for the first and, if it is another, one for the second.

    device: where products are computed. Time as many products as there are pairs; memory besides the arguments and the
    answer as for `self_join.join` or `on_device.join_on`, or for `topk.search` in small galleries.
    """
    if device != "cpu":
        keys = join_on(device, targets, plan, pair, k)
    elif not plan.codes.values.shape[1]:
        keys = _searched(targets, pair, k)
    else:
        from worker.index.exact.join.self_join import join  # noqa: PLC0415 -- numba again

        with compute_threads() as threads:
            keys = join(targets, plan, pair, k, threads)
    return split(keys, pair)


def split(keys: NDArray[np.int64], pair: Pair) -> list[Share]:
    """The shares of a pair of parts, from the lists (m, k) of its images, those of the first part first."""
    first, second = pair
    edge = first.stop - first.start
    return [_share(keys[:edge])] if first == second else [_share(keys[:edge]), _share(keys[edge:])]


def _searched(targets: topk.Targets, pair: Pair, k: int) -> NDArray[np.int64]:
    first, second = pair
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


def merge(shares: Sequence[Share], k: int) -> NDArray[np.int64]:
    """The lists (m, k), packed and sorted, of the images of one part from its shares, at least one."""
    merged = _keys(shares[0], k)
    for share in shares[1:]:
        both = np.concatenate([merged, _keys(share, k)], axis=1)
        both.sort(axis=1)
        merged = both[:, :k].copy()
    return merged


def _share(keys: NDArray[np.int64]) -> Share:
    filled = topk.unpack(keys)[2]
    return Share(filled.sum(axis=1), keys[filled])


def _keys(share: Share, k: int) -> NDArray[np.int64]:
    keys = topk.no_keys(len(share.counts), k)
    keys[np.arange(k) < share.counts[:, np.newaxis]] = share.keys
    return keys
