"""The CIEDE2000 colour difference, which follows the eye more closely than any distance in a colour space.

Formulas and numbering: G. Sharma, W. Wu, E. N. Dalal, "The CIEDE2000 Color-Difference Formula: Implementation Notes,
Supplementary Test Data, and Mathematical Observations" (2005), whose table of pairs is the test.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def ciede2000(one: Floats, other: Floats) -> Floats:
    """The difference of L*a*b* colours (..., 3) that broadcast against each other."""
    light1, a1, b1 = np.moveaxis(one, -1, 0)
    light2, a2, b2 = np.moveaxis(other, -1, 0)
    stretch = 1.5 - 0.5 * _seventh_root((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2)
    chroma1, chroma2 = np.hypot(stretch * a1, b1), np.hypot(stretch * a2, b2)
    hue1, hue2 = np.arctan2(b1, stretch * a1), np.arctan2(b2, stretch * a2)
    grey = chroma1 * chroma2 == 0

    turn = np.where(grey, 0, (hue2 - hue1 + np.pi) % (2 * np.pi) - np.pi)
    light = (light1 + light2) / 2
    chroma = (chroma1 + chroma2) / 2
    hue = np.where(grey, hue1 % (2 * np.pi) + hue2 % (2 * np.pi), hue1 + turn / 2)

    weight = (
        1
        - 0.17 * np.cos(hue - np.radians(30))
        + 0.24 * np.cos(2 * hue)
        + 0.32 * np.cos(3 * hue + np.radians(6))
        - 0.20 * np.cos(4 * hue - np.radians(63))
    )
    in_light = (light2 - light1) / (1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2))
    in_chroma = (chroma2 - chroma1) / (1 + 0.045 * chroma)
    in_hue = 2 * np.sqrt(chroma1 * chroma2) * np.sin(turn / 2) / (1 + 0.015 * chroma * weight)
    blue = np.radians(30) * np.exp(-((((np.degrees(hue) % 360) - 275) / 25) ** 2))
    rotation = -2 * _seventh_root(chroma) * np.sin(2 * blue)
    difference: Floats = np.sqrt(in_light**2 + in_chroma**2 + in_hue**2 + rotation * in_chroma * in_hue)
    return difference


def _seventh_root(chroma: Floats) -> Floats:
    """sqrt(C^7 / (C^7 + 25^7))."""
    share: Floats = np.sqrt(chroma**7 / (chroma**7 + 25.0**7))
    return share
