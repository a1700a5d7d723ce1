"""Colour palettes: a 5-bit RGB histogram, and the colours in it that an eye tells apart.

The histogram makes clustering cheap (thousands of points instead of hundreds of thousands) and can be kept, so that a
palette of another size or style never needs the photo again. `make bench-palette` measures what palettes are worth.
"""

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.colour import Swatch, rgb_to_hex
from shared.limits import MAX_COLORS, MIN_COLORS
from shared.palette_kinds import DEFAULT_KIND, PaletteGround, PaletteKind, PaletteStyle
from worker.colour_arrays import lab_to_din99o, srgb8_to_din99o, srgb8_to_lab
from worker.imaging.algorithms.ciede2000 import ciede2000
from worker.imaging.algorithms.colour_clusters import WeightedPoints
from worker.imaging.algorithms.distinct_colours import distinct_colours

# Part of a stored palette's key: bump when the same picture would get another palette.
PALETTE_VERSION = "distinct-1"

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]

_BINS = 1 << 15
# Pixels at a time: what they are turned into then stays in the cache.
_PART = 1 << 14
# A bin's sums of three low bits a channel share 64 bits, 21 for each: so many pixels, seven times, fit.
_STRETCH = 1 << 18
_SHIFTS = np.array([0, 21, 42], np.uint64)
_SUM = np.uint64((1 << 21) - 1)
# Multiplied by this, the low bits of a pixel's bytes stand, among others, where _SHIFTS has them.
_SPREAD = np.uint64(1 + (1 << 13) + (1 << 26))
_LOW_BITS = np.uint64(7 + (7 << 21) + (7 << 42))
_ONE = np.uint32(1)

# A pixel of so much chroma (in DIN99o) is strong; the strongest colour of sRGB has 57.
_STRONG = 50.0
# In a palette of what covers the photo a strong pixel counts as so many grey ones more: it keeps what stands out, and all
# others as near.
_DOMINANT_STRENGTH = 2.0
# In a vivid one a grey pixel counts as such a part of a strong one. Strong is what this part of the pixels falls short of, so
# that a muted photo has its strongest colours too; less chroma than the last number is never strong.
_VIVID_GREY, _VIVID_QUANTILE, _VIVID_LEAST = 0.02, 0.98, 12.0
# Nearer to white than this by CIEDE2000 is ground: paper and what JPEG makes of its edges, not a pale grey.
_WHITE_GROUND = 3.5
_LEAST_GROUND = 0.01
_WHITE = np.array([100.0, 0.0, 0.0])

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


def histogram_of(pixels: Bytes, counted: NDArray[np.bool_] | None = None) -> ColourHistogram:
    """The histogram of a picture of (h, w, 3) uint8; of those pixels only where `counted` (h, w) holds.

    (h, w, 4), as Pillow keeps RGB, is faster; the fourth byte says nothing. A picture of which nothing counts is white.
    """
    packed = _packed(pixels)
    if counted is not None:
        packed = packed[counted.reshape(-1)]
        if not len(packed):
            return ColourHistogram(np.full((1, 3), 255, np.uint8), np.array([counted.size], np.uint32))
    counts = np.zeros(_BINS, np.uint32)
    stretches = [_low_sums(packed[at : at + _STRETCH], counts) for at in range(0, len(packed), _STRETCH)]
    occupied = np.flatnonzero(counts > 0)
    counts = counts[occupied]
    sums = sum((sums[occupied, None] >> _SHIFTS & _SUM for sums in stretches), np.uint64(0))
    corners = np.stack([occupied >> 10, occupied >> 5 & 31, occupied & 31], axis=1) << 3
    return ColourHistogram((corners + np.rint(sums / counts[:, None])).astype(np.uint8), counts)


