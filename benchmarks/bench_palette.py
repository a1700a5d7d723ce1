"""How near are six colours to a photo, and what do they cost? Vitrine's palette beside what others would use."""

import time
from collections.abc import Callable, Mapping
from statistics import fmean, median
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.cluster import KMeans

from benchmarks.ciede2000 import ciede2000, srgb8_to_lab
from benchmarks.palette_peers import Colours, Extract, palette_peers
from benchmarks.pictures import DRAWN, pictures, real_photos, sized
from benchmarks.report import table
from benchmarks.support import interleave
from worker.colour_arrays import srgb8_to_oklab
from worker.imaging.algorithms.analysis import four_bytes_a_pixel
from worker.imaging.algorithms.palette import extract_palette, histogram_of

PICTURES: Final = 32
PIXELS: Final = 200_000
COLORS: Final = 6
OURS: Final = "Vitrine"
TARGET: Final = "≤ 3 ms, ≤ 1.005"

_LONG_RUNS: Final = 10
# The long runs and CIEDE2000 see every eighth pixel: of 200,000 that changes the third digit at most.
_FOR_FLOOR, _FOR_CIEDE = 8, 8

_NOTE: Final = (
    "OKLab error: the mean distance of all pixels to their nearest colour, as a ratio to the best of ten long k-means runs "
    "on the pixels themselves; k-means makes squares least, so 1 is no lower bound of the distance. CIEDE2000: the mean "
    "difference of pixels to the colour nearest by it."
)


class Tried(NamedTuple):
    """CPU seconds, and the colours that came."""

    cpu: float
    colours: Colours


class Judged(NamedTuple):
    """One way on one picture: CPU seconds, OKLab error as a ratio to the floor, mean CIEDE2000 difference."""

    cpu: float
    error: float
    ciede2000: float


def run(count: int = PICTURES) -> str:
    """The section of RESULTS.md."""
    peers, missing = palette_peers()
    ways = {OURS: vitrine, **peers}
    found: dict[str, list[Judged]] = {name: [] for name in ways}
    for picture in pictures(count):
        for name, judged in _measure(sized(picture, PIXELS), ways).items():
            found[name].append(judged)
    return _describe(found, count, missing)


def vitrine(picture: Image.Image, colors: int) -> Colours:
    """As `analyse` does, from pixels on."""
    return [swatch.rgb for swatch in extract_palette(histogram_of(four_bytes_a_pixel(picture)), colors)]


def _measure(picture: Image.Image, ways: Mapping[str, Extract]) -> dict[str, Judged]:
    rgb = np.asarray(picture).reshape(-1, 3)
    oklab, lab = srgb8_to_oklab(rgb), srgb8_to_lab(rgb[::_FOR_CIEDE])
    floor = min(_distance(oklab, centres) for centres in _long_runs(oklab[::_FOR_FLOOR]))
    contenders: dict[str, Callable[[], Tried]] = {
        name: lambda way=way: _timed(way, picture)  # type: ignore[misc]
        for name, way in ways.items()
    }
    judged = {}
    for name, (tried,) in interleave(contenders, 1).items():
        colours = np.array(tried.colours, np.uint8)
        judged[name] = Judged(
            tried.cpu,
            _distance(oklab, srgb8_to_oklab(colours)) / floor,
            float(np.min([ciede2000(lab, each) for each in srgb8_to_lab(colours)], axis=0).mean()),
        )
    return judged


def _timed(way: Extract, picture: Image.Image) -> Tried:
    start = time.process_time()
    colours = way(picture, COLORS)
    return Tried(time.process_time() - start, colours)


def _long_runs(points: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    runs = (KMeans(COLORS, n_init=1, max_iter=300, tol=1e-6, random_state=seed) for seed in range(_LONG_RUNS))
    return [each.fit(points.astype(np.float32)).cluster_centers_.astype(np.float64) for each in runs]


def _distance(points: NDArray[np.float64], centres: NDArray[np.float64]) -> float:
    """The mean distance of points (n, 3) to the nearest of centres (k, 3)."""
    nearest = np.full(len(points), np.inf)
    for centre in centres:
        np.minimum(nearest, np.square(points - centre).sum(axis=1), out=nearest)
    return float(np.sqrt(nearest).mean())


def _describe(found: Mapping[str, list[Judged]], count: int, missing: list[str]) -> str:
    ours = median(each.cpu for each in found[OURS])
    rows = [
        [
            name,
            f"{1000 * median(each.cpu for each in judged):.1f}",
            f"{median(each.cpu for each in judged) / ours:.1f}",
            f"{fmean(each.error for each in judged):.3f}",
            f"{median(each.error for each in judged):.3f}",
            f"{fmean(each.ciede2000 for each in judged):.2f}",
            TARGET if name == OURS else "",
        ]
        for name, judged in sorted(found.items(), key=lambda item: fmean(each.error for each in item[1]))
    ]
    head = [
        "six colours",
        "CPU ms",
        "times ours",
        "OKLab error, mean",
        "median",
        "CIEDE2000",
        "target",
    ]
    source = "photos" if real_photos() else "pictures"
    lines = [
        "How near do six colours come to a photo's pixels, and at what cost?",
        table(head, rows),
        f"{count} {source} at {PIXELS / 1e6:g} megapixels, all ways in turns on each; CPU ms are medians. {_NOTE}",
    ]
    if not real_photos():
        lines.append(DRAWN)
    if missing:
        lines.append(f"Not installed here: {', '.join(missing)} (`make bench` installs them).")
    return "\n\n".join(lines)
