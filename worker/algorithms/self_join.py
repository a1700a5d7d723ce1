"""The lists of many images at once: each pair is looked at once for both its sides, and hardly any of them in full.

The same answer as `topk.search`, to the last bit, from less work:
- Products of sketches, short matrix products that are never lower than the similarity (`sketch`), reject nearly all
  pairs. How long the sketches are is chosen by what a sample of the gallery shows; where they would not pay, they are the
  vectors themselves.
- A product of two images that both search serves the lists of both: half of the matrix suffices.
- The images stand in the order of coarse clusters and are first compared with those about them. That gives each list a
  floor, below which no similarity matters, and many floors are nearly final before the join begins (`join_setup`).

Each block of products goes to `offer.offer_block`, which looks closer at what reaches a floor. Blocks that run at the same
time have no list in common, so nothing is locked, and every run does the same things.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from worker.algorithms import sketch, topk
from worker.algorithms.join_setup import by_cluster, choose_ranks, raise_floors, spread, stand_ins
from worker.algorithms.offer import Lists, Margins, Members, offer_block

# Rows and columns of a block. Its products (4 MB) stay in the cache on their way from the matrix product to the scan.
_BLOCK: Final = 1024
_LEAST_BLOCK: Final = 64
# Blocks a thread, at least: with few, one thread waits for another at the end of each round.
_BLOCKS_A_THREAD: Final = 8

# Vectors that the principal axes are made of.
_SAMPLE: Final = 8192

# Numbers in the sketches that clusters are found by, and how often that is done. Two clusterings cut through different
# groups of look-alikes: few are cut twice, and only those begin with low floors. Once is enough where there are no groups.
_COARSE_RANK: Final = 31
_SEEDINGS: Final = 2


def is_worthwhile(rows: int, count: int) -> bool:
    """Whether `join` is faster than `topk.search` for the lists of `rows` among `count` images.

    What it spends on getting ready grows with the count alone: measured, as much as 2000 rows take, and 30 million pairs.
    """
    return rows * count >= 2000 * count + 30_000_000


def join(
    targets: topk.Targets,
    places: NDArray[np.intp],
    k: int,
    *,
    threads: int | None = None,
    choose: Callable[..., tuple[int, int] | None] = choose_ranks,
) -> NDArray[np.uint64]:
    """The lists of the targets at `places` (m,), searched among all targets but themselves: (m, k) packed and sorted.

    What `topk.search` answers for these places and empty lists. threads: by default one a core. choose: tells the ranks
    of the sketches. Memory beside the arguments and the answer: at most half of what the vectors take, and about 150 MB.
    """
    if not len(places):
        return topk.no_keys(0, k)
    threads = threads or os.cpu_count() or 1
    substitutes = stand_ins(targets, k)
    own = np.unique(substitutes[places])
    listed = np.flatnonzero(substitutes == np.arange(len(substitutes)))
    # Each thread computes its own matrix products: these must not start threads of their own.
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(threads) as pool:
        axes = sketch.principal_axes(targets.vectors[spread(listed, _SAMPLE)])
        ranks = choose(targets, own, listed, k, axes)
        owns = np.zeros(len(substitutes), dtype=np.bool_)
        owns[own] = True
        floors = np.where(owns, topk.LOWEST, np.float32(np.inf))
        coarse = sketch.sketches(targets.vectors, listed, axes[:, :_COARSE_RANK], pool)
        for seed in range(_SEEDINGS if ranks else 1):
            order = listed[by_cluster(coarse, seed, pool)]
            raise_floors(targets.vectors, order, floors, k, pool)
        del coarse  # its memory goes to the sketches of the join
        order = np.concatenate([order[owns[order]], order[~owns[order]]])
        comparison = _Join(targets, order, floors[order], k, ranks=ranks, axes=axes, pool=pool)
        keys = comparison.run(threads)
    found_at = np.empty(len(substitutes), dtype=np.intp)
    found_at[order[: len(own)]] = np.arange(len(own))
    return keys[found_at[substitutes[places]]]


class _Join:
    """`order` (m,) holds places of `targets`: first of those that own a list, then of those whose floor is infinite."""

    def __init__(
        self,
        targets: topk.Targets,
        order: NDArray[np.intp],
        floors: NDArray[np.float32],
        k: int,
        *,
        ranks: tuple[int, int] | None,
        axes: NDArray[np.float64],
        pool: Executor,
    ) -> None:
        whole = np.float32(topk.margin(targets.vectors.shape[1]))
        sketches = np.empty((0, 0), dtype=np.float32)
        self._margins = Margins(whole, whole, whole)
        self._columns = slice(0)
        if ranks is not None:
            short, long = ranks
            sketches = sketch.nested_sketches(targets.vectors, order, axes[:, :long], short, pool)
            block, further = sketch.margin(short), sketch.margin(long) - sketch.margin(short)
            self._margins = Margins(np.float32(block), np.float32(further), whole)
            self._columns = slice(long - short + 1, None)
        self._members = Members(targets.vectors, order, targets.ranks[order], sketches)
        own = int(np.isfinite(floors).sum())
        self._lists = Lists(topk.no_keys(own, k), floors, floors - self._margins.block)
        self._pool = pool

    def run(self, threads: int) -> NDArray[np.uint64]:
        """The lists of those that own one."""
        scratch: SimpleQueue[NDArray[np.float32]] = SimpleQueue()
        for _ in range(threads):
            scratch.put(np.empty(_BLOCK * _BLOCK, dtype=np.float32))

        def compare(pair: tuple[slice, slice]) -> None:
            space = scratch.get()
            self._compare(*pair, space)
            scratch.put(space)

        own, everyone = len(self._lists.keys), len(self._members.rows)
        height = min(max(own // (_BLOCKS_A_THREAD * threads), _LEAST_BLOCK), _BLOCK)
        blocks = _cut(0, own, height), _cut(own, everyone, _BLOCK)
        for pairs in rounds(*blocks):
            for _ in self._pool.map(compare, pairs):
                pass
        return self._lists.keys

    def _compare(self, above: slice, beside: slice, space: NDArray[np.float32]) -> None:
        left, right = self._comparable(above), self._comparable(beside)
        products = space[: len(left) * len(right)].reshape(len(left), len(right))
        np.matmul(left, right.T, out=products)
        offer_block(products, (above.start, beside.start), self._members, self._lists, self._margins)

    def _comparable(self, block: slice) -> NDArray[np.float32]:
        if len(self._members.sketches):
            return self._members.sketches[block, self._columns]
        return self._members.vectors[self._members.rows[block]]


def rounds(own: list[slice], other: list[slice]) -> Iterator[list[tuple[slice, slice]]]:
    """All pairs of blocks with at least one of `own`, each once, in rounds in which no own block appears twice.

    Neighbours in the order come first: they are the most alike, and so bring the floors up.
    """
    yield [(block, block) for block in own]
    for apart in range(1, len(own)):
        pairs = list(enumerate(zip(own, own[apart:], strict=False)))
        for turn in (0, 1):
            yield [pair for place, pair in pairs if place // apart % 2 == turn]
    for turn in range(len(other)):
        yield [(block, other[(place + turn) % len(other)]) for place, block in enumerate(own)]


def _cut(start: int, stop: int, step: int) -> list[slice]:
    return [slice(at, min(at + step, stop)) for at in range(start, stop, step)]
