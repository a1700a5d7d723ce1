"""Some images of a gallery compared with all, by products of codes that are made on the fly.

The same answer as `topk.exchange`, to the last bit. Codes of unrotated vectors (`codes.straight`) are made at the speed of
memory, a block at a time, and are gone with the block: nothing has to be kept between runs. Their products reject nearly
all pairs, since the other images' lists are there already and say what a similarity must reach (`offer`).

Each thread keeps lists of its own for the queries, and takes over how far those of the other threads have come.
"""

from queue import SimpleQueue
from typing import Final

import numpy as np
from numpy.typing import NDArray

from worker.index.exact import topk
from worker.index.exact.codes.integer_products import int8_is_faster, multiply
from worker.index.exact.codes.rotated import Codes, bounds
from worker.index.exact.codes.straight import StraightFrame, encode_rows, encode_straight, straight_frame
from worker.index.exact.join import costs
from worker.index.exact.join.offer import Lists, Members, offer_block
from worker.index.exact.join.planning import spread
from worker.index.exact.threads import Threads, borrowed

# Queries and others of a block: its products are 4 MB at most, as in a self-join.
_BLOCK: Final = 1024

# What the frame is made of, and whose pairs with some of the queries tell how many call for a closer look.
_SAMPLE: Final = 512
_SAMPLE_QUERIES: Final = 128


class CodedExchange:
    """The images at `places` (m,) among the `targets`, m >= 1, as queries, and all other targets."""

    def __init__(self, targets: topk.Targets, places: NDArray[np.intp], floors: NDArray[np.float32]) -> None:
        """floors: (n,), of the targets, as for `topk.exchange`."""
        self._targets, self._places, self._floors = targets, places, floors
        self._others = np.delete(np.arange(len(targets.ranks)), places)
        self._sample = spread(np.arange(len(targets.ranks)), _SAMPLE)
        self._frame = straight_frame(targets.vectors[self._sample])

    def pays(self, threads: Threads) -> bool:
        """Whether this takes less time than `topk.exchange`, by how many pairs of a sample call for a closer look.

        A target looks at what reaches its floor, and a query at what is as near as the nearest of the sample, which is
        about where its list will end. Where many are nearly the same, that is nearly all.
        """
        pairs, dimensions = len(self._places) * len(self._others), self._targets.vectors.shape[1]
        queries = spread(self._places, _SAMPLE_QUERIES)
        left, right = (
            encode_straight(self._targets.vectors, places, self._frame, threads.pool)
            for places in (queries, self._sample)
        )
        products = self._targets.vectors[queries] @ self._targets.vectors[self._sample].T
        itself = queries[:, np.newaxis] == self._sample
        products[itself] = topk.LOWEST
        nearest = products.max(axis=1, keepdims=True) - np.float32(topk.margin(dimensions))
        reached = bounds(left, right) >= np.minimum(nearest, self._floors[self._sample])
        looks = float((reached & ~itself).mean()) * pairs
        coded = costs.coded(pairs, dimensions) + looks * costs.LOOK
        return coded < costs.plain(pairs, dimensions)

    def run(self, k: int, threads: Threads) -> tuple[NDArray[np.int64], topk.Offers]:
        """As `topk.exchange`: lists of `k` places, and what may enter those of the targets.

        Memory besides the arguments and the answer: a code a query, and for each thread 6 MB and the lists.
        """
        codes = encode_straight(self._targets.vectors, self._places, self._frame, threads.pool)
        workspaces = [_Workspace(self._targets, self._places, codes, k) for _ in range(threads.number)]
        free: SimpleQueue[_Workspace] = SimpleQueue()
        for workspace in workspaces:
            free.put(workspace)
        queries = _cut(len(self._places))

        def within(first: slice) -> None:
            with borrowed(free) as workspace:
                for second in queries:
                    if second.start >= first.start:
                        workspace.compare_queries(first, second)

        def beside(block: slice) -> topk.Offers:
            places = self._others[block]
            with borrowed(free) as workspace:
                workspace.catch_up(workspaces)
                workspace.load(places, self._floors[places], self._frame)
                for rows in queries:
                    workspace.compare(rows)
                return workspace.offers()

        for _ in threads.pool.map(within, queries):
            pass
        offers = list(threads.pool.map(beside, _cut(len(self._others))))
        found = np.concatenate([workspace.found() for workspace in workspaces], axis=1)
        found.sort(axis=1)
        none = topk.Offers(np.empty(0, np.intp), np.empty(0, np.int64))
        return found[:, :k], topk.Offers(
            *(np.concatenate(parts) for parts in zip(none, *offers, strict=True))
        )


