"""Colour arithmetic against published values."""

import colorsys
import csv
import math
import re
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import shared
from shared import colour
from shared.colour import RGB

channels = st.integers(0, 255)
colors = st.tuples(channels, channels, channels)


@given(rgb=colors)
def test_hex_codes_go_there_and_back(rgb: RGB) -> None:
    assert colour.hex_to_rgb(colour.rgb_to_hex(rgb)) == rgb
    assert colour.hex_to_rgb(colour.rgb_to_hex(rgb).upper()) == rgb


@pytest.mark.parametrize(
    "text", ["", "#fff", "1e90ff", "#1e90fg", "#1e90ff ", "# 1e90f", "#１e90ff", "#-1-1-1"]
)
def test_anything_else_is_no_hex_code(text: str) -> None:
    with pytest.raises(ValueError, match="not a colour"):
        colour.hex_to_rgb(text)


@pytest.mark.parametrize(
    ("rgb", "hsl"),
    [
        ((255, 0, 0), (0, 1, 0.5)),
        ((0, 255, 0), (120, 1, 0.5)),
        ((30, 144, 255), (209.6, 1, 0.5588)),
        ((128, 128, 128), (0, 0, 0.502)),
        ((0, 0, 0), (0, 0, 0)),
    ],
)
def test_hsl_matches_css(rgb: RGB, hsl: tuple[float, float, float]) -> None:
    assert colour.rgb_to_hsl(rgb) == pytest.approx(hsl, abs=1e-3)


@given(rgb=colors)
def test_hsl_goes_back_to_the_same_colour(rgb: RGB) -> None:
    hsl = colour.rgb_to_hsl(rgb)
    back = colorsys.hls_to_rgb(hsl.h / 360, hsl.l, hsl.s)
    assert tuple(round(channel * 255) for channel in back) == rgb
    assert 0 <= hsl.h < 360


@pytest.mark.parametrize(
    ("rgb", "oklch"),
    [
        # CSS Color Module Level 4 and its reference implementation
        ((255, 0, 0), (0.62796, 0.25768, 29.234)),
        ((0, 255, 0), (0.86644, 0.29483, 142.495)),
        ((0, 0, 255), (0.45201, 0.31321, 264.052)),
        ((255, 255, 0), (0.96798, 0.21101, 109.769)),
        ((255, 255, 255), (1, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((128, 128, 128), (0.59987, 0, 0)),
    ],
)
def test_oklch_matches_the_published_values(rgb: RGB, oklch: tuple[float, float, float]) -> None:
    found = colour.rgb_to_oklch(rgb)
    assert found[:2] == pytest.approx(oklch[:2], abs=1e-4)
    assert found.h == pytest.approx(oklch[2], abs=0.01)


@given(grey=channels)
def test_a_grey_has_neither_chroma_nor_hue(grey: int) -> None:
    assert colour.rgb_to_oklch((grey, grey, grey))[1:] == (0, 0)


def test_black_and_white_are_one_apart_in_oklab() -> None:
    ends = colour.rgb_to_oklab(colour.BLACK), colour.rgb_to_oklab(colour.WHITE)
    assert math.dist(*ends) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21),
        ("#ffffff", "#ffffff", 1),
        ("#767676", "#ffffff", 4.54),
        ("#777777", "#ffffff", 4.48),
        ("#ff0000", "#ffffff", 4.0),
        ("#0000ff", "#ffffff", 8.59),
    ],
)
def test_contrast_matches_wcag(one: str, other: str, ratio: float) -> None:
    first, second = colour.hex_to_rgb(one), colour.hex_to_rgb(other)
    assert colour.contrast_ratio(first, second) == pytest.approx(ratio, abs=0.005)
    assert colour.contrast_ratio(second, first) == colour.contrast_ratio(first, second)


@given(ground=colors)
def test_text_on_any_ground_can_be_read(ground: RGB) -> None:
    text = colour.hex_to_rgb(colour.text_color(ground))
    assert colour.contrast_ratio(ground, text) >= 4.5


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("#ff0000", "red"),
        ("#fe0101", "fire engine red"),
        ("#0000ff", "blue"),
        ("#008000", "green"),
        ("#ffffff", "white"),
        ("#000000", "black"),
        ("#808080", "grey"),
        ("#ffa500", "orange"),
        ("#800000", "maroon"),
        ("#03719c", "ocean blue"),
        ("#8b4513", "milk chocolate"),
        ("#f4f4f4", "pale grey"),
        ("#afb0b0", "silver"),
        ("#fff4f2", "very light pink"),
    ],
)
def test_a_colour_bears_the_nearest_name(code: str, name: str) -> None:
    assert colour.color_name(colour.hex_to_rgb(code)) == name


@pytest.mark.parametrize("level", range(0, 256, 5))
@pytest.mark.parametrize("cast", [(0, 0, 0), (1, 0, 0), (0, 1, 1), (0, 0, 2)])
def test_a_grey_bears_the_name_of_a_grey(level: int, cast: tuple[int, int, int]) -> None:
    red, green, blue = (min(level + part, 255) for part in cast)
    name = colour.color_name((red, green, blue))
    assert re.search("grey|black|white|silver|charcoal", name)


@given(rgb=colors)
def test_no_named_colour_is_nearer_than_the_one_that_gave_the_name(rgb: RGB) -> None:
    lab = colour.rgb_to_oklab(rgb)
    assume(colour.oklab_to_oklch(lab).c > 0.02)
    distances = {named: math.dist(lab, colour.rgb_to_oklab(named)) for _, named in colour.named_colors()}
    name = colour.color_name(rgb)
    named_so = min(distances[named] for other, named in colour.named_colors() if other == name)
    assert named_so == pytest.approx(min(distances.values()))


def test_the_table_of_names_is_clean() -> None:
    table = Path(shared.__file__).parent / "data" / "colour_names.csv"
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    assert len(rows) > 700
    assert len({row["hex"] for row in rows}) == len(rows)
    assert rows == sorted(rows, key=lambda row: (row["name"], row["hex"]))
    rude = {
        "shit",
        "poo",
        "poop",
        "puke",
        "vomit",
        "snot",
        "booger",
        "piss",
        "diarrhea",
        "barf",
        "bile",
        "ugly",
    }
    for row in rows:
        assert row["name"].replace(" ", "").isalpha()
        assert row["name"].islower()
        assert not rude & set(row["name"].split())
