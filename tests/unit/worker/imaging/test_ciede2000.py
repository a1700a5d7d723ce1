"""The colour difference that palettes are measured with, against the table of those who wrote the formula down."""

import numpy as np
import pytest

from worker.imaging.algorithms.ciede2000 import ciede2000

# Pairs of L*a*b* colours and their difference, from table 1 of Sharma, Wu, Dalal (2005): hues around 0 and 180 degrees,
# near greys, blues, and colours far apart.
PAIRS = [
    ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
    ((50.0, -1.3802, -84.2814), (50.0, 0.0, -82.7485), 1.0000),
    ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
    ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0009), 7.1792),
    ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0011), 7.2195),
    ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
    ((50.0, 2.5, 0.0), (58.0, 24.0, 15.0), 19.4535),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((22.7233, 20.0904, -46.694), (23.0331, 14.973, -42.5619), 2.0373),
    ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
]


@pytest.mark.parametrize(("one", "other", "difference"), PAIRS)
def test_the_published_pairs_differ_as_published(
    one: tuple[float, ...], other: tuple[float, ...], difference: float
) -> None:
    both = ciede2000(np.array(one), np.array(other)), ciede2000(np.array(other), np.array(one))
    assert both == pytest.approx((difference, difference), abs=5e-5)
