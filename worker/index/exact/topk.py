"""Exact top-k search by cosine similarity, with the same bits in the answer however the work is cut.

The order of an answer rests on one number a pair, `similarity`: the dot product of the two float32 vectors summed in
float64 in a fixed order, rounded to float32. It is symmetric, and it does not know in which block a pair was found.
Ties go to the lower id. That alone would be slow, so float32 matrix products choose the pairs that it is computed for.

Why the choice loses nothing. Let u = 2^-24, vectors x and y of d numbers, and N >= |x||y|.
- A float32 dot product, in any order of summation and with or without fused multiply-add, differs from the exact one
  by at most g * N, g = d*u / (1 - d*u) (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., section 3.1,
  with sum |x_i y_i| <= |x||y| by Cauchy-Schwarz). Products that underflow add less than d * 2^-125.
- `similarity` differs from the exact one by at most d * 2^-52 * N (a product of two float32 is exact in float64, so only
  the sum rounds) plus u * N for the last rounding: less than 2u * N for d < 2^27.
So the two differ by at most E = (g + 2u) * N + d * 2^-125. If s is the k-th largest similarity that is known to a row,
a pair that belongs among its k best has a product of at least s - E. If p is the k-th largest product of a block, the
k pairs there have similarities of at least p - E, so a pair that belongs has a product of at least p - 2E. `margin`
adds 2u, because these bounds are themselves rounded to float32. Comparisons keep equality, so ties are never cut off.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from worker.index.exact.keys import EMPTY, bits_of, key_of, rank_of

# Below every similarity: they lie within -1.01 and 1.01.
LOWEST: Final = np.float32(-2.0)

# A product matrix of this many cells (16 MB in float32) is large enough for the matrix product to run at full speed.
_CELLS: Final = 1 << 22
_COLUMNS: Final = 1 << 14
_ROWS: Final = 1 << 13

# Pairs a time in `similarity`: their vectors in float64 (2 MB) stay in the cache of a core.
_PAIRS: Final = 512

_UNIT_ROUNDOFF: Final = 2.0**-24
_LONGEST_SQUARED: Final = 1.001


class Queries(NamedTuple):
    """What to search for: the `rows` (m,) of `vectors` (n, d) float32.

    `own` (m,) is the place of each among the targets, where it is passed over, or -1.
    """

    vectors: NDArray[np.float32]
    rows: NDArray[np.intp]
    own: NDArray[np.intp]


class Targets(NamedTuple):
    """What is searched: `vectors` (n, d) float32 and `ranks` (n,) int64, the place of each id among all ids."""

    vectors: NDArray[np.float32]
    ranks: NDArray[np.int64]


def check_vectors(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """`vectors` in C order. Raises ValueError unless they are (n, d) float32, finite, no longer than 1 each."""
    if vectors.ndim != 2 or vectors.dtype != np.float32:
        raise ValueError(f"Vectors are (n, d) float32, not {vectors.shape} {vectors.dtype}.")
    vectors = np.ascontiguousarray(vectors)
    squared = np.einsum("ij,ij->i", vectors, vectors)
    if not (squared <= _LONGEST_SQUARED).all():  # so put, NaN is refused too
        raise ValueError("Vectors must be finite and L2-normalised.")
    return vectors


def margin(dimensions: int) -> float:
    """E of the module's proof, for vectors that `check_vectors` lets through."""
    # The check itself computes in float32: 1.002 leaves room for that.
    longest = 1.002
    product_error = dimensions * _UNIT_ROUNDOFF / (1 - dimensions * _UNIT_ROUNDOFF)
    return (product_error + 2 * _UNIT_ROUNDOFF) * longest + dimensions * 2.0**-125 + 2 * _UNIT_ROUNDOFF


