"""What every family of demo pictures paints with: colour ramps, fractal noise, soft edges, paper grain.

A picture is float32 of shape (height, width, 3), sRGB from 0 to 1; a field is float32 of shape (height, width).
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from shared.colour import hex_to_rgb, rgb_to_hex
from worker.colour_arrays import linear_to_oklab, linear_to_srgb, oklab_to_linear, srgb_to_linear

Array = NDArray[np.float32]
Picture = Array
Field = Array

JPEG_QUALITY: Final = 88
_RAMP_STEPS: Final = 1024


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours that go together, as `#rrggbb`, and what to call them in a caption. Each family gives them their roles."""

    name: str
    colours: tuple[str, ...]


def rgb(colour: str) -> Array:
    """`#rrggbb` as float32 of shape (3,), sRGB from 0 to 1."""
    return np.array(hex_to_rgb(colour), dtype=np.float32) / np.float32(255)


def mix(first: str, second: str, share: float) -> str:
    """The colour that lies `share` of the way from the first to the second in OKLab."""
    lut = _ramp_table((first, second))
    red, green, blue = np.rint(lut[round(float(np.clip(share, 0, 1)) * (_RAMP_STEPS - 1))] * 255)
    return rgb_to_hex((int(red), int(green), int(blue)))


def ramp(stops: Sequence[str], position: Field) -> Picture:
    """Colours of an even gradient through `stops` in OKLab, at positions from 0 to 1 (clipped) of any shape."""
    table = _ramp_table(tuple(stops))
    steps = (position * np.float32(_RAMP_STEPS - 1)).astype(np.int32)
    colours: Picture = np.take(table, steps, axis=0, mode="clip")
    return colours


@lru_cache(maxsize=256)
def _ramp_table(stops: tuple[str, ...]) -> Array:
    lab = linear_to_oklab(srgb_to_linear([rgb(stop) for stop in stops]))
    at = np.linspace(0, len(stops) - 1, _RAMP_STEPS)
    mixed = np.stack([np.interp(at, np.arange(len(stops)), lab[:, axis]) for axis in range(3)], axis=1)
    table: Array = linear_to_srgb(oklab_to_linear(mixed)).astype(np.float32)
    return table


def grid(height: int, width: int) -> tuple[Field, Field]:
    """Row and column of each pixel, of shapes (height, 1) and (1, width), for broadcasting."""
    return np.arange(height, dtype=np.float32)[:, None], np.arange(width, dtype=np.float32)[None, :]


def smoothstep(low: ArrayLike, high: ArrayLike, value: NDArray[np.floating[Any]]) -> Array:
    """0 below `low`, 1 above `high`, a smooth cubic between."""
    low, high = np.asarray(low, dtype=np.float32), np.asarray(high, dtype=np.float32)
    t = np.clip((value.astype(np.float32, copy=False) - low) / (high - low), 0, 1)
    out: Array = t * t * (3 - 2 * t)
    return out


def noise(
    rng: np.random.Generator,
    height: int,
    width: int,
    cell: float,
    *,
    octaves: int = 5,
    gain: float = 0.5,
    stretch: float = 1.0,
) -> Field:
    """Fractal value noise from 0 to 1: octaves of smooth random grids, each half as large and `gain` as strong.

    cell: size of the largest features in pixels; stretch: how much longer they are along x than along y.
    """
    total = np.zeros((height, width), dtype=np.float32)
    strength = 1.0
    for _ in range(octaves):
        rows, columns = max(2, round(height / cell) + 1), max(2, round(width / (cell * stretch)) + 1)
        random = Image.fromarray(rng.random((rows, columns), dtype=np.float32))
        total += np.float32(strength) * np.asarray(random.resize((width, height), Image.Resampling.BICUBIC))
        strength *= gain
        cell = max(cell / 2, 2.0)
    total -= total.min()
    total /= max(float(total.max()), 1e-6)
    return total


