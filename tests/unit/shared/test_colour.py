"""Colour arithmetic against published values."""

import colorsys
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
