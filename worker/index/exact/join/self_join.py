"""The lists of many images at once: each pair is looked at once for both its sides, and hardly any of them in full.

The same answer as `topk.search`, to the last bit, from less work:
- Products of codes, which bound the similarity from above (`codes`), reject nearly all pairs. They are products of small
  integers, which CPUs compute several times as fast as those of float32.
- A product serves the lists of both its sides: half of the matrix suffices.
- Images stand in an order in which look-alikes stand near each other, and lists begin with floors, below which no
  similarity matters (`plan`). Those near each other are compared first, so that floors rise early.

Each block of products goes to `offer.offer_block`, which looks closer at what reaches a floor. Blocks that run at the same
time have no list in common, so nothing is locked.
"""

from collections.abc import Iterator
from queue import SimpleQueue
from typing import Final

import numpy as np
from numpy.typing import NDArray

from worker.index.exact import topk
from worker.index.exact.codes.integer_products import int8_is_faster, multiply
from worker.index.exact.join.offer import Lists, Members, offer_block
from worker.index.exact.join.plan import JoinPlan, Pair
from worker.index.exact.threads import Threads, borrowed

# Rows and columns of a block. Its products (4 MB) stay in the cache on their way from the matrix product to the scan.
_BLOCK: Final = 1024
_LEAST_BLOCK: Final = 64
# Blocks a thread, at least: with few, one thread waits for another at the end of each round.
_BLOCKS_A_THREAD: Final = 8


def join(targets: topk.Targets, plan: JoinPlan, pair: Pair, k: int, threads: Threads) -> NDArray[np.int64]:
    """What the images of a `pair` of parts of the plan's order are to each other.

    Packed and sorted lists (m, k) of those in the first and, if it is another, of those in the second: the k best of the
    other part (of its own, if there is one only) as far as they reach the plan's floor. Memory besides the arguments and
    the answer: what the plan takes, and 4 MB a thread.
    """
    values, members, lists = begin(targets, plan, pair, k)
    compare = _Comparison(values, members, lists, threads.number)
    height = min(max(len(values) // (_BLOCKS_A_THREAD * threads.number), _LEAST_BLOCK), _BLOCK)
    for blocks in rounds(pair, len(values), height):
        for _ in threads.pool.map(compare, blocks):
            pass
    return lists.keys


def begin(
    targets: topk.Targets, plan: JoinPlan, pair: Pair, k: int
) -> tuple[NDArray[np.int8], Members, Lists]:
    """Code values, members and lists of a pair, one part after the other."""
    first, second = pair
    slices = [first] if first == second else [first, second]
    order, floors = (np.concatenate([array[each] for each in slices]) for array in (plan.order, plan.floors))
    values, scales, gains = (np.concatenate([array[each] for each in slices]) for array in plan.codes)
    members = Members(targets.vectors, order, targets.ranks[order], scales, gains)
    return values, members, Lists(topk.no_keys(len(order), k), floors, floors - gains)


class _Comparison:
    """Compares a pair of blocks on any of some threads, each with a space of its own for products."""

    def __init__(self, values: NDArray[np.int8], members: Members, lists: Lists, threads: int) -> None:
        self._values, self._members, self._lists = values, members, lists
        self._margin = np.float32(topk.margin(members.vectors.shape[1]))
        self._int8 = int8_is_faster()
        self._spaces: SimpleQueue[NDArray[np.int32]] = SimpleQueue()
        for _ in range(threads):
            self._spaces.put(np.empty(_BLOCK * _BLOCK, dtype=np.int32))

    def __call__(self, pair: Pair) -> None:
        above, beside = pair
        with borrowed(self._spaces) as space:
            products = multiply(self._values[above], self._values[beside], space, int8=self._int8)
            offer_block(products, (above.start, beside.start), self._members, self._lists, self._margin)


def rounds(pair: Pair, count: int, height: int) -> Iterator[list[Pair]]:
    """All pairs of blocks of the `count` members of a `pair` of parts, each once, in rounds in which no block appears twice."""
    first, second = pair
    if first == second:
        return _rounds_within(_cut(0, count, height))
    half = first.stop - first.start
    return _rounds_between(_cut(0, half, height), _cut(half, count, height))


def _rounds_within(blocks: list[slice]) -> Iterator[list[Pair]]:
    # Neighbours first: they are the most alike, and so bring the floors up.
    yield [(block, block) for block in blocks]
    for apart in range(1, len(blocks)):
        pairs = list(enumerate(zip(blocks, blocks[apart:], strict=False)))
        for turn in (0, 1):
            yield [pair for place, pair in pairs if place // apart % 2 == turn]


def _rounds_between(above: list[slice], beside: list[slice]) -> Iterator[list[Pair]]:
    longer = max(len(above), len(beside))
    for turn in range(longer):
        if len(above) <= len(beside):
            yield [(block, beside[(place + turn) % longer]) for place, block in enumerate(above)]
        else:
            yield [(above[(place + turn) % longer], block) for place, block in enumerate(beside)]


def _cut(start: int, stop: int, step: int) -> list[slice]:
    return [slice(at, min(at + step, stop)) for at in range(start, stop, step)]
