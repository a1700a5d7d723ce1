"""Compiled loops of the self-join: scan a block of products, and offer the pairs that may matter to both their lists.

A list holds the keys of `topk.pack`, sorted. What is computed here is what `topk` computes, to the last bit, one pair at
a time. The loops hold no lock, so that threads can run them side by side, as long as no two share a list.
"""

from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

# Products a time that are compared before looking which: a few vector registers full.
_STRIDE: Final = 64

# Columns whose sketches (256 kB) stay in the cache of a core.
_PANEL: Final = 256

_EMPTY: Final = np.uint64(2**64 - 1)
_SIGN: Final = np.uint32(1 << 31)
_HALF: Final = np.uint64(32)

# numpy's pairwise summation adds up so many numbers in eight chains, and halves what is longer.
_RUN: Final = 128


class Members(NamedTuple):
    """Whom the join compares: the rows of `vectors` (n, d) float32 at `rows` (m,).

    ranks: (m,) uint64, theirs. sketches: (m, r + 2) float32, nested ones (`sketch`), or (0, 0) if there are none.
    """

    vectors: NDArray[np.float32]
    rows: NDArray[np.intp]
    ranks: NDArray[np.uint64]
    sketches: NDArray[np.float32]


class Lists(NamedTuple):
    """What is known so far. The first `len(keys)` members own a list; the others are only found.

    keys: (lists, k) uint64. floors: (m,) float32, what a similarity must reach to matter: never above the k-th largest
    there is, infinite where there is no list. limits: (m,) float32, what a product of a block must reach: `floors` less
    the first margin.
    """

    keys: NDArray[np.uint64]
    floors: NDArray[np.float32]
    limits: NDArray[np.float32]


class Margins(NamedTuple):
    """How far products may lie below the similarity.

    block: those of a block. further: those of long sketches, how much further. whole: those of whole vectors.
    """

    block: np.float32
    further: np.float32
    whole: np.float32


@njit(cache=True, nogil=True)
def offer_block(
    products: NDArray[np.float32],
    corner: tuple[int, int],
    members: Members,
    lists: Lists,
    margins: Margins,
) -> None:
    """Offers each pair of a block to the lists of both.

    products: (p, q), of the members from corner[0] on with those from corner[1] on. In a block on the diagonal only the
    pairs above it count.
    """
    height, width = products.shape
    top, left = corner
    limits = lists.limits[left : left + width]
    nested = len(members.sketches) > 0
    length = members.sketches.shape[1] - 1
    # A panel at a time, so that what belongs to its columns stays in the cache.
    for panel in range(0, width, _PANEL):
        end = min(panel + _PANEL, width)
        for i in range(height):
            row = products[i]
            limit = lists.limits[top + i]
            first = max(panel, i + 1) if top == left else panel
            for start in range(first, end, _STRIDE):
                stop = min(start + _STRIDE, end)
                if not _any_reaches(row[start:stop], limit, limits[start:stop]):
                    continue
                for j in range(start, stop):
                    lower = min(limit, limits[j])
                    if row[j] < lower:
                        continue
                    if nested:
                        mine, other = members.sketches[top + i], members.sketches[left + j]
                        if _product(mine[:length], other[:length]) < lower - margins.further:
                            continue
                    _offer_pair(top + i, left + j, members, lists, margins)
                    limit = lists.limits[top + i]


@njit(cache=True, nogil=True)
def _any_reaches(products: NDArray[np.float32], limit: np.float32, limits: NDArray[np.float32]) -> bool:
    # Slices that begin at 0 and no way out of the loop: else it would not be vectorised.
    reached = False
    for j in range(len(products)):
        reached |= products[j] >= min(limit, limits[j])
    return reached


@njit(cache=True, nogil=True)
def _offer_pair(one: int, other: int, members: Members, lists: Lists, margins: Margins) -> None:
    lower = min(lists.floors[one], lists.floors[other])
    x, y = members.vectors[members.rows[one]], members.vectors[members.rows[other]]
    if len(members.sketches) and _product(x, y) < lower - margins.whole:
        return
    found = similarity(x, y)
    if found >= lists.floors[one]:
        _insert(lists, one, found, members.ranks[other], margins.block)
    if found >= lists.floors[other]:
        _insert(lists, other, found, members.ranks[one], margins.block)


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
def _product(x: NDArray[np.float32], y: NDArray[np.float32]) -> np.float32:
    total = np.float32(0)
    for i in range(len(x)):
        total += x[i] * y[i]
    return total


@njit(cache=True, nogil=True)
def _insert(lists: Lists, member: int, found: np.float32, rank: np.uint64, margin: np.float32) -> None:
    keys = lists.keys[member]
    key = _pack(found, rank)
    place = len(keys) - 1
    if key >= keys[place]:
        return
    while place > 0 and keys[place - 1] > key:
        keys[place] = keys[place - 1]
        place -= 1
    keys[place] = key
    last = keys[len(keys) - 1]
    if last != _EMPTY:
        floor = _similarity_of(last)
        if floor > lists.floors[member]:
            lists.floors[member] = floor
            lists.limits[member] = floor - margin


@njit(cache=True, nogil=True)
def _pack(found: np.float32, rank: np.uint64) -> np.uint64:
    bits = np.float32(found).view(np.uint32)
    ascending = ~bits if bits & _SIGN else bits | _SIGN
    return (np.uint64(~np.uint32(ascending)) << _HALF) | rank


@njit(cache=True, nogil=True)
def _similarity_of(key: np.uint64) -> np.float32:
    ascending = ~np.uint32(key >> _HALF)
    bits = np.uint32(ascending) ^ _SIGN if ascending & _SIGN else ~np.uint32(ascending)
    return np.uint32(bits).view(np.float32)


@njit(cache=True, nogil=True)
def similarity(x: NDArray[np.float32], y: NDArray[np.float32]) -> np.float32:
    """`topk.similarity` of two vectors (d,) float32: the same additions in the same order as numpy's."""
    products = np.empty(len(x), dtype=np.float64)
    for i in range(len(x)):
        products[i] = np.float64(x[i]) * np.float64(y[i])
    return np.float32(_pairwise_sum(products)) + np.float32(0)


@njit(cache=True, nogil=True)
def _pairwise_sum(values: NDArray[np.float64]) -> float:
    length = len(values)
    if length <= _RUN:
        return _run_sum(values)
    half = length // 2
    half -= half % 8
    return _pairwise_sum(values[:half]) + _pairwise_sum(values[half:])


@njit(cache=True, nogil=True)
def _run_sum(values: NDArray[np.float64]) -> float:
    length = len(values)
    whole = length - length % 8
    total = 0.0
    if whole:
        a = b = c = d = e = f = g = h = 0.0
        for i in range(0, whole, 8):
            eight = values[i : i + 8]
            a += eight[0]
            b += eight[1]
            c += eight[2]
            d += eight[3]
            e += eight[4]
            f += eight[5]
            g += eight[6]
            h += eight[7]
        total = ((a + b) + (c + d)) + ((e + f) + (g + h))
    for i in range(whole, length):
        total += values[i]
    return total
