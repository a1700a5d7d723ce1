"""k-medians: k places such that weighted points are, on average, as near as can be to the nearest of them.

k-means makes the mean of the squares least; here it is the mean distance itself, from the first place to the last step.

- Places are seeded as in greedy k-means++ (Arthur and Vassilvitskii 2007, section 5), each the best of some points drawn
  in proportion to their weight and distance to the places before.
- They move to the geometric medians of their points by Weiszfeld's steps (1937): means, each point weighing as much less
  as it is farther away.
- A few steps on, a point is drawn that would serve better in place of one of them, if there is one (Lattanzi and Sohler's
  local search, 2019, with the best of many swaps instead of any good one). This finds what seeding missed, for a tenth
  of what another start costs.

The search computes in float32; the last steps, in float64, leave little to tell which BLAS it was done with. The same
input gives the same places.
"""

import random
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shared.limits import MAX_COLORS

Reals = NDArray[np.floating[Any]]
Doubles = NDArray[np.float64]

# Candidates for each place and for each swap, swaps, and steps before the swaps, after them and in float64: chosen on 160
# photos. More of any of them costs more than the half percent that it brings.
_CANDIDATES: Final = 4
_SWAP_CANDIDATES: Final = 16
_SWAPS: Final = 4
_FIRST_STEPS: Final = 2
_STEPS: Final = 5
_EXACT_STEPS: Final = 3
# Nearer than this is as near as can be: in OKLab it is no difference to the eye, in float32 a point may seem to be half as
# far from itself, and what lies on a place would draw it without end.
_NEAREST: Final = 1e-3
# What rounding may seem to gain is not worth a swap.
_WORTH_A_SWAP: Final = 0.9999
# OpenBLAS stays on one thread up to so many multiplications. On several, sharing so little work out costs twenty times
# the work where other processes want the cores.
_ONE_THREAD: Final = 1 << 18
# Python's own generator, because its sequence for a seed is guaranteed for ever.
_SEED = random.Random(20200417)  # noqa: S311 - sampling, not secrets
_FOR_PLACES: Final = np.array([[_SEED.random() for _ in range(_CANDIDATES)] for _ in range(MAX_COLORS)])
_FOR_SWAPS: Final = np.array([[_SEED.random() for _ in range(_SWAP_CANDIDATES)] for _ in range(_SWAPS)])


class Clustering(NamedTuple):
    """`places`: (k, 3) float64; `labels`: (n,), the nearest place of each point, the first of equals."""

    places: Doubles
    labels: NDArray[np.intp]


def k_medians(points: Doubles, weights: Doubles, k: int) -> Clustering:
    """`k` places for (n, 3) points of (n,) weights above 0; 2 <= k <= MAX_COLORS, k <= n.

    Places may coincide, and have no points, where there are fewer different points than k.
    """
    search = _Points(points, weights, np.float32)
    places = search.swapped(search.moved(search.seeded(k), _FIRST_STEPS))
    places = search.moved(places, _STEPS)
    exact = _Points(points, weights, np.float64)
    found = exact.moved(places.astype(np.float64), _EXACT_STEPS).astype(np.float64, copy=False)
    return Clustering(found, exact.scores(found).argmin(axis=0))


