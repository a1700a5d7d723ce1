import itertools
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from shared.colour import Swatch, rgb_to_hex, rgb_to_oklch
from shared.palette_kinds import PaletteGround, PaletteKind, PaletteStyle
from tests.support.pictures import draw_picture
from worker.colour_arrays import srgb8_to_din99o, srgb8_to_lab
from worker.imaging.algorithms.ciede2000 import ciede2000
from worker.imaging.algorithms.palette import ColourHistogram, extract_palette, histogram_of

Picture = NDArray[np.uint8]

pictures_of_any_kind = arrays.arrays(
    np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3)), elements=st.integers(0, 255)
)
sizes = st.integers(2, 16)
kinds = st.builds(PaletteKind, st.sampled_from(PaletteStyle), st.sampled_from(PaletteGround))
PLAINLY_DIFFERENT = [
    (0, 0, 0),
    (250, 250, 250),
    (128, 128, 128),
    (200, 30, 30),
    (240, 160, 20),
    (250, 240, 60),
    (30, 130, 50),
    (20, 160, 180),
    (30, 50, 180),
    (120, 40, 150),
    (240, 130, 190),
    (110, 70, 30),
]


def palette_of(picture: Picture, colors: int = 6) -> tuple[Swatch, ...]:
    return extract_palette(histogram_of(picture), colors)


def differences_of(palette: tuple[Swatch, ...]) -> list[float]:
    """Of every pair of swatches, by CIEDE2000."""
    lab = srgb8_to_lab(np.array([swatch.rgb for swatch in palette], np.uint8))
    return [float(ciede2000(one, other)) for one, other in itertools.combinations(lab, 2)]


def noisy(rgb: tuple[int, int, int], spread: float, seed: int = 1) -> Picture:
    """A colour as a camera sees it."""
    noise = np.random.default_rng(seed).normal(0, spread, (120, 120, 3))
    return np.rint(np.array(rgb) + noise).clip(0, 255).astype(np.uint8)


@given(pictures_of_any_kind, sizes)
def test_a_palette_is_what_it_promises(picture: Picture, colors: int) -> None:
    palette = palette_of(picture, colors)
    proportions = [swatch.proportion for swatch in palette]
    assert 1 <= len(palette) <= colors
    assert sum(proportions) == pytest.approx(1, abs=1e-12)
    assert min(proportions) > 0
    assert len({swatch.rgb for swatch in palette}) == len(palette)
    assert list(palette) == sorted(palette, key=lambda swatch: (-swatch.proportion, swatch.rgb))
    assert palette == palette_of(picture.copy(), colors)