def similarity(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cosine similarities (p,) float32 of the rows of `left` and `right`, both (p, d) float32, L2-normalised.

    The same bits for the same two rows in either order and in any company: the products are exact, and numpy sums
    each contiguous row pairwise in an order that depends on d alone. Rounding can lift the result above 1 by a few
    1e-7. Never -0.0, which would sort apart from 0.0.
    """
    products = left.astype(np.float64, order="C")
    products *= right
    rounded: NDArray[np.float32] = products.sum(axis=-1).astype(np.float32)
    return rounded + np.float32(0)


def pack(similarities: NDArray[np.float32], ranks: NDArray[np.int64]) -> NDArray[np.int64]:
    """The keys (`keys`) of neighbours with these similarities, in C order, and ranks."""
    packed: NDArray[np.int64] = key_of(similarities.view(np.int32).astype(np.int64), ranks)
    return packed


def unpack(keys: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.bool_]]:
    """Similarities, ranks and which of `keys` are filled; LOWEST and rank 0 where one is not."""
    filled = keys != EMPTY
    similarities = np.where(filled, bits_of(keys).astype(np.int32).view(np.float32), LOWEST)
    return similarities, np.where(filled, rank_of(keys), 0), filled


def no_keys(rows: int, k: int) -> NDArray[np.int64]:
    """`rows` lists of `k` places, all empty."""
    return np.full((rows, k), EMPTY)


class Offers(NamedTuple):
    """What may enter the lists of targets: `targets` (p,) intp, places, and `keys` (p,) int64, packed, of queries."""

    targets: NDArray[np.intp]
    keys: NDArray[np.int64]


def search(queries: Queries, targets: Targets, keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """The k best of `keys` and `targets` for each query.

    keys: (m, k) packed and sorted, what is known so far; nothing in it may be in `targets`. Returns (m, k), sorted.
    Takes about 60 MB beside its arguments, and up to 250 MB where thousands of vectors are nearly the same.
    """
    closed = np.full(len(targets.ranks), np.float32(np.inf))
    return exchange(queries, np.zeros(len(queries.rows), np.int64), targets, closed, keys)[0]


def exchange(
    queries: Queries,
    ranks: NDArray[np.int64],
    targets: Targets,
    floors: NDArray[np.float32],
    keys: NDArray[np.int64],
) -> tuple[NDArray[np.int64], Offers]:
    """`search`, and what the queries are in turn to the targets, from the same products.

    ranks: (m,) of the queries. floors: (n,) of the targets, what a similarity must reach to matter to them; infinite
    where nothing does. The offers hold every query that belongs among the k best of a target, and few that do not.
    """
    found, offers = keys.copy(), [Offers(np.empty(0, np.intp), np.empty(0, np.int64))]
    for rows in _row_blocks(len(queries.rows), len(targets.ranks)):
        vectors = queries.vectors[queries.rows[rows]]
        askers = Targets(vectors, ranks[rows])
        for start in range(0, len(targets.ranks), _COLUMNS):
            stop = start + _COLUMNS
            block, open_from = (
                Targets(targets.vectors[start:stop], targets.ranks[start:stop]),
                floors[start:stop],
            )
            near = _near(askers, queries.own[rows] - start, block, open_from, found[rows])
            found[rows] = merge(found[rows], near.rows, pack(near.similarities, block.ranks[near.columns]))
            enters = near.similarities >= open_from[near.columns]
            fresh = pack(near.similarities[enters], askers.ranks[near.rows[enters]])
            offers.append(Offers(near.columns[enters] + start, fresh))
    return found, Offers(*(np.concatenate(parts) for parts in zip(*offers, strict=True)))


def merge(keys: NDArray[np.int64], rows: NDArray[np.int64], fresh: NDArray[np.int64]) -> NDArray[np.int64]:
    """`keys` (m, k) and the `fresh` ones (p,) of the given `rows` (p,), ascending: the first k of each row, sorted."""
    counts = np.bincount(rows, minlength=len(keys))
    places = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    table = no_keys(len(keys), int(counts.max(initial=0)))
    table[rows, places] = fresh
    merged = np.concatenate([keys, table], axis=1)
    merged.sort(axis=1)
    return merged[:, : keys.shape[1]]


def _row_blocks(rows: int, columns: int) -> list[slice]:
    """Slices of `rows`, so long that a block against `columns` fills a product matrix."""
    step = min(_ROWS, _CELLS // min(max(columns, 1), _COLUMNS))
    return [slice(start, min(start + step, rows)) for start in range(0, rows, step)]


class _Pairs(NamedTuple):
    """Pairs of a block, in ascending order of `rows` (p,): the `columns` (p,) and `similarities` (p,) float32."""

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    similarities: NDArray[np.float32]


def _near(
    queries: Targets,
    own: NDArray[np.intp],
    targets: Targets,
    floors: NDArray[np.float32],
    keys: NDArray[np.int64],
) -> _Pairs:
    """All pairs of a block that matter to either side, and few that do not."""
    products = queries.vectors @ targets.vectors.T
    itself = np.flatnonzero((own >= 0) & (own < len(targets.ranks)))
    products[itself, own[itself]] = -np.inf
    matter = _survivors(products, targets, keys)
    if np.isfinite(floors).any():
        matter |= _entrants(products, queries, floors, keys.shape[1])
    rows, columns = np.divmod(np.flatnonzero(matter), np.int64(len(targets.ranks)))
    similarities = np.empty(len(rows), dtype=np.float32)
    for start in range(0, len(rows), _PAIRS):
        pairs = slice(start, start + _PAIRS)
        similarities[pairs] = similarity(queries.vectors[rows[pairs]], targets.vectors[columns[pairs]])
    return _Pairs(rows, columns, similarities)


def _entrants(
    products: NDArray[np.float32], queries: Targets, floors: NDArray[np.float32], k: int
) -> NDArray[np.bool_]:
    """Which pairs (m, n) may have a similarity of at least the floor of their column."""
    enter = products >= floors - np.float32(margin(queries.vectors.shape[1]))
    if np.count_nonzero(enter) > 4 * k * len(floors):
        enter &= _first_duplicates(queries, k)[:, np.newaxis]
    return enter


def _survivors(products: NDArray[np.float32], targets: Targets, keys: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which pairs (m, n) may belong among the k best of their row: all that do, and few that do not."""
    k = keys.shape[1]
    slack = np.float32(margin(targets.vectors.shape[1]))
    # A list that is not full yet has LOWEST in its last place, and so lets everything in but itself.
    lowest = unpack(keys[:, -1])[0] - slack
    survive = products >= lowest[:, np.newaxis]
    crowded = np.flatnonzero(np.count_nonzero(survive, axis=1) > 2 * k)
    if len(crowded):
        sorted_from_k = products[crowded]
        sorted_from_k.partition(-k, axis=1)
        lowest[crowded] = np.maximum(lowest[crowded], sorted_from_k[:, -k] - 2 * slack)
        survive[crowded] = products[crowded] >= lowest[crowded, np.newaxis]
    if np.count_nonzero(survive) > 4 * k * len(products):
        survive &= _first_duplicates(targets, k)
    return survive


def _first_duplicates(targets: Targets, k: int) -> NDArray[np.bool_]:
    """Which targets (n,) have at most k identical ones before them in rank.

    The others are in no list: whatever the query, at least k of their duplicates (one may be the query itself) are just as
    similar and come first. Without this, a gallery full of one picture would be re-ranked pair by pair.
    """
    rows = np.ascontiguousarray(targets.vectors)
    whole_rows = rows.view(np.dtype((np.void, rows.shape[1] * rows.itemsize))).ravel()
    group = np.unique(whole_rows, return_inverse=True)[1]
    order = np.lexsort((targets.ranks, group))
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    sizes = np.diff(starts, append=len(order))
    first = np.empty(len(order), dtype=np.bool_)
    first[order] = np.arange(len(order)) - np.repeat(starts, sizes) <= k
    return first
