"""Colour palettes: a 5-bit RGB histogram, weighted k-means++ in OKLab, and a last pass to the medians.

The histogram makes k-means cheap (thousands of points instead of hundreds of thousands) and can be kept, so that a
palette of another size never needs the photo again. k-means++ seeding is Arthur and Vassilvitskii's (2007), the
refinement Lloyd's. Several starts run side by side as one matrix product; the best of them runs on to rest.

How far a picture's pixels are from its palette, on average, is what people see; k-means makes the mean of the squares least.
So starts are judged by the mean distance itself, and at the end each colour moves from the mean of its pixels to their
geometric median (Weiszfeld's steps, 1937): 3 % nearer in OKLab on photos, 4 % by CIEDE2000. `make bench-palette` measures
both.
"""

import random
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.algorithms.colour import oklab_to_srgb8, srgb8_to_oklab

# Part of a stored palette's key: bump when the same picture would get another palette.
PALETTE_VERSION = "oklab-kmedians-1"
MIN_COLORS = 2
MAX_COLORS = 16

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

_BINS = 1 << 15
_FIELD = float(1 << 26)
# Two sums share a float64 of 53 bits, 26 for the lower one: 7 (the largest remainder) times this many pixels fit.
_MAX_PIXELS = int(_FIELD) // 8
# Pixels at a time: what they are turned into then stays in the cache, and on pages that the process has already.
_PART = 1 << 15

# OKLab counts chroma for less than the eye does (CIEDE2000, and Color.js' deltaEOK2, which doubles a and b). Half as much
# again brings palettes nearer by CIEDE2000 and costs less than 1 % in plain OKLab distance; twice costs 2 %.
_WEIGHED = np.array([1.0, 1.5, 1.5])
_STARTS = 4
_SHARED_STEPS = 6
_FINAL_STEPS = 60
# OpenBLAS stays on one thread up to 2^18 multiplications, and each product here takes four.
_BLOCK_PRODUCTS = 1 << 16
_MEDIAN_STEPS = 4
# A point that a colour lies on would draw it without end; this far away is no difference to the eye.
_NEAREST = 1e-3
_AT_REST = 1e-6  # squared OKLab distance; a thousandth is far below what an eye or a byte resolves
# Python's own generator, because its sequence for a seed is guaranteed for ever.
_SEED = random.Random(20200417)  # noqa: S311 - sampling, not secrets
_QUANTILES = np.array([[_SEED.random() for _ in range(MAX_COLORS)] for _ in range(_STARTS)])

_MAGIC = b"VCH1"


@dataclass(frozen=True, slots=True, eq=False)
class ColourHistogram:
    """The colours of a picture by occupied 5-bit RGB bin, in order of bins.

    `colours`: (n, 3) uint8, the mean colour of each bin's pixels, rounded; `counts`: (n,) uint32 > 0; 1 <= n <= 32768.
    """

    colours: Bytes
    counts: NDArray[np.uint32]

    def __post_init__(self) -> None:
        bins = len(self.counts)
        if not 1 <= bins <= _BINS or self.colours.shape != (bins, 3) or self.counts.shape != (bins,):
            raise ValueError("a histogram has 1 to 32768 bins, each with a colour and a count")
        if self.colours.dtype != np.uint8 or self.counts.dtype != np.uint32 or not self.counts.all():
            raise ValueError("a histogram's colours are uint8, its counts uint32 and positive")

    def to_bytes(self) -> bytes:
        """For storage: about 3 bytes a bin."""
        columns = np.ascontiguousarray(self.colours.T).tobytes() + self.counts.astype("<u4").tobytes()
        return _MAGIC + zlib.compress(columns, 1)

    @classmethod
    def from_bytes(cls, data: bytes) -> "ColourHistogram":
        """What `to_bytes` wrote; ValueError if it is no histogram."""
        if not data.startswith(_MAGIC):
            raise ValueError("not a colour histogram")
        try:
            columns = zlib.decompressobj().decompress(memoryview(data)[len(_MAGIC) :], 7 * _BINS + 1)
        except zlib.error as error:
            raise ValueError("a damaged colour histogram") from error
        bins, rest = divmod(len(columns), 7)
        if rest:
            raise ValueError("a colour histogram of the wrong size")
        colours = np.frombuffer(columns, np.uint8, 3 * bins).reshape(3, bins).T
        return cls(
            np.ascontiguousarray(colours), np.frombuffer(columns, "<u4", bins, 3 * bins).astype(np.uint32)
        )


@dataclass(frozen=True, slots=True)
class Swatch:
    """One colour of a palette (8-bit sRGB) and its share of the picture, 0..1."""

    rgb: tuple[int, int, int]
    proportion: float