@given(pictures_of_any_kind, sizes, st.randoms(use_true_random=False))
def test_where_a_pixel_lies_does_not_matter(
    picture: Picture, colors: int, random: np.random.Generator
) -> None:
    shuffled = picture.reshape(-1, 3)[np.argsort([random.random() for _ in range(picture.size // 3)])]
    assert palette_of(shuffled.reshape(picture.shape), colors) == palette_of(picture, colors)


@given(pictures_of_any_kind, sizes, kinds)
def test_no_two_swatches_are_nearer_than_an_eye_tells_apart(
    picture: Picture, colors: int, kind: PaletteKind
) -> None:
    assert min(differences_of(extract_palette(histogram_of(picture), colors, kind)), default=5) >= 5


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("colors", [3, 6, 16])
@pytest.mark.parametrize("style", PaletteStyle)
def test_no_two_swatches_of_a_photo_are_nearer_than_8(seed: int, colors: int, style: PaletteStyle) -> None:
    histogram = histogram_of(np.asarray(draw_picture(200, 150, seed)))
    assert min(differences_of(extract_palette(histogram, colors, PaletteKind(style)))) >= 8


@given(st.sets(st.sampled_from(PLAINLY_DIFFERENT), min_size=1), st.data())
def test_few_colours_are_found_exactly(colours: set[tuple[int, int, int]], data: st.DataObject) -> None:
    ordered = sorted(colours)
    shares = data.draw(st.lists(st.integers(1, 9), min_size=len(ordered), max_size=len(ordered)))
    palette = palette_of(np.repeat(np.array(ordered, np.uint8), shares, axis=0)[None], 16)
    expected = {rgb: share / sum(shares) for rgb, share in zip(ordered, shares, strict=True)}
    assert {swatch.rgb: swatch.proportion for swatch in palette} == pytest.approx(expected)


@pytest.mark.parametrize("colors", [6, 16])
@pytest.mark.parametrize("style", PaletteStyle)
def test_a_swatch_has_the_share_of_the_pixels_that_are_nearest_to_it(
    colors: int, style: PaletteStyle
) -> None:
    picture = np.asarray(draw_picture(200, 150, seed=9))
    palette = extract_palette(histogram_of(picture), colors, PaletteKind(style))
    swatches = srgb8_to_din99o(np.array([swatch.rgb for swatch in palette], np.uint8))
    distances = np.linalg.norm(srgb8_to_din99o(picture.reshape(-1, 3))[:, None] - swatches, axis=2)
    shares = np.bincount(distances.argmin(axis=1), minlength=len(palette)) / len(distances)
    assert shares == pytest.approx([swatch.proportion for swatch in palette], abs=0.02)


@pytest.mark.parametrize(
    ("rgb", "spread"),
    [((200, 30, 30), 9), ((30, 60, 140), 9), ((128, 128, 128), 3), ((240, 230, 200), 3), ((20, 25, 20), 2)],
)
def test_one_colour_with_noise_is_one_swatch(rgb: tuple[int, int, int], spread: float) -> None:
    assert len(palette_of(noisy(rgb, spread))) == 1


@pytest.mark.parametrize("accent", [(220, 20, 30), (20, 90, 220), (30, 160, 60), (240, 200, 30)])
@pytest.mark.parametrize("style", PaletteStyle)
def test_a_hundredth_of_a_strong_colour_is_kept(accent: tuple[int, int, int], style: PaletteStyle) -> None:
    picture = np.repeat(np.linspace(40, 220, 200).astype(np.uint8)[None, :, None], 3, axis=2)
    picture = np.repeat(picture, 100, axis=0)
    picture[40:54, 90:105] = noisy(accent, 3)[:14, :15]
    palette = extract_palette(histogram_of(picture), 6, PaletteKind(style))
    nearest = min(differences_of((Swatch(rgb_to_hex(accent), 0), swatch))[0] for swatch in palette)
    assert nearest < 3


def test_a_dark_spot_on_a_light_ground_is_kept() -> None:
    picture = np.repeat(np.linspace(190, 250, 200).astype(np.uint8)[None, :, None], 3, axis=2)
    picture = np.repeat(picture, 100, axis=0)
    picture[40:54, 90:105] = 20
    assert rgb_to_hex((20, 20, 20)) in [swatch.hex for swatch in palette_of(picture)]


def test_a_small_product_on_a_ground_that_drifts_has_its_colour() -> None:
    ground = np.linspace(225, 245, 200)[None, :, None] + np.zeros((150, 1, 3))
    picture = (ground + np.random.default_rng(2).normal(0, 2, ground.shape)).clip(0, 255).astype(np.uint8)
    picture[60:80, 90:120] = (40, 90, 200)
    palette = palette_of(picture, 5)
    assert len(palette) <= 3
    assert rgb_to_hex((40, 90, 200)) in [swatch.hex for swatch in palette]


def test_a_vivid_palette_has_stronger_colours() -> None:
    histogram = histogram_of(np.asarray(draw_picture(200, 150, seed=3)))
    chroma = {
        style: max(rgb_to_oklch(swatch.rgb).c for swatch in extract_palette(histogram, 6, PaletteKind(style)))
        for style in PaletteStyle
    }
    assert chroma[PaletteStyle.VIVID] > chroma[PaletteStyle.DOMINANT]


def test_a_white_ground_can_be_left_out() -> None:
    picture = noisy((253, 253, 253), 1)
    picture[40:80, 40:80] = (200, 40, 40)
    picture[50:60, 50:60] = (225, 225, 225)
    without = PaletteKind(ground=PaletteGround.EXCLUDED)
    palette = extract_palette(histogram_of(picture), 6, without)
    assert {swatch.hex: swatch.proportion for swatch in palette} == pytest.approx(
        {"#c82828": 0.9375, "#e1e1e1": 0.0625}
    )


def test_a_white_picture_is_white_without_its_ground_too() -> None:
    without = PaletteKind(ground=PaletteGround.EXCLUDED)
    histogram = histogram_of(np.full((9, 9, 3), 255, np.uint8))
    assert extract_palette(histogram, 6, without) == (Swatch("#ffffff", 1.0),)


def test_bins_of_one_colour_are_one_swatch() -> None:
    twins = ColourHistogram(np.full((2, 3), 9, np.uint8), np.array([1, 2], np.uint32))
    assert extract_palette(twins, 6) == (Swatch(rgb_to_hex((9, 9, 9)), 1.0),)


def test_one_colour_gives_one_swatch() -> None:
    assert palette_of(np.full((40, 30, 3), 77, np.uint8)) == (Swatch(rgb_to_hex((77, 77, 77)), 1.0),)


def test_one_pixel_gives_one_swatch() -> None:
    assert palette_of(np.array([[[200, 10, 90]]], np.uint8)) == (Swatch(rgb_to_hex((200, 10, 90)), 1.0),)


def test_two_colours_are_ordered_by_their_share() -> None:
    picture = np.zeros((10, 10, 3), np.uint8)
    picture[:3] = (255, 128, 0)
    assert palette_of(picture) == (Swatch(rgb_to_hex((0, 0, 0)), 0.7), Swatch(rgb_to_hex((255, 128, 0)), 0.3))


def test_equal_shares_are_ordered_by_colour() -> None:
    picture = np.array([[[250, 0, 0], [0, 0, 250], [0, 250, 0]]], np.uint8)
    assert [swatch.rgb for swatch in palette_of(picture)] == [(0, 0, 250), (0, 250, 0), (250, 0, 0)]


def test_a_grey_picture_has_grey_swatches() -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    palette = palette_of(ramp, 8)
    assert 6 <= len(palette) <= 8
    assert all(max(swatch.rgb) - min(swatch.rgb) <= 1 for swatch in palette)


def test_a_colourful_picture_has_as_many_swatches_as_asked() -> None:
    picture = np.asarray(draw_picture(160, 120, seed=4))
    assert [len(palette_of(picture, k)) for k in (2, 3, 7)] == [2, 3, 7]


def test_a_small_spot_of_another_colour_is_kept() -> None:
    picture = np.asarray(draw_picture(100, 100, seed=2)) // 8 + 100
    picture[:8, :8] = (255, 0, 0)
    assert (255, 0, 0) in [swatch.rgb for swatch in palette_of(picture, 6)]


@pytest.mark.parametrize("colors", [-1, 0, 1, 17])
def test_other_sizes_are_refused(colors: int) -> None:
    with pytest.raises(ValueError, match="2 to 16"):
        palette_of(np.zeros((2, 2, 3), np.uint8), colors)


@given(pictures_of_any_kind)
def test_a_histogram_is_the_mean_and_count_of_each_bin(picture: Picture) -> None:
    histogram = histogram_of(picture)
    members: dict[tuple[int, ...], list[list[int]]] = {}
    for pixel in picture.reshape(-1, 3).tolist():
        members.setdefault(tuple(value >> 3 for value in pixel), []).append(pixel)
    ordered = [np.array(members[key]) for key in sorted(members)]
    assert histogram.counts.tolist() == [len(pixels) for pixels in ordered]
    assert histogram.colours.tolist() == [
        np.rint(pixels.mean(axis=0)).astype(int).tolist() for pixels in ordered
    ]


@given(pictures_of_any_kind, st.integers(0, 255))
def test_a_fourth_byte_says_nothing(picture: Picture, fourth: int) -> None:
    wide = np.concatenate([picture, np.full((*picture.shape[:2], 1), fourth, np.uint8)], axis=2)
    histogram, expected = histogram_of(wide), histogram_of(picture)
    assert np.array_equal(histogram.colours, expected.colours)
    assert np.array_equal(histogram.counts, expected.counts)


def test_an_empty_picture_has_no_histogram() -> None:
    with pytest.raises(ValueError, match="histogram"):
        histogram_of(np.zeros((0, 4, 3), np.uint8))


def test_a_large_histogram_loses_no_pixel() -> None:
    picture = np.full((2048, 2048, 3), 255, np.uint8)
    picture[0, 0] = 0
    histogram = histogram_of(picture)
    assert histogram.counts.tolist() == [1, 2048 * 2048 - 1]
    assert histogram.colours.tolist() == [[0, 0, 0], [255, 255, 255]]


def test_pixels_beyond_the_first_part_count_alike() -> None:
    picture = np.random.default_rng(5).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    bins = (picture >> 3).reshape(-1, 3).astype(int) @ (1024, 32, 1)
    expected = np.bincount(bins, minlength=32768)
    assert histogram_of(picture).counts.tolist() == expected[expected > 0].tolist()


def test_what_does_not_count_is_not_in_the_histogram() -> None:
    picture = np.array([[[255, 0, 0], [0, 0, 255]]], np.uint8)
    histogram = histogram_of(picture, np.array([[False, True]]))
    assert (histogram.colours.tolist(), histogram.counts.tolist()) == ([[0, 0, 255]], [1])


def test_where_nothing_counts_all_is_white() -> None:
    histogram = histogram_of(np.zeros((4, 5, 3), np.uint8), np.zeros((4, 5), bool))
    assert extract_palette(histogram, 6) == (Swatch(rgb_to_hex((255, 255, 255)), 1.0),)


@settings(max_examples=30)
@given(pictures_of_any_kind)
def test_a_stored_histogram_is_the_same(picture: Picture) -> None:
    histogram = histogram_of(picture)
    restored = ColourHistogram.from_bytes(histogram.to_bytes())
    assert np.array_equal(restored.colours, histogram.colours)
    assert np.array_equal(restored.counts, histogram.counts)


@pytest.mark.parametrize("damage", ["empty", "cut", "disguised", "junk", "not whole"])
def test_a_damaged_histogram_is_refused(damage: str) -> None:
    stored = histogram_of(np.asarray(draw_picture())).to_bytes()
    files = {
        "empty": b"",
        "cut": stored[:4] + zlib.compress(zlib.decompress(stored[4:])[:-1]),
        "disguised": b"x" + stored[1:],
        "junk": stored[:4] + b"junk",
        "not whole": stored[:4] + zlib.compress(bytes(7)),
    }
    with pytest.raises(ValueError, match="histogram"):
        ColourHistogram.from_bytes(files[damage])


@pytest.mark.parametrize(
    ("colours", "counts"),
    [
        (np.zeros((0, 3), np.uint8), np.zeros(0, np.uint32)),
        (np.zeros((2, 3), np.uint8), np.ones(1, np.uint32)),
        (np.zeros((1, 3), np.float64), np.ones(1, np.uint32)),
        (np.zeros((1, 3), np.uint8), np.zeros(1, np.uint32)),
    ],
)
def test_an_impossible_histogram_is_refused(colours: Picture, counts: NDArray[np.uint32]) -> None:
    with pytest.raises(ValueError, match="histogram"):
        ColourHistogram(colours, counts)
