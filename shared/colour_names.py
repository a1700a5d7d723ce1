"""Names of colours, and the basic term that each name stands under. Standard library only.

People of most languages sort colours under eleven basic terms (Berlin and Kay, "Basic Color Terms", 1969). Which of them
most would call a colour by, `basic_term_of_color` says: a multinomial logistic regression on OKLab, fitted by
`tools/fit_basic_terms.py` to the answers of the xkcd survey. A colour has the nearest name, of those that stand under its
term where people agree on one, so that a pale or dark tone is named by the hue that is seen.
"""

import csv
import math
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final, NamedTuple

from shared.colour import RGB, OKLab, Swatch, hex_to_rgb, rgb_to_oklab

BASIC_TERMS: Final = (
    "red",
    "orange",
    "yellow",
    "green",
    "blue",
    "purple",
    "pink",
    "brown",
    "grey",
    "black",
    "white",
)


# How much farther, in OKLab, a name of another term is, for each step in the logarithm of its odds. Where people agree on a
# term, others are tens of steps away; where they do not, as on pale tones, the nearest name has it.
_MISNAMED: Final = 0.004


class NamedColor(NamedTuple):
    """A name, one of the colours that it has, and the basic term that it stands under."""

    name: str
    rgb: RGB
    term: str


def terms_file() -> Traversable:
    """Where the numbers are that basic terms are told by."""
    return files("shared").joinpath("data/basic_terms.csv")


@cache
def named_colors() -> tuple[NamedColor, ...]:
    """Every name with its colour, from data/colour_names.csv. A name may have more than one colour, but one term."""
    table = files("shared").joinpath("data/colour_names.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(table.splitlines())
    return tuple(NamedColor(row["name"], hex_to_rgb(row["hex"]), row["term"]) for row in rows)


def basic_term(name: str) -> str:
    """The basic term that a name stands under: its last word, if that is one ("dusty teal green" is a green), else the one
    in data/colour_names.csv ("cream": yellow). Raises KeyError for a name that is not there."""
    last = name.rpartition(" ")[2]
    return last if last in BASIC_TERMS else _terms_of_names()[name]


def quadratic_features(lightness: float, a: float, b: float) -> tuple[float, ...]:
    """OKLab's coordinates, their squares and products, as data/basic_terms.csv has them."""
    return (lightness, a, b, lightness**2, lightness * a, lightness * b, a**2, a * b, b**2)


def basic_term_of_color(rgb: RGB) -> str:
    """The basic term that most people would call the colour by."""
    scores = _scores(rgb_to_oklab(rgb))
    return max(scores, key=scores.__getitem__)


# A gallery page shows some hundred swatches; the same few colours come back again and again.
@lru_cache(maxsize=8192)
def color_name(rgb: RGB) -> str:
    """The name of the nearest named colour, such as "dusty teal", where people agree on the colour's term one of that."""
    return _nearest_name(rgb, frozenset())


def palette_names(swatches: Sequence[Swatch]) -> tuple[str, ...]:
    """A name for each swatch, no two the same: the larger of two that would have the same keeps it."""
    largest_first = sorted(swatches, key=lambda swatch: -swatch.proportion)
    names = _distinct_names(tuple(swatch.rgb for swatch in largest_first))
    by_color = {swatch.hex: name for swatch, name in zip(largest_first, names, strict=True)}
    return tuple(by_color[swatch.hex] for swatch in swatches)


@lru_cache(maxsize=2048)
def _distinct_names(colors: tuple[RGB, ...]) -> tuple[str, ...]:
    found: list[str] = []
    for rgb in colors:
        name = color_name(rgb)
        found.append(_nearest_name(rgb, frozenset(found)) if name in found else name)
    return tuple(found)


def _nearest_name(rgb: RGB, taken: frozenset[str]) -> str:
    """The nearest name of those that are not taken, names of other terms as much farther as people call it that less."""
    lightness, a, b = lab = rgb_to_oklab(rgb)
    scores = _scores(lab)
    best = max(scores.values())
    farther = {term: _MISNAMED * (best - score) for term, score in scores.items()}
    nearest, found = math.inf, ""
    for name, term, (other_lightness, other_a, other_b) in _names_in_oklab():
        distance = farther[term] + math.hypot(lightness - other_lightness, a - other_a, b - other_b)
        if distance < nearest and name not in taken:
            nearest, found = distance, name
    return found


def _scores(lab: OKLab) -> dict[str, float]:
    """By term: how much people would call the colour by it, as logarithms of odds."""
    features = quadratic_features(*lab)
    return {
        term: constant + sum(map(float.__mul__, factors, features))
        for term, (constant, factors) in _term_factors().items()
    }


@cache
def _names_in_oklab() -> tuple[tuple[str, str, OKLab], ...]:
    return tuple((named.name, named.term, rgb_to_oklab(named.rgb)) for named in named_colors())


@cache
def _terms_of_names() -> dict[str, str]:
    return {named.name: named.term for named in named_colors()}


@cache
def _term_factors() -> dict[str, tuple[float, tuple[float, ...]]]:
    """By term: the constant, and the factors of `quadratic_features`."""
    rows = csv.reader(terms_file().read_text(encoding="utf-8").splitlines()[1:])
    return {term: (float(constant), tuple(map(float, factors))) for term, constant, *factors in rows}
