"""Other ways to a palette, each as its own documentation or the usual tutorial has it."""

import io
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.cluster import KMeans

Colours = list[tuple[int, int, int]]
Extract = Callable[[Image.Image, int], Colours]

# What tutorials shrink a photo to before they hand its pixels to k-means.
_TUTORIAL_SIZE: Final = (200, 400)


def tutorial_k_means(starts: int) -> Extract:
    def extract(picture: Image.Image, colors: int) -> Colours:
        pixels = np.asarray(picture.resize(_TUTORIAL_SIZE)).reshape(-1, 3)
        found = KMeans(colors, n_init=starts, random_state=0).fit(pixels.astype(np.float64))
        return _tuples(found.cluster_centers_.round())

    return extract


def pillow(method: Image.Quantize) -> Extract:
    def extract(picture: Image.Image, colors: int) -> Colours:
        flat = picture.quantize(colors, method).getpalette() or []
        return _tuples(np.array(flat[: 3 * colors]).reshape(-1, 3))

    return extract


def _pylette(package: Any) -> Extract:
    def extract(picture: Image.Image, colors: int) -> Colours:
        return [tuple(each.rgb) for each in package.extract_colors(picture, palette_size=colors)]

    return extract


def _color_thief(package: Any) -> Extract:
    def extract(picture: Image.Image, colors: int) -> Colours:
        thief = package.ColorThief(_file(picture))
        return [tuple(each) for each in thief.get_palette(color_count=colors)]

    return extract


def _colorgram(package: Any) -> Extract:
    def extract(picture: Image.Image, colors: int) -> Colours:
        return [tuple(each.rgb) for each in package.extract(picture, colors)]

    return extract


def _extcolors(package: Any) -> Extract:
    def extract(picture: Image.Image, colors: int) -> Colours:
        found, _ = package.extract_from_image(picture, limit=colors)
        return [colour for colour, _ in found]

    return extract


def _libimagequant(package: Any) -> Extract:
    def extract(picture: Image.Image, colors: int) -> Colours:
        attributes = package.Attr()
        attributes.max_colors = colors
        image = attributes.create_rgba(picture.convert("RGBA").tobytes(), *picture.size, 0)
        return [(each.r, each.g, each.b) for each in image.quantize(attributes).get_palette()]

    return extract


def _material_colours(package: Any) -> Extract:
    def extract(picture: Image.Image, colors: int) -> Colours:
        found = package.QuantizeCelebi(np.asarray(picture).reshape(-1, 3).tolist(), colors)
        return [(argb >> 16 & 255, argb >> 8 & 255, argb & 255) for argb in found]

    return extract


_BY_PACKAGE: Final[dict[str, tuple[str, Callable[[Any], Extract]]]] = {
    "Pylette": ("pylette", _pylette),
    "libimagequant": ("libimagequant", _libimagequant),
    "material-color-utilities (Celebi)": ("materialyoucolor.quantize", _material_colours),
    "colorgram.py": ("colorgram", _colorgram),
    "Color Thief": ("colorthief", _color_thief),
    "extcolors": ("extcolors", _extcolors),
}


def palette_peers() -> tuple[dict[str, Extract], list[str]]:
    """The peers by name, and the names of those that are not installed."""
    found: dict[str, Extract] = {
        "sklearn KMeans, 200 × 400, RGB": tutorial_k_means(1),
        "sklearn KMeans, 200 × 400, RGB, 10 starts": tutorial_k_means(10),
        "Pillow MEDIANCUT": pillow(Image.Quantize.MEDIANCUT),
        "Pillow FASTOCTREE": pillow(Image.Quantize.FASTOCTREE),
    }
    missing = []
    for name, (package, make) in _BY_PACKAGE.items():
        try:
            found[name] = make(import_module(package))
        except ImportError:
            missing.append(name)
    return found, missing


def _file(picture: Image.Image) -> io.BytesIO:
    """As a file that costs nothing to read: Color Thief takes nothing else."""
    written = io.BytesIO()
    picture.save(written, "BMP")
    written.seek(0)
    return written


def _tuples(colours: NDArray[Any]) -> Colours:
    return [(int(red), int(green), int(blue)) for red, green, blue in colours]