def histogram_of(rgb: Bytes, counted: NDArray[np.bool_] | None = None) -> ColourHistogram:
    """The histogram of a picture of (h, w, 3) uint8; of those pixels only where `counted` (h, w) holds.

    A picture of which nothing counts is white. At most 8 million pixels; 0.2 million are plenty.
    """
    pixels = rgb.reshape(-1, 3)
    if counted is not None:
        pixels = pixels[counted.reshape(-1)]
        if not len(pixels):
            return ColourHistogram(np.full((1, 3), 255, np.uint8), np.array([counted.size], np.uint32))
    if not 0 < len(pixels) <= _MAX_PIXELS:
        raise ValueError(f"a histogram is of 1 to {_MAX_PIXELS} pixels, not {len(pixels)}")
    red_and_green, blue_and_count = np.zeros(_BINS), np.zeros(_BINS)
    for start in range(0, len(pixels), _PART):
        two, other_two = _sums(pixels[start : start + _PART])
        red_and_green += two
        blue_and_count += other_two
    occupied = np.flatnonzero(blue_and_count)
    greens, reds = np.divmod(red_and_green[occupied], _FIELD)
    counts, blues = np.divmod(blue_and_count[occupied], _FIELD)
    corners = np.stack([occupied >> 10, occupied >> 5 & 31, occupied & 31], axis=1) << 3
    means = np.rint(np.stack([reds, greens, blues], axis=1) / counts[:, None])
    return ColourHistogram((corners + means).astype(np.uint8), counts.astype(np.uint32))


def _sums(pixels: Bytes) -> tuple[Doubles, Doubles]:
    """By bin: the low bits of red plus _FIELD times those of green; those of blue plus _FIELD times the count."""
    red, green, blue = np.ascontiguousarray(pixels.T)
    narrow = (red >> 3).astype(np.uint16)
    for channel in (green, blue):
        narrow <<= 5
        narrow |= channel >> 3
    bins = narrow.astype(np.intp)
    # bincount adds floats only, and is what costs here: two numbers ride in each of its sums.
    carried: Doubles = np.multiply(green & 7, _FIELD)
    carried += red & 7
    red_and_green: Doubles = np.bincount(bins, carried, _BINS).astype(np.float64, copy=False)
    np.add(blue & 7, _FIELD, out=carried)
    return red_and_green, np.bincount(bins, carried, _BINS).astype(np.float64, copy=False)


def check_colors(colors: int) -> None:
    """ValueError if a palette can't have so many colours."""
    if not MIN_COLORS <= colors <= MAX_COLORS:
        raise ValueError(f"a palette has {MIN_COLORS} to {MAX_COLORS} colours, not {colors}")


def extract_palette(histogram: ColourHistogram, colors: int) -> tuple[Swatch, ...]:
    """At most `colors` (2 to 16) swatches with distinct colours, by falling proportion, then by colour.

    Fewer where the picture has fewer distinguishable colours. Proportions sum to 1. The same histogram always gives the
    same palette.
    """
    check_colors(colors)
    counts = histogram.counts.astype(np.float64)
    if len(counts) <= colors:
        return _swatches(histogram.colours, counts)
    points = srgb8_to_oklab(histogram.colours) * _WEIGHED
    labels = _cluster(points.astype(np.float32), counts.astype(np.float32), colors)
    # Doubles from here on: of the float32 search nothing but its partition shows in the result.
    centres = _to_medians(points, counts, _means(points, counts, labels, colors))
    labels, _ = _nearest(points, centres)
    weights: NDArray[np.float64] = np.bincount(labels, counts, len(centres)).astype(np.float64)
    return _swatches(oklab_to_srgb8(centres[weights > 0] / _WEIGHED), weights[weights > 0])


def _to_medians(points: Doubles, counts: Doubles, centres: Doubles) -> Doubles:
    """Centres (k, 3) moved towards where the sum of distances to their own points (n, 3) is least."""
    for _ in range(_MEDIAN_STEPS):
        labels, distances = _nearest(points, centres)
        centres = _means(points, counts / np.maximum(distances, _NEAREST), labels, len(centres))
    return centres


def _means(points: Doubles, weights: Doubles, labels: NDArray[np.intp], k: int) -> Doubles:
    """The weighted means of the clusters that have points, at most k."""
    mass = np.bincount(labels, weights, k)
    sums = np.stack([np.bincount(labels, weights * channel, k) for channel in points.T], axis=1)
    means: Doubles = sums[mass > 0] / mass[mass > 0, None]
    return means


def _nearest(points: Doubles, centres: Doubles) -> tuple[NDArray[np.intp], Doubles]:
    """For each point the nearest centre, the first of equals, and how far it is."""
    scores = np.square(centres).sum(axis=1)[:, None] - 2 * centres @ points.T
    labels = scores.argmin(axis=0)
    squared = scores.min(axis=0) + np.square(points).sum(axis=1)
    return labels, np.sqrt(np.maximum(squared, 0))


