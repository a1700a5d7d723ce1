"""Compiled loops of the self-join: scan a block of products, and offer the pairs that may matter to both their lists.

A list holds keys (`keys`), sorted. What is computed here is what `topk` computes, to the last bit, one pair at a time. The loops hold no lock, so that threads can run them side by side, as long as no two share a list.
"""

from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from worker.index.exact.keys import EMPTY, bits_of, key_of

# Products a time that are compared before looking which: a few vector registers full.
_STRIDE: Final = 64

# Columns whose scales, gains and limits stay in the nearest cache of a core, beside a row of products.
_PANEL: Final = 1024

# numpy's pairwise summation adds up to so many numbers in eight chains, and halves what is longer.
_RUN: Final = 128

_key_of = njit(cache=True, nogil=True)(key_of)
_bits_of = njit(cache=True, nogil=True)(bits_of)


class Members(NamedTuple):
    """The images that are compared: the rows of `vectors` (n, d) float32 at `rows` (m,).

    ranks: (m,) int64, theirs. scales, gains: (m,) float32, of their codes (`codes`).
    """

    vectors: NDArray[np.float32]
    rows: NDArray[np.intp]
    ranks: NDArray[np.int64]
    scales: NDArray[np.float32]
    gains: NDArray[np.float32]


class Lists(NamedTuple):
    """What is known so far, for each member.

    keys: (m, k) int64. floors: (m,) float32, what a similarity must reach to matter: never above the k-th largest there
    is. limits: (m,) float32, `floors` less the gain of the member's code.
    """

    keys: NDArray[np.int64]
    floors: NDArray[np.float32]
    limits: NDArray[np.float32]


@njit(cache=True, nogil=True)
def offer_block(
    products: NDArray[np.int32] | NDArray[np.float32],
    corner: tuple[int, int],
    members: Members,
    lists: Lists,
    margin: np.float32,
) -> None:
    """Offers each pair of a block to the lists of both, if the bound of its codes reaches one of their floors.

    products: (p, q) int32 or float32, of the codes of the members from corner[0] on with those from corner[1] on. In a
    block on the diagonal only the pairs above it count. margin: how far a float32 product may lie below the similarity.
    """
    height, width = products.shape
    top, left = corner
    scales, gains = members.scales[left : left + width], members.gains[left : left + width]
    limits = lists.limits[left : left + width]
    # A panel at a time, so that what belongs to its columns stays in the cache.
    for panel in range(0, width, _PANEL):
        end = min(panel + _PANEL, width)
        for i in range(height):
            row, scale, gain = products[i], members.scales[top + i], members.gains[top + i]
            first = max(panel, i + 1) if top == left else panel
            for start in range(first, end, _STRIDE):
                stop = min(start + _STRIDE, end)
                limit = lists.limits[top + i]
                if not _any_reaches(
                    row[start:stop],
                    scale,
                    gain,
                    limit,
                    scales[start:stop],
                    gains[start:stop],
                    limits[start:stop],
                ):
                    continue
                for j in range(start, stop):
                    bound = scale * scales[j] * np.float32(row[j])
                    if bound >= lists.limits[top + i] - gains[j] or bound >= limits[j] - gain:
                        offer_pair(top + i, left + j, members, lists, margin)


@njit(cache=True, nogil=True)
def _any_reaches(  # noqa: PLR0917 -- two sides of three numbers
    products: NDArray[np.float32],
    scale: np.float32,
    gain: np.float32,
    limit: np.float32,
    scales: NDArray[np.float32],
    gains: NDArray[np.float32],
    limits: NDArray[np.float32],
) -> bool:
    # Slices that begin at 0 and no way out of the loop: else it would not be vectorised.
    reached = False
    for j in range(len(products)):
        bound = scale * scales[j] * np.float32(products[j])
        reached |= (bound >= limit - gains[j]) | (bound >= limits[j] - gain)
    return reached


@njit(cache=True, nogil=True)
def offer_pair(one: int, other: int, members: Members, lists: Lists, margin: np.float32) -> None:
    """Offers two members to each other's lists."""
    lower = min(lists.floors[one], lists.floors[other])
    x, y = members.vectors[members.rows[one]], members.vectors[members.rows[other]]
    if _product(x, y) < lower - margin:
        return
    found = similarity(x, y)
    if found >= lists.floors[one]:
        _insert(lists, one, found, members.ranks[other], members.gains[one])
    if found >= lists.floors[other]:
        _insert(lists, other, found, members.ranks[one], members.gains[other])


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
def _product(x: NDArray[np.float32], y: NDArray[np.float32]) -> np.float32:
    total = np.float32(0)
    for i in range(len(x)):
        total += x[i] * y[i]
    return total


@njit(cache=True, nogil=True)
def _insert(lists: Lists, member: int, found: np.float32, rank: np.int64, gain: np.float32) -> None:
    keys = lists.keys[member]
    key = _key_of(np.int64(np.float32(found).view(np.int32)), rank)
    place = len(keys) - 1
    if key >= keys[place]:
        return
    while place > 0 and keys[place - 1] > key:
        keys[place] = keys[place - 1]
        place -= 1
    keys[place] = key
    last = keys[len(keys) - 1]
    if last != EMPTY:
        floor = np.int32(_bits_of(last)).view(np.float32)
        if floor > lists.floors[member]:
            lists.floors[member] = floor
            lists.limits[member] = floor - gain


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
    half = length // 16 * 8
    return _pairwise_sum(values[:half]) + _pairwise_sum(values[half:])


@njit(cache=True, nogil=True)
def _run_sum(values: NDArray[np.float64]) -> float:
    length = len(values)
    whole = length // 8 * 8
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
