"""What are six colours of a photo worth, and what do they cost? Vitrine's palettes beside what others would use."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from statistics import fmean, median
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.palette_peers import Colours, Extract, palette_peers
from benchmarks.pictures import DATA, DRAWN, pictures, real_photos, sized
from benchmarks.report import table
from benchmarks.support import interleave
from shared.colour import hex_to_rgb, rgb_to_oklch
from shared.colour_names import basic_term, color_name
from shared.palette_kinds import PaletteKind, PaletteStyle
from worker.colour_arrays import srgb8_to_lab
from worker.imaging.algorithms.analysis import four_bytes_a_pixel
from worker.imaging.algorithms.ciede2000 import ciede2000
from worker.imaging.algorithms.palette import extract_palette, histogram_of

PICTURES: Final = 40
PIXELS: Final = 200_000
COLORS: Final = 6
OURS: Final = "Vitrine"
VIVID: Final = "Vitrine, vivid"
TARGET: Final = "≤ 3 ms, p99 ≤ 15, 0 % < 5"
# Part of the pixels that a planted accent has.
ACCENT: Final = 0.01

# CIEDE2000 sees every eighth pixel: of 200,000 that changes the third digit at most.
_SEEN: Final = 8
# A swatch nearer than this to a planted accent is the accent; where the photo has its colour already, none is planted.
_KEPT, _ALREADY_THERE, _OF_PIXELS = 10.0, 20.0, 0.002
# A red, in OKLCH: its hues in degrees, from and to, and its least chroma.
_RED_FROM, _RED_TO, _RED_CHROMA = 345.0, 45.0, 0.09

_NOTE: Final = (
    "CIEDE2000: the mean difference of pixels to the nearest colour; p99: of the worst-served hundredth of a photo's pixels, "
    "mean over photos. Pairs: palettes that hold two colours nearer than that. Accents: a hundredth of the pixels made one "
    "strong colour that the photo lacks; kept: a colour of the palette is within 10 of it. Reds: photos of strawberries with "
    "a red in their palette (OKLCH hue 345 to 45 degrees, chroma .09)."
)


class Tried(NamedTuple):
    """CPU seconds, and the colours that came."""

    cpu: float
    colours: Colours


class Judged(NamedTuple):
    """One way on one picture: CPU seconds; mean and 99th percentile of the difference; of the nearest pair of colours."""

    cpu: float
    mean: float
    p99: float
    nearest: float


class Way(NamedTuple):
    """A way on all pictures. accents, reds: for each picture with one, whether it is in the palette."""

    judged: list[Judged]
    accents: list[bool]
    reds: list[bool]


def run(count: int = PICTURES) -> str:
    """The section of RESULTS.md."""
    peers, missing = palette_peers()
    ways: dict[str, Extract] = {
        OURS: vitrine(PaletteStyle.DOMINANT),
        VIVID: vitrine(PaletteStyle.VIVID),
        **peers,
    }
    found = {name: Way([], [], []) for name in ways}
    random = np.random.default_rng(1)
    for picture in (sized(picture, PIXELS) for picture in pictures(count)):
        for name, judged in _measure(picture, ways).items():
            found[name].judged.append(judged)
        planted = _with_accent(picture, random)
        if planted is not None:
            for name, way in ways.items():
                found[name].accents.append(_holds(way(planted[0], COLORS), planted[1]))
    for picture in _strawberries():
        for name, way in ways.items():
            found[name].reds.append(any(map(_is_red, way(picture, COLORS))))
    return _describe(found, count, missing)


def vitrine(style: PaletteStyle) -> Extract:
    """As `analyse` does, from pixels on."""

    def extract(picture: Image.Image, colors: int) -> Colours:
        histogram = histogram_of(four_bytes_a_pixel(picture))
        return [swatch.rgb for swatch in extract_palette(histogram, colors, PaletteKind(style))]

    return extract


def _measure(picture: Image.Image, ways: Mapping[str, Extract]) -> dict[str, Judged]:
    lab = srgb8_to_lab(np.asarray(picture).reshape(-1, 3)[::_SEEN])
    contenders: dict[str, Callable[[], Tried]] = {
        name: lambda way=way: _timed(way, picture)  # type: ignore[misc]
        for name, way in ways.items()
    }
    judged = {}
    for name, (tried,) in interleave(contenders, 1).items():
        colours = srgb8_to_lab(np.array(tried.colours, np.uint8))
        differences = np.min([ciede2000(lab, each) for each in colours], axis=0)
        nearest = min((float(ciede2000(*pair)) for pair in combinations(colours, 2)), default=np.inf)
        judged[name] = Judged(
            tried.cpu, float(differences.mean()), float(np.quantile(differences, 0.99)), nearest
        )
    return judged


def _timed(way: Extract, picture: Image.Image) -> Tried:
    start = time.process_time()
    colours = way(picture, COLORS)
    return Tried(time.process_time() - start, colours)


def _with_accent(
    picture: Image.Image, random: np.random.Generator
) -> tuple[Image.Image, NDArray[np.uint8]] | None:
    """The picture with a square of another colour, and the colour; None where none of a few differs enough from it."""
    pixels = np.array(picture)
    lab = srgb8_to_lab(pixels.reshape(-1, 3)[::_SEEN])
    for colour in random.integers(0, 256, (20, 3)).astype(np.uint8):
        if (ciede2000(lab, srgb8_to_lab(colour)) < _ALREADY_THERE).mean() < _OF_PIXELS:
            side = round((ACCENT * picture.width * picture.height) ** 0.5)
            noise = random.normal(0, 4, (side, side, 3))
            top, left = random.integers(0, picture.height - side), random.integers(0, picture.width - side)
            square = np.rint(colour + noise).clip(0, 255).astype(np.uint8)
            pixels[top : top + side, left : left + side] = square
            return Image.fromarray(pixels), colour
    return None


def _holds(colours: Colours, accent: NDArray[np.uint8]) -> bool:
    lab = srgb8_to_lab(np.array(colours, np.uint8))
    return bool(ciede2000(lab, srgb8_to_lab(accent)).min() < _KEPT)


def _strawberries() -> Sequence[Image.Image]:
    files = [file for file in real_photos() if file.parent.name == "strawberry"]
    return [_opened(file) for file in files]


def _opened(file: Path) -> Image.Image:
    with Image.open(file) as picture:
        return picture.convert("RGB")


def _is_red(rgb: tuple[int, int, int]) -> bool:
    color = rgb_to_oklch(rgb)
    return color.c >= _RED_CHROMA and (color.h >= _RED_FROM or color.h <= _RED_TO)


def _names() -> str | None:
    """How often names say what people would; None where it is not known here what they say."""
    file = DATA / "colour-terms.json"
    if not file.exists():
        return None
    asked = json.loads(file.read_text())
    right = fmean(basic_term(color_name(hex_to_rgb(each["hex"]))) == each["term"] for each in asked)
    return (
        f"Names: of {len(asked):,} colours that at least 60 % of people called by one of the eleven basic terms, "
        f"{right:.1%} have a name that stands under it (target: 96 %)."
    )


def _describe(found: Mapping[str, Way], count: int, missing: list[str]) -> str:
    ours = median(each.cpu for each in found[OURS].judged)
    rows = [
        [
            name,
            f"{1000 * median(each.cpu for each in way.judged):.1f}",
            f"{median(each.cpu for each in way.judged) / ours:.1f}",
            f"{fmean(each.mean for each in way.judged):.2f}",
            f"{fmean(each.p99 for each in way.judged):.1f}",
            f"{fmean(each.nearest < 5 for each in way.judged):.0%}",
            f"{fmean(each.nearest < 8 for each in way.judged):.0%}",
            f"{fmean(way.accents):.0%}" if way.accents else "",
            f"{sum(way.reds)} of {len(way.reds)}" if way.reds else "",
            TARGET if name == OURS else "",
        ]
        for name, way in sorted(
            found.items(), key=lambda item: (item[0] != OURS, fmean(each.p99 for each in item[1].judged))
        )
    ]
    head = [
        "six colours",
        "CPU ms",
        "times ours",
        "CIEDE2000",
        "p99",
        "pairs < 5",
        "pairs < 8",
        "accents kept",
        "reds",
        "target",
    ]
    source = "photos" if real_photos() else "pictures"
    lines = [
        "What are six colours of a photo worth, and at what cost?",
        table(head, rows),
        f"{count} {source} at {PIXELS / 1e6:g} megapixels, all ways in turns on each; CPU ms are medians. {_NOTE}",
    ]
    if (names := _names()) is not None:
        lines.append(names)
    if not real_photos():
        lines.append(DRAWN)
    if missing:
        lines.append(f"Not installed here: {', '.join(missing)} (`make bench` installs them).")
    return "\n\n".join(lines)
