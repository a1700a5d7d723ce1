"""k places for weighted points, such that few points are far from all of them.

The search makes the mean of the cubed distances least: k-medians, which has the mean distance least, spends places on shades
of what is large, and k-means still leaves small groups out. At the end places move so that the mean distance counts again,
and far points beside it.

- Places are seeded as in greedy k-means++ (Arthur and Vassilvitskii 2007, section 5), each the best of some points drawn
  in proportion to their weight and cubed distance to the places before.
- They move to the means of their points (Lloyd 1982).
- A point is drawn that would serve better in place of one of them, if there is one (Lattanzi and Sohler's local search,
  2019, with the best of many swaps instead of any good one). This finds what seeding missed, for a tenth of what another
  start costs.
- At last they move by Weiszfeld's steps (1937): means, each point weighing as the slope of what its distance costs.

The search computes in float32; the last steps, in float64, leave little to tell which BLAS it was done with. The same
input gives the same places.
"""

import random
from collections.abc import Iterator
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from shared.limits import MAX_COLORS

Reals = NDArray[np.floating[Any]]
Doubles = NDArray[np.float64]

# Candidates for each place and for each swap, swaps, and steps before the swaps and after them: chosen on 700 photos. More
# of any of them costs more than what it brings.
_CANDIDATES: Final = 4
_SWAP_CANDIDATES: Final = 16
_SWAPS: Final = 2
_FIRST_STEPS: Final = 2
_STEPS: Final = 3
# Nearer than this (in DIN99o) is as near as can be: it is no difference to the eye, and what lies on a place would draw it
# without end.
_NEAREST: Final = 0.2
# Distance d costs d + d**4 / (4 * _FAR**3) in the last steps: as in k-medians while it is small, and steeply beyond _FAR.
# Of the mean distance it costs a hundredth, and the worst-served hundredth of pixels comes a twentieth nearer.
_FAR: Final = 18.0
# What rounding may seem to gain is not worth a swap.
_WORTH_A_SWAP: Final = 0.9999
# OpenBLAS stays on one thread up to so many multiplications. On several, sharing so little work out costs twenty times
# the work where other processes want the cores.
_ONE_THREAD: Final = 1 << 18
# Python's own generator, because its sequence for a seed is guaranteed for ever.
_SEED = random.Random(20200417)  # noqa: S311 - sampling, not secrets
_FOR_PLACES: Final = np.array([[_SEED.random() for _ in range(_CANDIDATES)] for _ in range(MAX_COLORS)])
_FOR_SWAPS: Final = np.array([[_SEED.random() for _ in range(_SWAP_CANDIDATES)] for _ in range(_SWAPS)])


