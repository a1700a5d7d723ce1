"""One histogram of several pictures."""

import numpy as np
import pytest

from worker.imaging.algorithms.histograms import merged_histogram
from worker.imaging.algorithms.palette import ColourHistogram, extract_palette, histogram_of


def flat(color: tuple[int, int, int], side: int) -> ColourHistogram:
    return histogram_of(np.full((side, side, 3), color, np.uint8))


def test_a_small_picture_counts_as_much_as_a_large_one() -> None:
    merged = merged_histogram([flat((200, 0, 0), 8), flat((0, 0, 200), 300)])
    assert [(swatch.rgb, swatch.proportion) for swatch in extract_palette(merged, 4)] == [
        ((0, 0, 200), 0.5),
        ((200, 0, 0), 0.5),
    ]


def test_colours_that_share_a_bin_become_their_mean() -> None:
    merged = merged_histogram([flat((200, 0, 0), 8), flat((206, 0, 0), 8)])
    assert merged.colours.tolist() == [[203, 0, 0]]


def test_one_picture_keeps_its_histogram() -> None:
    # Counted otherwise it could get other colours than its own palette has.
    histogram = flat((200, 0, 0), 8)
    assert merged_histogram([histogram]) is histogram


def test_nothing_cannot_be_merged() -> None:
    with pytest.raises(ValueError, match="one to a thousand"):
        merged_histogram([])
