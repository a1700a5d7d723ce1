"""Pictures to measure on: real photos where there are some, drawn ones elsewhere."""

import io
import itertools
import math
import os
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from worker.demo.algorithms import draw

# Read when the module is loaded: `python -m benchmarks` runs without anyone's settings of Vitrine.
DATA: Final = Path(os.environ.get("VITRINE_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
_PHOTOS: Final = DATA / "photos" / "caltech101"
# Pictures that a camera's mosaic is taken from.
_CHOICE: Final = 24
DRAWN: Final = "The photos to measure on are not on this machine: these pictures are drawn."


def real_photos() -> list[Path]:
    """All photos, in order; none where they are not on this machine."""
    return sorted(_PHOTOS.rglob("*.jpg"))


def pictures(count: int) -> list[Image.Image]:
    """So many different ones, RGB, the same at each call."""
    files = real_photos()
    if not files:
        return [_rgb(io.BytesIO(each.jpeg)) for each in itertools.islice(draw(shrink=2), count)]
    return [_rgb(files[place]) for place in spread(len(files), count)]


def spread(among: int, count: int) -> list[int]:
    """So many places, evenly apart, from the first to the last."""
    return [int(place) for place in np.linspace(0, among - 1, count)]


def sized(picture: Image.Image, pixels: int) -> Image.Image:
    """The picture at about so many pixels, enlarged or shrunk."""
    scale = math.sqrt(pixels / (picture.width * picture.height))
    size = round(picture.width * scale), round(picture.height * scale)
    return picture.resize(size, Image.Resampling.BICUBIC)


def camera_jpeg(width: int, height: int, seed: int = 1) -> bytes:
    """A JPEG as a camera writes it: a mosaic of pictures, each a megapixel, under sensor noise; quality 90, 4:2:0."""
    side = 1000
    whole = Image.new("RGB", (width, height))
    corners, choice = _corners(width, height, side), pictures(_CHOICE)
    generator = np.random.default_rng(seed)
    for corner, place in zip(corners, generator.integers(0, _CHOICE, len(corners)), strict=True):
        whole.paste(choice[place].resize((side, side), Image.Resampling.LANCZOS), corner)
    # Photos at full size have noise of some levels in each pixel; without it they would decode faster than photos do.
    noisy = np.asarray(whole, np.int16) + generator.normal(0, 5, (height, width, 3)).astype(np.int16)
    written = io.BytesIO()
    Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(written, "JPEG", quality=90)
    return written.getvalue()


def _corners(width: int, height: int, side: int) -> list[tuple[int, int]]:
    return [(left, top) for top in range(0, height, side) for left in range(0, width, side)]


def _rgb(file: Path | io.BytesIO) -> Image.Image:
    with Image.open(file) as picture:
        return picture.convert("RGB")