def hills(rng: np.random.Generator, height: int, width: int, cell: float, *, roughness: float = 3.2) -> Field:
    """A smooth random field from 0 to 1 without preferred directions, whose borders meet when it is tiled.

    White noise filtered to a power spectrum that falls with frequency to the power of -`roughness` beyond features
    of `cell` pixels.
    """
    rows, columns = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :]
    frequency = np.hypot(rows, columns) * cell
    spectrum = np.fft.rfft2(rng.standard_normal((height, width))) * (1 + frequency**2) ** (-roughness / 2)
    field = np.fft.irfft2(spectrum, s=(height, width))
    field -= field.min()
    unit: Field = (field / field.max()).astype(np.float32)
    return unit


def enlarged(field: Field, height: int, width: int) -> Field:
    """The field at another size, smooth between its values."""
    return np.asarray(Image.fromarray(field).resize((width, height), Image.Resampling.BICUBIC))


def ridge_line(
    rng: np.random.Generator, length: int, cell: float, *, octaves: int = 4, gain: float = 0.5
) -> Array:
    """One-dimensional fractal noise from 0 to 1, of shape (length,)."""
    line: Array = noise(rng, 2, length, cell, octaves=octaves, gain=gain)[0]
    return line


def warped(field: Field, rows: Field, columns: Field) -> Field:
    """The field read at moved places: pixel (y, x) shows field[y + rows, x + columns], mirrored at the borders."""
    height, width = field.shape
    y, x = grid(height, width)
    moved: Field = field[_mirrored(y + rows, height), _mirrored(x + columns, width)]
    return moved


def _mirrored(index: Array, size: int) -> NDArray[np.intp]:
    period = 2 * (size - 1)
    folded = np.abs(index.astype(np.intp)) % period
    mirrored: NDArray[np.intp] = np.minimum(folded, period - folded)
    return mirrored


def paint(picture: Picture, colour: ArrayLike, coverage: Field) -> None:
    """Lay a colour (or a picture) over the picture in place, as thick as `coverage` (0 to 1) says."""
    layer = np.asarray(colour, dtype=np.float32)
    for band in _bands(picture):
        top = layer[band] if layer.ndim == 3 else layer
        picture[band] += (top - picture[band]) * coverage[band, :, None]


def glow(picture: Picture, colour: str, strength: Field) -> None:
    """Add light in place by screen blending: never past white."""
    light = rgb(colour)
    for band in _bands(picture):
        picture[band] += light * np.clip(strength[band], 0, 1)[..., None] * (1 - picture[band])


def _bands(picture: Picture) -> Iterator[slice]:
    """Rows in parts that stay in the processor's cache: three times as fast as the whole picture at once."""
    for first in range(0, len(picture), 32):
        yield slice(first, first + 32)


def coverage(mask: Image.Image, scale: int) -> Field:
    """An `L` mask drawn `scale` times too large, averaged down to a field from 0 to 1: anti-aliasing by supersampling."""
    return np.asarray(mask.reduce(scale), dtype=np.float32) / np.float32(255)


def from_pillow(image: Image.Image, scale: int) -> Picture:
    """An RGB drawing `scale` times too large, averaged down to a picture."""
    return np.asarray(image.reduce(scale), dtype=np.float32) / np.float32(255)


def vignette(picture: Picture, strength: float) -> None:
    """Darken the corners in place by `strength` (0 to 1)."""
    height, width = picture.shape[:2]
    y, x = grid(height, width)
    radius = ((y / height - 0.5) ** 2 + (x / width - 0.5) ** 2) * 2
    picture *= (1 - np.float32(strength) * radius**1.5)[..., None]


def to_jpeg(picture: Picture, rng: np.random.Generator, grain: float = 0.012) -> bytes:
    """The picture as a JPEG, with a film grain of that standard deviation: smooth gradients band without it."""
    height, width = picture.shape[:2]
    tile = rng.normal(0, grain, (256, 256)).astype(np.float32)
    picture += np.tile(tile, (-(-height // 256), -(-width // 256)))[:height, :width, None]
    pixels = (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue()
