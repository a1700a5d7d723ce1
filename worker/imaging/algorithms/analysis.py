"""Everything that needs a photo's pixels, from one decode."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shared.colour import Swatch
from shared.file_types import Format
from shared.limits import DISPLAY_SIDE, MAX_COLORS, THUMBNAIL_SIDES
from shared.photo_facts import Facts
from worker.imaging.algorithms.decode import Decoded, decode
from worker.imaging.algorithms.facts import DecodedPhoto, check_facts, facts_of
from worker.imaging.algorithms.model_view import check_model_view, model_view
from worker.imaging.algorithms.palette import ColourHistogram, extract_palette, histogram_of
from worker.imaging.algorithms.renditions import Rendition, cascade, encode, encode_all

_PALETTE_PIXELS = 200_000
_HALF_SOLID = 128


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """What `analyse` finds in a file.

    `width`, `height`: of the whole upright picture; `thumbnails` by nominal long side (THUMBNAIL_SIDES); `facts`: by name (see `worker.imaging.algorithms.facts`); `model_view`: (224, 224, 3) uint8, C-contiguous.
    """

    width: int
    height: int
    format: Format
    display: Rendition
    thumbnails: dict[int, Rendition]
    histogram: ColourHistogram
    palette: tuple[Swatch, ...]
    facts: Facts
    model_view: NDArray[np.uint8]

    def __post_init__(self) -> None:
        check_sides(self.width, self.height)
        check_facts(self.facts)
        check_model_view(self.model_view)
        if self.thumbnails.keys() != set(THUMBNAIL_SIDES):
            raise ValueError(f"thumbnails of {sorted(self.thumbnails)}")
        if not 1 <= len(self.palette) <= MAX_COLORS:
            raise ValueError(f"a palette of {len(self.palette)} colours")


def check_sides(width: int, height: int) -> None:
    """Raises ValueError for a picture that cannot be: no more fits into a column either."""
    if not (0 < width < 1 << 31 and 0 < height < 1 << 31):
        raise ValueError(f"a picture of {width} x {height}")


def analyse(data: bytes, colors: int) -> Analysis:
    """Decode a file once and make everything of it; `colors` (2 to 16) is the size of its palette.

    Raises DecodeError (see `decode`).
    """
    decoded = decode(data)
    views = cascade(decoded.pixels)
    renditions = encode_all(views, decoded.format)
    histogram = _histogram(decoded)
    return Analysis(
        width=decoded.width,
        height=decoded.height,
        format=decoded.format,
        display=renditions[DISPLAY_SIDE],
        thumbnails={side: renditions[side] for side in sorted(THUMBNAIL_SIDES)},
        histogram=histogram,
        palette=extract_palette(histogram, colors),
        facts=facts_of(DecodedPhoto(decoded, views)),
        model_view=model_view([decoded.pixels, *views.values()], decoded.width, decoded.height),
    )


@dataclass(frozen=True, slots=True, eq=False)
class PhotoView:
    """What a predictor needs of a photo. `width`, `height`: of the whole upright picture; the others as in `Analysis`."""

    width: int
    height: int
    thumbnail: Rendition
    model_view: NDArray[np.uint8]

    def __post_init__(self) -> None:
        check_sides(self.width, self.height)
        check_model_view(self.model_view)


def view_from(data: bytes) -> PhotoView:
    """A file's model view, the same as `analyse` makes, and its smallest thumbnail. Raises DecodeError (see `decode`)."""
    decoded = decode(data)
    views = cascade(decoded.pixels)
    smallest = min(THUMBNAIL_SIDES)
    return PhotoView(
        width=decoded.width,
        height=decoded.height,
        thumbnail=encode(views[smallest], smallest, decoded.format),
        model_view=model_view([decoded.pixels, *views.values()], decoded.width, decoded.height),
    )


def histogram_from(data: bytes) -> ColourHistogram:
    """The colour histogram of a file alone: the same as `analyse` finds. Raises DecodeError (see `decode`)."""
    return _histogram(decode(data))


def _histogram(decoded: Decoded) -> ColourHistogram:
    size = _sample_size(*decoded.pixels.size)
    pixels = four_bytes_a_pixel(_sampled(decoded.pixels, size))
    if decoded.alpha is None:
        return histogram_of(pixels)
    alpha = np.asarray(_sampled(decoded.alpha, size))
    solid = alpha >= _HALF_SOLID
    # A picture that is faint all over (a watermark) has the colours that show, not none.
    return histogram_of(pixels, solid if solid.any() else alpha > 0)


def four_bytes_a_pixel(picture: Image.Image) -> NDArray[np.uint8]:
    """(h, w, 4) uint8 of an RGB picture, as Pillow keeps it in memory: half the cost of leaving the fourth byte out."""
    return np.frombuffer(picture.tobytes("raw", "RGBX"), np.uint8).reshape(picture.height, picture.width, 4)


def _sampled(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    # Sampled, not averaged: an average across an edge is a colour that the picture does not have.
    return picture.resize(size, Image.Resampling.NEAREST)


def _sample_size(width: int, height: int) -> tuple[int, int]:
    """About _PALETTE_PIXELS in the picture's shape, with strides that lock onto no regular pattern in it."""
    scale = math.sqrt(_PALETTE_PIXELS / (width * height))
    if scale >= 1:
        return width, height
    return _coprime(max(1, round(width * scale)), width), _coprime(max(1, round(height * scale)), height)


def _coprime(near: int, to: int) -> int:
    """The largest number up to `near` that has no divisor in common with `to`."""
    return next(n for n in range(near, 0, -1) if math.gcd(n, to) == 1)
