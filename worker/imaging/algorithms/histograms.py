"""One colour histogram of several pictures."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from worker.imaging.algorithms.palette import ColourHistogram

# What each picture is counted as, whatever its size: far above the number of bins, so that little is lost by rounding,
# and with room for a thousand pictures in 32 bits.
_PIXELS: Final = 1 << 21


def merged_histogram(histograms: Sequence[ColourHistogram]) -> ColourHistogram:
    """The histogram of all pictures together, each counting as much as any other. At least one, at most 1,000."""
    if not 1 <= len(histograms) <= 1000:
        raise ValueError(f"one to a thousand histograms can be merged, not {len(histograms)}")
    if len(histograms) == 1:
        return histograms[0]
    colours = np.concatenate([histogram.colours for histogram in histograms])
    weights = np.concatenate(
        [histogram.counts * (_PIXELS / histogram.counts.sum(dtype=np.float64)) for histogram in histograms]
    )
    red, green, blue = (colours.astype(np.intp) >> 3).T
    occupied, place = np.unique(red << 10 | green << 5 | blue, return_inverse=True)
    totals = np.bincount(place, weights, len(occupied))
    sums = np.stack(
        [np.bincount(place, weights * channel, len(occupied)) for channel in colours.T.astype(np.float64)],
        axis=1,
    )
    counts = np.maximum(1, np.rint(totals)).astype(np.uint32)
    return ColourHistogram(np.rint(sums / totals[:, None]).astype(np.uint8), counts)