class WeightedPoints:
    """(n, 3) points of (n,) weights above 0, in one precision; places are (k, 3) of the same."""

    def __init__(
        self, points: Doubles, weights: Doubles, precision: type[np.float32 | np.float64] = np.float32
    ) -> None:
        self.weights: Reals = weights.astype(precision)
        self._columns: Reals = np.ones((len(points), 4), precision)
        self._columns[:, :3] = points
        self._rows: Reals = np.ascontiguousarray(self._columns.T)
        self._weighted: Reals = self._columns * self.weights[:, None]
        self._squares: Reals = np.square(self._columns[:, :3]).sum(axis=1)

    def __len__(self) -> int:
        return len(self.weights)

    def __getitem__(self, chosen: NDArray[np.intp]) -> Reals:
        """Some of the points as places."""
        points: Reals = self._columns[chosen, :3]
        return points

    def exact(self) -> Self:
        """The same points in float64."""
        return type(self)(
            self._columns[:, :3].astype(np.float64), self.weights.astype(np.float64), np.float64
        )

    def places(self, k: int) -> Reals:
        """k places, 1 <= k <= MAX_COLORS; they may coincide where there are fewer different points than k."""
        return self.moved(self._swapped(self.moved(self._seeded(k), _FIRST_STEPS)), _STEPS)

    def moved(self, places: Reals, steps: int) -> Reals:
        """Places after so many steps to the mean of their points; one that has no points stays where it is."""
        for _ in range(steps):
            scores = self._scores(places)
            own = (scores <= scores.min(axis=0)).astype(scores.dtype)
            places = _centres(_summed(own, self._weighted), places)
        return places

    def settled(self, places: Reals, steps: int) -> Reals:
        """Places after so many of Weiszfeld's steps, towards what the module's last measure has least."""
        for _ in range(steps):
            scores = self._scores(places)
            least = scores.min(axis=0)
            squared = np.maximum(least + self._squares, _NEAREST**2)
            pulls = 1 / np.sqrt(squared) + squared * (1 / _FAR**3)
            places = _centres(_summed(np.where(scores <= least, pulls, 0), self._weighted), places)
        return places

    def squared_distances(self, places: Reals) -> Reals:
        """(k, n): of each place from each point."""
        squared = self._scores(places)
        squared += self._squares
        return np.maximum(squared, 0, out=squared)

    def labels(self, places: Reals) -> NDArray[np.intp]:
        """(n,): the nearest place of each point, the first of equals."""
        labels: NDArray[np.intp] = self._scores(places).argmin(axis=0)
        return labels

    def drawn(self, potential: Reals, quantiles: Doubles) -> NDArray[np.intp]:
        """Which points are drawn, each as likely as its share of the potential."""
        cumulated = np.cumsum(potential, dtype=np.float64)
        drawn: NDArray[np.intp] = np.searchsorted(cumulated, quantiles * cumulated[-1], side="right")
        drawn[drawn == len(potential)] -= 1  # where nothing has any
        return drawn

    def _seeded(self, k: int) -> Reals:
        """The places that the search begins with."""
        places = np.empty((k, 3), self._columns.dtype)
        costs, potential = np.full_like(self.weights, np.inf), self.weights
        for place, quantiles in enumerate(_FOR_PLACES[:k]):
            candidates = self[self.drawn(potential, quantiles)]
            with_candidate = np.minimum(self._costs(candidates), costs)
            best = (with_candidate @ self.weights).argmin()
            places[place], costs = candidates[best], with_candidate[best]
            potential = costs * self.weights
        return places

    def _swapped(self, places: Reals) -> Reals:
        """Places after some swaps: a drawn point for the place that is missed least, where that brings them nearer."""
        places, costs = places.copy(), self._costs(places)
        for quantiles in _FOR_SWAPS:
            first = costs.min(axis=0)
            belongs = costs <= first
            second = np.where(belongs, np.inf, costs).min(axis=0)
            potential = first * self.weights
            candidates = self[self.drawn(potential, quantiles)]
            of_candidates = self._costs(candidates)
            with_candidate = np.minimum(of_candidates, first)
            # What it costs the points of a place if that goes.
            losses = np.minimum(of_candidates, second) - with_candidate
            belongings = np.ascontiguousarray(np.where(belongs, self.weights, 0).T)
            sums = (with_candidate @ self.weights)[:, None] + _summed(losses, belongings)
            candidate, place = divmod(int(sums.argmin()), len(places))
            if sums[candidate, place] < _WORTH_A_SWAP * potential.sum():
                places[place], costs[place] = candidates[candidate], of_candidates[candidate]
        return places

    def _costs(self, places: Reals) -> Reals:
        """(k, n): cubed distances."""
        squared = self.squared_distances(places)
        squared *= np.sqrt(squared)
        return squared

    def _scores(self, places: Reals) -> Reals:
        """(k, n): squared distances, each less its point's square, which no comparison needs."""
        factors = np.empty((len(places), 4), places.dtype)
        factors[:, :3] = -2 * places
        factors[:, 3] = np.square(places).sum(axis=1)
        found = np.empty((len(places), len(self)), places.dtype)
        for block in _blocks(len(self), factors.size):
            np.matmul(factors, self._rows[:, block], out=found[:, block])
        return found


def _centres(sums: Reals, places: Reals) -> Reals:
    """Sums of weighted points, and of their weights, as places; the old ones where there were no points."""
    centres: Reals = np.where(
        sums[:, 3:] > 0, sums[:, :3] / np.where(sums[:, 3:] > 0, sums[:, 3:], 1), places
    )
    return centres


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
