"""How a river wanders: the kinematic model of Howard and Knutson (1984), "Sufficient conditions for river meandering"."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

# Their weights of the local curvature and of the curvature upstream.
_LOCAL: Final = -1.0
_UPSTREAM: Final = 2.5

_Points = NDArray[np.float64]


def meanders(rng: np.random.Generator, length: float, girth: float, *, courses: int) -> list[_Points]:
    """Successive courses of one river of width `girth` that runs along x past 0 and `length`, oldest first.

    Each is an (n, 2) array of x, y about y = 0, in the unit of `length`. A bend that closes on itself is cut off, and
    only the older courses remember it.
    """
    # Bends grow as they travel down the river: it needs a run-up to have some where the page begins.
    start = np.arange(-50 * girth, length + 15 * girth, 0.5 * girth)
    path = np.stack([start, _first_bends(rng, start, girth)], axis=1)
    kept = []
    warm_up, pause = 110, 9
    for step in range(warm_up + pause * courses):
        path = _migrated(path, girth)
        if step % 4 == 0:
            path = _cut_off(path, girth)
        if step >= warm_up and (step - warm_up) % pause == pause - 1:
            kept.append(path[(path[:, 0] > -3 * girth) & (path[:, 0] < length + 3 * girth)])
    return kept


def _first_bends(rng: np.random.Generator, along: NDArray[np.float64], girth: float) -> NDArray[np.float64]:
    bends = np.zeros_like(along)
    for _ in range(6):
        bends += np.sin(along / girth * rng.uniform(0.3, 0.75) + rng.uniform(0, 2 * np.pi)) * rng.uniform(
            0.2, 0.5
        )
    return bends * girth


def _migrated(path: _Points, girth: float) -> _Points:
    """The course a little later: each point moves outward from the bend, as its own and the upstream curvature say."""
    path = _evenly(path, 0.5 * girth)
    step = np.diff(path, axis=0, append=path[-1:] * 2 - path[-2:-1])
    heading = np.unwrap(np.arctan2(step[:, 1], step[:, 0]))
    curvature = np.gradient(heading) / 0.5
    memory = np.exp(-0.5 * np.arange(24) / 1.6)
    upstream = np.convolve(curvature, memory / memory.sum())[: len(curvature)]
    rate = np.clip(_LOCAL * curvature + _UPSTREAM * upstream, -1.2, 1.2) * 0.16 * girth
    # The ends lie outside the page and stay where they are.
    rate *= np.clip(np.minimum(np.arange(len(path)), np.arange(len(path))[::-1]) / 12, 0, 1)
    outward = np.stack([np.sin(heading), -np.cos(heading)], axis=1)
    moved: _Points = path + rate[:, None] * outward
    return moved


def _evenly(path: _Points, spacing: float) -> _Points:
    way = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
    at = np.linspace(0, way[-1], max(2, round(way[-1] / spacing)) + 1)
    return np.stack([np.interp(at, way, path[:, axis]) for axis in (0, 1)], axis=1)


def _cut_off(path: _Points, girth: float) -> _Points:
    """The course without the bends whose two ends have met."""
    # Every other point is enough to see it, at a quarter of the cost.
    points = path[::2].astype(np.float32)
    gap = np.abs(points[:, None, 0] - points[None, :, 0]) + np.abs(points[:, None, 1] - points[None, :, 1])
    near = np.argwhere(np.triu(gap < 1.6 * girth, k=5))
    if not len(near):
        return path
    first, second = 2 * near[0]
    return _cut_off(np.concatenate([path[: first + 1], path[second:]]), girth)