def _packed(pixels: Bytes) -> NDArray[np.uint32]:
    """One number a pixel, red in its lowest byte."""
    if pixels.shape[2] == 3:
        padded = np.empty((*pixels.shape[:2], 4), np.uint8)
        padded[..., :3] = pixels
        pixels = padded
    return np.ascontiguousarray(pixels).reshape(-1).view("<u4")


def _low_sums(packed: NDArray[np.uint32], counts: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """By bin: the sums of the low bits of each channel, side by side. Adds the pixels to `counts` (by bin)."""
    sums = np.zeros(_BINS, np.uint64)
    for start in range(0, len(packed), _PART):
        part = packed[start : start + _PART]
        bins = ((part << 7 & 0x7C00) | (part >> 6 & 0x3E0) | (part >> 19 & 0x1F)).astype(np.intp)
        np.add.at(sums, bins, (part & 0x070707) * _SPREAD & _LOW_BITS)
        np.add.at(counts, bins, _ONE)
    return sums


def check_colors(colors: int) -> None:
    """ValueError if a palette can't have so many colours."""
    if not MIN_COLORS <= colors <= MAX_COLORS:
        raise ValueError(f"a palette has {MIN_COLORS} to {MAX_COLORS} colours, not {colors}")


def extract_palette(
    histogram: ColourHistogram, colors: int, kind: PaletteKind = DEFAULT_KIND
) -> tuple[Swatch, ...]:
    """At most `colors` (2 to 16) swatches, by falling proportion, then by colour.

    No two are nearer than 5 by CIEDE2000; fewer where the picture has no more that differ. A swatch's proportion is that of
    the pixels that are nearest to it, and proportions sum to 1. The same histogram always gives the same palette.
    """
    check_colors(colors)
    lab = srgb8_to_lab(histogram.colours)
    counts = histogram.counts.astype(np.float64)
    if kind.ground is PaletteGround.EXCLUDED:
        ground = _is_ground(lab)
        # A picture that is all white has that colour, not none.
        if not ground.all():
            lab, counts = lab[~ground], counts[~ground]
    points = lab_to_din99o(lab)
    found = distinct_colours(points, counts * _emphasis(points, counts, kind.style), colors)
    labels = WeightedPoints(points, counts).labels(srgb8_to_din99o(found).astype(np.float32))
    return _swatches(found, np.bincount(labels, counts, len(found)).astype(np.float64))


def has_ground(histogram: ColourHistogram) -> bool:
    """Whether as much of the picture as counts for anything may be a white ground."""
    white = histogram.counts[_is_ground(srgb8_to_lab(histogram.colours))]
    return bool(white.sum() >= _LEAST_GROUND * histogram.counts.sum())


def _is_ground(lab: Floats) -> NDArray[np.bool_]:
    near: NDArray[np.bool_] = ciede2000(lab, _WHITE) <= _WHITE_GROUND
    return near


def _emphasis(points: Floats, counts: Floats, style: PaletteStyle) -> Floats:
    """(n,): what a pixel of each point counts for, by its chroma."""
    chroma = np.hypot(points[:, 1], points[:, 2])
    if style is PaletteStyle.DOMINANT:
        return 1 + _DOMINANT_STRENGTH * (chroma / _STRONG) ** 2
    order = np.argsort(chroma)
    cumulated = np.cumsum(counts[order])
    strong = chroma[order][np.searchsorted(cumulated, _VIVID_QUANTILE * cumulated[-1])]
    emphasis: Floats = _VIVID_GREY + (chroma / max(strong, _VIVID_LEAST)) ** 4
    return emphasis


def _swatches(colours: Bytes, weights: NDArray[np.float64]) -> tuple[Swatch, ...]:
    """Swatches of those clusters that have pixels."""
    shares = (weights / weights.sum()).tolist()
    found = [(rgb_to_hex(tuple(rgb)), share) for rgb, share in zip(colours.tolist(), shares, strict=True)]
    ordered = sorted(found, key=lambda each: (-each[1], each[0]))
    return tuple(Swatch(code, share) for code, share in ordered if share > 0)
