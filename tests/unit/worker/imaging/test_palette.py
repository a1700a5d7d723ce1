import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from shared.colour import Swatch, rgb_to_hex
from tests.support.pictures import draw_picture
from worker.colour_arrays import oklab_to_srgb8, srgb8_to_oklab
from worker.imaging.algorithms.palette import ColourHistogram, extract_palette, histogram_of

Picture = NDArray[np.uint8]

pictures_of_any_kind = arrays.arrays(
    np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3)), elements=st.integers(0, 255)
)
sizes = st.integers(2, 16)


def palette_of(picture: Picture, colors: int = 6) -> tuple[Swatch, ...]:
    return extract_palette(histogram_of(picture), colors)


def error_of(picture: Picture, colours: list[tuple[int, int, int]], chroma: float = 1) -> float:
    """Mean OKLab distance of every pixel to its nearest colour."""
    pixels = srgb8_to_oklab(picture.reshape(-1, 3)) * (1, chroma, chroma)
    centres = srgb8_to_oklab(np.array(colours, np.uint8)) * (1, chroma, chroma)
    return float(np.linalg.norm(pixels[:, None] - centres, axis=2).min(axis=1).mean())


def plain_k_means(picture: Picture, k: int, seed: int) -> list[tuple[int, int, int]]:
    """The textbook's k-means++ on every pixel, as a reference; centres as the pixels nearest to them."""
    rng = np.random.default_rng(seed)
    pixels = srgb8_to_oklab(picture.reshape(-1, 3))
    centres = pixels[rng.integers(len(pixels), size=1)]
    while len(centres) < k:
        distance = ((pixels[:, None] - centres) ** 2).sum(axis=2).min(axis=1)
        centres = np.vstack([centres, pixels[rng.choice(len(pixels), p=distance / distance.sum())]])
    for _ in range(40):
        labels = ((pixels[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
        centres = np.array(
            [pixels[labels == j].mean(axis=0) if (labels == j).any() else centres[j] for j in range(k)]
        )
    nearest = ((pixels[:, None] - centres) ** 2).sum(axis=2).argmin(axis=0)
    return [tuple(rgb) for rgb in picture.reshape(-1, 3)[nearest].tolist()]


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


@given(st.sets(st.tuples(*[st.integers(0, 31)] * 3), min_size=1, max_size=16), st.data())
def test_few_colours_are_found_exactly(bins: set[tuple[int, int, int]], data: st.DataObject) -> None:
    colours = np.array(sorted(bins), np.uint8) * 8 + 3
    shares = data.draw(st.lists(st.integers(1, 9), min_size=len(colours), max_size=len(colours)))
    palette = palette_of(np.repeat(colours, shares, axis=0)[None], 16)
    expected = {tuple(rgb): share / sum(shares) for rgb, share in zip(colours.tolist(), shares, strict=True)}
    assert {swatch.rgb: swatch.proportion for swatch in palette} == pytest.approx(expected)


@pytest.mark.parametrize("colors", [6, 16])
def test_each_pixel_belongs_to_its_nearest_swatch(colors: int) -> None:
    # So it is only once k-means has come to rest. Nearest as palettes have it: chroma counts for half as much again.
    picture = np.asarray(draw_picture(200, 150, seed=9))
    palette = palette_of(picture, colors)
    swatches = srgb8_to_oklab(np.array([swatch.rgb for swatch in palette], np.uint8))
    apart = (srgb8_to_oklab(picture.reshape(-1, 3))[:, None] - swatches) * (1, 1.5, 1.5)
    distances = np.linalg.norm(apart, axis=2)
    shares = np.bincount(distances.argmin(axis=1)) / len(distances)
    assert shares == pytest.approx([swatch.proportion for swatch in palette], abs=0.005)


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
    assert len(palette) == 8
    assert all(max(swatch.rgb) - min(swatch.rgb) <= 1 for swatch in palette)


def test_a_colourful_picture_has_as_many_swatches_as_asked() -> None:
    picture = np.asarray(draw_picture(160, 120, seed=4))
    assert [len(palette_of(picture, k)) for k in (2, 3, 7, 16)] == [2, 3, 7, 16]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("k", [4, 8])
def test_it_is_as_good_as_plain_k_means_on_every_pixel(k: int, seed: int) -> None:
    picture = np.asarray(draw_picture(48, 36, seed))
    best = min(error_of(picture, plain_k_means(picture, k, start)) for start in range(3))
    assert error_of(picture, [swatch.rgb for swatch in palette_of(picture, k)]) <= 1.02 * best


@pytest.mark.parametrize("seed", range(3))
def test_its_colours_are_nearer_to_the_pixels_than_the_means_of_theirs(seed: int) -> None:
    # Nearer as palettes have it: chroma counts for half as much again.
    picture = np.asarray(draw_picture(120, 90, seed))
    colours = [swatch.rgb for swatch in palette_of(picture, 6)]
    pixels = srgb8_to_oklab(picture.reshape(-1, 3))
    centres = srgb8_to_oklab(np.array(colours, np.uint8))
    labels = np.linalg.norm(pixels[:, None] - centres, axis=2).argmin(axis=1)
    means = oklab_to_srgb8(np.stack([pixels[labels == label].mean(axis=0) for label in range(len(centres))]))
    assert error_of(picture, colours, 1.5) < error_of(picture, [tuple(rgb) for rgb in means.tolist()], 1.5)


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
