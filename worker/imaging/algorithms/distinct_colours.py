"""Places for the colours of a picture that an eye tells apart.

Clusters alone put places side by side on what is large, and leave out what is small. People who make palettes choose colours
that differ, and what stands out (Lin and Hanrahan, "Modeling How People Extract Color Themes from Images", CHI 2013). So:

- Of places that an eye hardly tells apart one is enough. Its room goes to what is served worst, if there is anything.
- A group of pixels that is far from every place and holds a hundredth of the picture gets one, instead of one that is nearer
  to its neighbour.
- Of what is left, no two are nearer than `APART`: those that nearly are so far apart move, those nearer than `SAME` become
  one, and so do those that others are in the way of.

Points are in DIN99o, where a distance is about that of CIEDE2000; what counts at the end is CIEDE2000.
"""

import random
from typing import Final

import numpy as np
from numpy.typing import NDArray

from worker.colour_arrays import din99o_to_lab, din99o_to_srgb8
from worker.imaging.algorithms.ciede2000 import ciede2000
from worker.imaging.algorithms.colour_clusters import Doubles, Reals, WeightedPoints

# Differences by CIEDE2000. Side by side, nearer than 5 is a shade of the same colour; 8 is plainly another.
APART: Final = 8.0
SAME: Final = 5.5
NEVER_NEARER: Final = 5.0

# Distances in DIN99o: of places that are one; of points that could do with a place, while there is room; of a group that
# gets one instead of another place; and how far its points lie from their middle.
_ONE_PLACE: Final = 6.0
_UNSERVED: Final = 10.0
_STANDS_OUT: Final = 18.0
_GROUP: Final = 8.0
# Part of the weight that such a group has: less than a hundredth, since its edges are blurred.
_SMALLEST_GROUP: Final = 0.007
# Part of the weight for which any place is worth having: what JPEG makes of edges has less.
_SMALLEST_PLACE: Final = 0.004
# A group takes the room of a place that is so much nearer to its neighbour than the group is to any.
_NEARER: Final = 0.75
_ROUNDS: Final = 5
# How often places may move apart before those that are still too near merge.
_PUSHES: Final = 4
_STEPS: Final = 2
_LAST_STEPS: Final = 3
_EXACT_STEPS: Final = 2
# Rounding to 8 bits may take so much of a difference.
_ROUNDING: Final = 0.2
# Pushed a little farther than they have to be, so that it is done at once.
_BEYOND: Final = 1.01
_CANDIDATES: Final = 32
_SEED = random.Random(20130427)  # noqa: S311 - sampling, not secrets
_QUANTILES: Final = np.array([[_SEED.random() for _ in range(_CANDIDATES)] for _ in range(_ROUNDS)])


def distinct_colours(points: Doubles, weights: Doubles, k: int) -> NDArray[np.uint8]:
    """(m, 3) sRGB, 1 <= m <= k: colours for (n, 3) points in DIN99o of (n,) weights above 0.

    No two are nearer than NEVER_NEARER by CIEDE2000; fewer than k where there are no more.
    """
    if len(points) <= k:
        return _colours_of_few(points, weights)
    search = WeightedPoints(points, weights)
    places = search.places(k)
    for quantiles in _QUANTILES:
        apart = _worth_a_place(search, places)
        better = _with_unserved(search, apart, k, quantiles)
        if better is None:
            places = apart
            break
        places = search.moved(better, _STEPS)
    places = search.settled(places, _LAST_STEPS)
    exact = search.exact()
    return _told_apart(exact, exact.settled(places.astype(np.float64), _EXACT_STEPS).astype(np.float64))


def _worth_a_place(search: WeightedPoints, places: Reals) -> Reals:
    """Places, those that are one in DIN99o merged, without those of too few points."""
    weights = _weights(search, places)
    places = places[weights >= _SMALLEST_PLACE * search.weights.sum()]
    while len(places) > 1:
        distances = _distances(places)
        one, other = divmod(int(distances.argmin()), len(places))
        if distances[one, other] >= _ONE_PLACE:
            break
        places = _merged(places, _weights(search, places), one, other)
    return places