def _swatches(colours: Bytes, weights: NDArray[np.float64]) -> tuple[Swatch, ...]:
    """Swatches of clusters, those of one and the same 8-bit colour merged."""
    merged: dict[tuple[int, int, int], float] = {}
    for (red, green, blue), weight in zip(colours.tolist(), weights.tolist(), strict=True):
        merged[red, green, blue] = merged.get((red, green, blue), 0.0) + weight
    total = sum(merged.values())
    ordered = sorted(merged.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Swatch(rgb, weight / total) for rgb, weight in ordered)


def _cluster(points: Floats, weights: Floats, k: int) -> NDArray[np.intp]:
    """The cluster (0..k-1) of each of (n, 3) points with (n,) weights, n > k."""
    problem = _Problem(points, weights)
    centres, error = problem.refine(problem.seed(k), _SHARED_STEPS)
    best = int(np.argmin(error))
    centres, _ = problem.refine(centres[best : best + 1], _FINAL_STEPS)
    return problem.labels(centres[0])


class _Problem:
    """Weighted k-means over fixed points, for several starts at once: centres are (starts, k, 3) float32."""

    def __init__(self, points: Floats, weights: Floats) -> None:
        self._points = points
        self._weights = weights
        self._squares = (points * points).sum(axis=1)
        ones = np.ones((1, len(points)), np.float32)
        self._rows = np.concatenate([points.T, ones])
        self._weighted = np.concatenate([points * weights[:, None], weights[:, None]], axis=1)

    def seed(self, k: int) -> Floats:
        """k-means++: each centre a point drawn in proportion to its weight and squared distance to those before it."""
        starts, n = len(_QUANTILES), len(self._points)
        centres = np.empty((starts, k, 3), np.float32)
        weights = self._weights.astype(np.float64)
        potential = np.broadcast_to(weights, (starts, n))
        nearest = np.full((starts, n), np.inf, np.float32)
        for j in range(k):
            cumulated = np.cumsum(potential, axis=1)
            drawn = (cumulated <= _QUANTILES[:, j : j + 1] * cumulated[:, -1:]).sum(axis=1)
            centres[:, j] = self._points[np.minimum(drawn, n - 1)]
            for block in self._blocks(starts):
                squared = self._scores(centres[:, j : j + 1], block)[:, 0] + self._squares[block]
                nearest[:, block] = np.minimum(nearest[:, block], squared)
            potential = np.maximum(nearest, 0.0) * weights
        return centres

    def refine(self, centres: Floats, steps: int) -> tuple[Floats, NDArray[np.float64]]:
        """Lloyd's steps until nothing moves, at most `steps`: the centres and each start's sum of weighted distances."""
        starts, k, _ = centres.shape
        blocks = self._blocks(starts * k)
        for _ in range(steps):
            sums = np.zeros((starts, k, 4))
            error = np.zeros(starts)
            for block in blocks:
                scores = self._scores(centres, block)
                least = scores.min(axis=1, keepdims=True)
                # A point at equal distance counts for both centres; the final partition decides.
                members = (scores <= least).astype(np.float32).reshape(starts * k, -1)
                sums += (members @ self._weighted[block]).reshape(starts, k, 4)
                distances = np.sqrt(np.maximum(least[:, 0] + self._squares[block], 0))
                error += distances @ self._weights[block]
            mass = sums[..., 3:]
            moved = np.where(mass > 0, sums[..., :3] / np.maximum(mass, 1), centres).astype(np.float32)
            shift = np.square(moved - centres).sum(axis=2).max()
            centres = moved
            if shift < _AT_REST:
                break
        return centres, error

    def labels(self, centres: Floats) -> NDArray[np.intp]:
        """The nearest of (k, 3) centres for each point, the first of equals."""
        blocks = self._blocks(len(centres))
        return np.concatenate([self._scores(centres[None], block)[0].argmin(axis=0) for block in blocks])

    def _scores(self, centres: Floats, block: slice) -> Floats:
        """(starts, k, block): squared distances, each less its point's square, which no comparison needs."""
        starts, k, _ = centres.shape
        squares = (centres * centres).sum(axis=2, keepdims=True)
        product: Floats = (
            np.concatenate([-2 * centres, squares], axis=2).reshape(starts * k, 4) @ self._rows[:, block]
        )
        return product.reshape(starts, k, -1)

    def _blocks(self, centres: int) -> list[slice]:
        """Ranges of points for which the products with so many centres stay small.

        They then fit the cache, and BLAS computes them on one thread: on several, sharing so little work out costs
        twenty times the work where other processes want the cores.
        """
        size = max(1, _BLOCK_PRODUCTS // centres)
        return [slice(start, start + size) for start in range(0, len(self._points), size)]