class _Points:
    """Weighted points in one precision; places are (k, 3) of the same."""

    def __init__(self, points: Doubles, weights: Doubles, precision: type[np.float32 | np.float64]) -> None:
        self._columns: Reals = np.ones((len(points), 4), precision)
        self._columns[:, :3] = points
        self._rows: Reals = np.ascontiguousarray(self._columns.T)
        self._squares: Reals = np.square(self._columns[:, :3]).sum(axis=1)
        self._weights: Reals = weights.astype(precision)

    def seeded(self, k: int) -> Reals:
        """The places that the search begins with."""
        places = np.empty((k, 3), self._columns.dtype)
        distances, potential = np.full_like(self._weights, np.inf), self._weights
        for place, quantiles in enumerate(_FOR_PLACES[:k]):
            candidates = self._columns[_drawn(potential, quantiles), :3]
            to_nearest = np.minimum(self._distances(candidates), distances)
            potentials = to_nearest * self._weights
            best = potentials.sum(axis=1).argmin()
            places[place], distances, potential = candidates[best], to_nearest[best], potentials[best]
        return places

    def moved(self, places: Reals, steps: int) -> Reals:
        """Places after so many of Weiszfeld's steps; one that has no points stays where it is."""
        for _ in range(steps):
            scores = self.scores(places)
            least = scores.min(axis=0)
            pulls = self._weights / np.sqrt(np.maximum(least + self._squares, _NEAREST**2))
            # A point at equal distance pulls at both places; the labels decide.
            sums = _summed(np.where(scores <= least, pulls, 0), self._columns)
            places = np.where(sums[:, 3:] > 0, sums[:, :3] / np.maximum(sums[:, 3:], _NEAREST), places)
        return places

    def swapped(self, places: Reals) -> Reals:
        """Places after some swaps: a drawn point for the place that is missed least, where that brings them nearer."""
        places, distances = places.copy(), self._distances(places)
        for quantiles in _FOR_SWAPS:
            first = distances.min(axis=0)
            belongs = distances <= first
            second = np.where(belongs, np.inf, distances).min(axis=0)
            potential = first * self._weights
            candidates = self._columns[_drawn(potential, quantiles), :3]
            to_candidates = self._distances(candidates)
            with_candidate = np.minimum(to_candidates, first)
            # What it costs the points of a place if that goes.
            losses = np.minimum(to_candidates, second) - with_candidate
            belongings = np.ascontiguousarray(np.where(belongs, self._weights, 0).T)
            sums = (with_candidate * self._weights).sum(axis=1)[:, None] + _summed(losses, belongings)
            candidate, place = divmod(int(sums.argmin()), len(places))
            if sums[candidate, place] < _WORTH_A_SWAP * potential.sum():
                places[place], distances[place] = candidates[candidate], to_candidates[candidate]
        return places

    def scores(self, places: Reals) -> Reals:
        """(k, n): squared distances, each less its point's square, which no comparison needs."""
        factors = np.empty((len(places), 4), places.dtype)
        factors[:, :3] = -2 * places
        factors[:, 3] = np.square(places).sum(axis=1)
        found = np.empty((len(places), len(self._weights)), places.dtype)
        for block in _blocks(len(self._weights), factors.size):
            np.matmul(factors, self._rows[:, block], out=found[:, block])
        return found

    def _distances(self, places: Reals) -> Reals:
        """(k, n): of each place from each point, 0 where they are nearer than _NEAREST."""
        squared = self.scores(places)
        squared += self._squares - _NEAREST**2
        np.maximum(squared, 0, out=squared)
        return np.sqrt(squared, out=squared)


def _drawn(potential: Reals, quantiles: Doubles) -> NDArray[np.intp]:
    """Which points are drawn, each as likely as its share of the potential."""
    cumulated = np.cumsum(potential, dtype=np.float64)
    drawn: NDArray[np.intp] = np.searchsorted(cumulated, quantiles * cumulated[-1], side="right")
    drawn[drawn == len(potential)] -= 1  # where nothing has any
    return drawn


def _summed(left: Reals, columns: Reals) -> Reals:
    """The product of (m, n) and (n, c)."""
    total: Reals = np.zeros((len(left), columns.shape[1]), left.dtype)
    for block in _blocks(len(columns), total.size):
        total += left[:, block] @ columns[block]
    return total


def _blocks(points: int, products: int) -> Iterator[slice]:
    """Ranges of points, of which each takes so many multiplications."""
    size = _ONE_THREAD // products
    return (slice(start, start + size) for start in range(0, points, size))