class _Workspace:
    """What one thread works on: the queries, and behind them a block of others at a time."""

    def __init__(self, targets: topk.Targets, places: NDArray[np.intp], codes: Codes, k: int) -> None:
        self._targets, self._count, self._codes = targets, len(places), codes
        size = len(places) + _BLOCK
        self._members = Members(
            targets.vectors,
            np.empty(size, np.intp),
            np.empty(size, np.int64),
            np.empty(size, np.float32),
            np.empty(size, np.float32),
        )
        self._lists = Lists(topk.no_keys(size, k), np.full(size, topk.LOWEST), np.empty(size, np.float32))
        self._values = np.empty((_BLOCK, targets.vectors.shape[1]), np.int8)
        self._space = np.empty(_BLOCK * _BLOCK, np.int32)
        self._margin = np.float32(topk.margin(targets.vectors.shape[1]))
        self._int8 = int8_is_faster()
        self._queries, self._block = slice(0, self._count), slice(self._count, self._count)
        self._set_members(self._queries, places)
        self._members.scales[self._queries], self._members.gains[self._queries] = codes.scales, codes.gains
        self._set_limits(self._queries)

    def load(self, places: NDArray[np.intp], floors: NDArray[np.float32], frame: StraightFrame) -> None:
        """Takes the others at these places, in place of those before."""
        self._block = block = slice(self._count, self._count + len(places))
        self._set_members(block, places)
        encode_rows(
            self._targets.vectors,
            places,
            frame,
            Codes(self._values, self._members.scales[block], self._members.gains[block]),
        )
        self._lists.keys[block] = topk.no_keys(1, 1)
        self._lists.floors[block] = floors
        self._set_limits(block)

    def compare(self, rows: slice) -> None:
        """Some queries with the block."""
        others = self._values[: self._block.stop - self._block.start]
        self._offer(
            multiply(self._codes.values[rows], others, self._space, int8=self._int8), rows, self._block
        )

    def compare_queries(self, first: slice, second: slice) -> None:
        """Some queries with some, perhaps the same."""
        left, right = self._codes.values[first], self._codes.values[second]
        self._offer(multiply(left, right, self._space, int8=self._int8), first, second)

    def catch_up(self, workspaces: list["_Workspace"]) -> None:
        """Raises the queries' floors to those of other threads, which may be at work: whatever is read held at some time."""
        for workspace in workspaces:
            np.maximum(self.floors(), workspace.floors(), out=self.floors())
        self._set_limits(self._queries)

    def offers(self) -> topk.Offers:
        """What the lists of the block have taken: few have taken anything."""
        touched = self._block.start + np.flatnonzero(topk.unpack(self._lists.keys[self._block, 0])[2])
        keys = self._lists.keys[touched]
        filled = topk.unpack(keys)[2]
        return topk.Offers(np.repeat(self._members.rows[touched], filled.sum(axis=1)), keys[filled])

    def floors(self) -> NDArray[np.float32]:
        """What a similarity must reach to matter to the queries (m,)."""
        return self._lists.floors[self._queries]

    def found(self) -> NDArray[np.int64]:
        """The queries' lists (m, k), packed and sorted, as far as this thread has seen."""
        return self._lists.keys[self._queries]

    def _set_members(self, members: slice, places: NDArray[np.intp]) -> None:
        self._members.rows[members], self._members.ranks[members] = places, self._targets.ranks[places]

    def _set_limits(self, members: slice) -> None:
        self._lists.limits[members] = self._lists.floors[members] - self._members.gains[members]

    def _offer(self, products: NDArray[np.int32] | NDArray[np.float32], rows: slice, columns: slice) -> None:
        offer_block(products, (rows.start, columns.start), self._members, self._lists, self._margin)


def _cut(count: int) -> list[slice]:
    return [slice(start, min(start + _BLOCK, count)) for start in range(0, count, _BLOCK)]