def _with_unserved(search: WeightedPoints, places: Reals, k: int, quantiles: Doubles) -> Reals | None:
    """Places and one more for what is far from all of them, or one instead of another; None: nothing is to be changed."""
    distances = search.squared_distances(places)
    nearest = distances.min(axis=0)
    unserved = nearest > (_UNSERVED if len(places) < k else _STANDS_OUT) ** 2
    weights = np.where(unserved, search.weights, 0)
    total, left = search.weights.sum(), weights.sum()
    if not left or (len(places) == k and left < _SMALLEST_GROUP * total):
        return None
    candidates = search[np.unique(search.drawn(nearest * weights, quantiles))]
    of_candidates = search.squared_distances(candidates)
    if len(places) < k:
        served = of_candidates < nearest
        gains = np.where(served, nearest - of_candidates, 0) @ search.weights
        gains[served @ search.weights < _SMALLEST_PLACE * total] = 0
        return np.vstack([places, candidates[gains.argmax()]]) if gains.any() else None
    shares = (of_candidates < _GROUP**2) @ weights / total
    away = np.square(candidates[:, None] - places).sum(axis=2).min(axis=1)
    standing_out = np.where((shares >= _SMALLEST_GROUP) & (away > _STANDS_OUT**2), np.sqrt(shares) * away, 0)
    best = int(standing_out.argmax())
    if not standing_out[best]:
        return None
    belongs = distances <= nearest
    second = np.where(belongs, np.inf, distances).min(axis=0)
    losses = np.where(belongs, second - nearest, 0) @ search.weights
    losses[_distances(places).min(axis=1) > _NEARER * np.sqrt(away[best])] = np.inf
    weakest = int(losses.argmin())
    if not np.isfinite(losses[weakest]):
        return None
    exchanged = places.copy()
    exchanged[weakest] = candidates[best]
    return exchanged


def _colours_of_few(points: Doubles, weights: Doubles) -> NDArray[np.uint8]:
    """As many colours as points, but for doubles; they stay as they are."""
    order = np.argsort(-weights, kind="stable")
    places, weights = points[order], weights[order]
    while len(places) > 1:
        differences = _differences(places)
        one, other = divmod(int(differences.argmin()), len(places))
        if differences[one, other] >= NEVER_NEARER:
            break
        # The heavier of the two, which comes first, stays.
        places = np.delete(places, other, axis=0)
    return din99o_to_srgb8(places)


def _told_apart(points: WeightedPoints, places: Doubles) -> NDArray[np.uint8]:
    """The colours of the places, once none are nearer to each other than APART."""
    pushes = _PUSHES
    while len(places) > 1:
        differences = _differences(places)
        one, other = divmod(int(differences.argmin()), len(places))
        nearest = differences[one, other]
        if nearest >= APART + _ROUNDING:
            break
        weights = _weights(points, places)
        if nearest >= SAME and pushes:
            places = _pushed(places, weights, differences)
            pushes -= 1
        else:
            places = _merged(places, weights, one, other).astype(np.float64, copy=False)
    return din99o_to_srgb8(places)


def _merged(places: Reals, weights: Reals, one: int, other: int) -> Reals:
    """`one` between both, as their weights have it; without `other`."""
    merged = places.copy()
    merged[one] += (places[other] - places[one]) * (weights[other] / (weights[one] + weights[other]))
    return np.delete(merged, other, axis=0)


def _pushed(places: Doubles, weights: Reals, differences: Doubles) -> Doubles:
    """Places, each of those that are too near to another moved away from it; the heavier of two moves less."""
    near = differences < APART + _ROUNDING
    further = np.where(near, _BEYOND * (APART + _ROUNDING) / differences - 1, 0)
    shares = weights / (weights + weights[:, None])  # [one, other]: how much of it `one` moves
    apart = places[:, None] - places
    pushed: Doubles = places + (apart * (further * shares)[:, :, None]).sum(axis=1)
    return pushed


def _weights(points: WeightedPoints, places: Reals) -> Reals:
    """(k,): of the points of each place, a trace where there are none."""
    sums: Reals = np.bincount(points.labels(places), points.weights, len(places)) + np.finfo(np.float32).tiny
    return sums


def _distances(places: Reals) -> Reals:
    """(k, k): of places from each other in DIN99o, infinite of each from itself."""
    distances: Reals = np.sqrt(np.square(places[:, None] - places).sum(axis=2))
    np.fill_diagonal(distances, np.inf)
    return distances


def _differences(places: Doubles) -> Doubles:
    """(k, k): of places by CIEDE2000, infinite of each from itself."""
    lab = din99o_to_lab(places)
    differences = ciede2000(lab[:, None], lab)
    np.fill_diagonal(differences, np.inf)
    return differences
