import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.colour_arrays import (
    din99o_to_srgb8,
    lab_to_din99o,
    linear_to_oklab,
    linear_to_srgb,
    oklab_to_linear,
    oklab_to_srgb8,
    srgb8_to_din99o,
    srgb8_to_lab,
    srgb8_to_linear,
    srgb8_to_oklab,
    srgb_to_linear,
)


@pytest.mark.parametrize(
    ("srgb", "oklab"),
    [
        # The reference values that Ottosson's own implementation gives, to three decimals.
        ((255, 255, 255), (1.0, 0.0, 0.0)),
        ((0, 0, 0), (0.0, 0.0, 0.0)),
        ((255, 0, 0), (0.628, 0.225, 0.126)),
        ((0, 255, 0), (0.866, -0.234, 0.179)),
        ((0, 0, 255), (0.452, -0.032, -0.312)),
    ],
)
def test_oklab_of_the_primaries_is_as_published(
    srgb: tuple[int, int, int], oklab: tuple[float, float, float]
) -> None:
    assert srgb8_to_oklab(np.array(srgb, np.uint8)) == pytest.approx(oklab, abs=6e-4)


def test_srgb_half_is_about_a_fifth_of_the_light() -> None:
    assert srgb_to_linear(0.5) == pytest.approx(0.21404, abs=1e-5)
    assert srgb_to_linear(0.04) == pytest.approx(0.04 / 12.92)


def test_tables_agree_with_the_formula() -> None:
    levels = np.arange(256, dtype=np.uint8)
    assert srgb8_to_linear(levels) == pytest.approx(srgb_to_linear(levels / 255))
    assert linear_to_srgb(srgb8_to_linear(levels)) * 255 == pytest.approx(levels, abs=1e-9)


@given(st.lists(st.tuples(*[st.integers(0, 255)] * 3), min_size=1, max_size=50))
def test_a_round_trip_through_oklab_loses_nothing(colours: list[tuple[int, int, int]]) -> None:
    srgb = np.array(colours, np.uint8)
    assert np.array_equal(oklab_to_srgb8(srgb8_to_oklab(srgb)), srgb)


def test_every_grey_has_no_chroma() -> None:
    greys = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    assert np.abs(srgb8_to_oklab(greys)[:, 1:]).max() < 1e-6


def test_colours_outside_the_gamut_are_clipped() -> None:
    assert oklab_to_srgb8([0.5, 0.4, 0.2]).tolist()[1] == 0
    assert oklab_to_srgb8([1.2, 0.0, 0.0]).tolist() == [255, 255, 255]


def test_images_keep_their_shape() -> None:
    light = np.random.default_rng(0).random((4, 5, 3))
    assert linear_to_oklab(light).shape == (4, 5, 3)
    assert oklab_to_linear(linear_to_oklab(light)) == pytest.approx(light)


def test_white_black_and_red_are_where_they_are_known_to_be() -> None:
    found = srgb8_to_lab(np.array([[255, 255, 255], [0, 0, 0], [255, 0, 0]], np.uint8))
    assert found == pytest.approx(np.array([[100, 0, 0], [0, 0, 0], [53.2408, 80.0925, 67.2032]]), abs=2e-3)


@given(st.lists(st.tuples(*[st.integers(0, 255)] * 3), min_size=1, max_size=50))
def test_a_round_trip_through_din99o_loses_nothing(colours: list[tuple[int, int, int]]) -> None:
    srgb = np.array(colours, np.uint8)
    assert np.array_equal(din99o_to_srgb8(srgb8_to_din99o(srgb)), srgb)


def test_din99o_is_what_its_formula_gives() -> None:
    # By hand, for L* 50, a* 20, b* -30: the axes turned by 26 degrees, b shortened, both compressed.
    red, yellow = 20 * 0.898794 - 30 * 0.438371, 0.83 * (-30 * 0.898794 - 20 * 0.438371)
    chroma = np.log(1 + 0.075 * np.hypot(red, yellow)) / 0.0435
    hue = np.arctan2(yellow, red) + np.radians(26)
    expected = [303.67 * np.log(1 + 0.0039 * 50), chroma * np.cos(hue), chroma * np.sin(hue)]
    assert lab_to_din99o(np.array([50.0, 20.0, -30.0])) == pytest.approx(expected, abs=1e-4)
