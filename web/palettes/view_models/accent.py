"""The accent of a page: the strongest colour of the photo shown, moved in lightness until text in it can be read.

Inverse of OKLab: Björn Ottosson, "A perceptual color space for image processing" (2020).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from shared.colour import (
    OKLCH,
    RGB,
    Swatch,
    contrast_ratio,
    linear_to_srgb,
    oklch_to_linear,
    rgb_to_hex,
    rgb_to_oklch,
)

# The ground of tokens.css in both themes, at its least favourable: --sunken. A test holds the two against each other.
LIGHT_GROUND: Final = OKLCH(0.955, 0.004, 85)
DARK_GROUND: Final = OKLCH(0.21, 0.005, 85)
# WCAG 2.2, 1.4.3: text of any size.
READABLE: Final = 4.5
# Weaker colours read as grey, and a grey accent says nothing that ink does not say better.
LEAST_CHROMA: Final = 0.03
_STEPS: Final = 24


@dataclass(frozen=True, slots=True)
class Accent:
    """One colour as `#rrggbb` for each theme, both with at least 4.5:1 on the ground of theirs."""

    light: str
    dark: str


def accent_of(swatches: Sequence[Swatch]) -> Accent | None:
    """The accent that a palette gives. None: the photo has no colour to speak of, and the accent stays ink."""
    if not swatches:
        return None
    strongest = max(swatches, key=presence)
    if rgb_to_oklch(strongest.rgb).c < LEAST_CHROMA:
        return None
    return _accent(strongest.rgb)


def oklch_to_rgb(color: OKLCH) -> RGB:
    """The nearest sRGB colour of the same lightness and hue: chroma gives way where sRGB has not enough of it."""
    if _inside(oklch_to_linear(color)):
        return _rounded(oklch_to_linear(color))
    low, high = 0.0, color.c
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if _inside(oklch_to_linear(color._replace(c=middle))) else (low, middle)
    return _rounded(oklch_to_linear(color._replace(c=low)))


def presence(swatch: Swatch) -> float:
    """How much a colour strikes the eye in its picture."""
    # A small bright thing is what a picture is remembered by, but a speck is not: share counts by its root.
    return rgb_to_oklch(swatch.rgb).c * math.sqrt(swatch.proportion)


@lru_cache(maxsize=1024)
def _accent(rgb: RGB) -> Accent:
    color = rgb_to_oklch(rgb)
    return Accent(
        light=rgb_to_hex(readable(color, oklch_to_rgb(LIGHT_GROUND), towards=0.0)),
        dark=rgb_to_hex(readable(color, oklch_to_rgb(DARK_GROUND), towards=1.0)),
    )


def readable(color: OKLCH, ground: RGB, towards: float) -> RGB:
    """The colour nearest in lightness to `color`, on the way to `towards` (0: black, 1: white), that can be read on
    `ground`; where none can, the end of that way."""
    if contrast_ratio(oklch_to_rgb(color), ground) >= READABLE:
        return oklch_to_rgb(color)
    near, far = color.l, towards
    for _ in range(_STEPS):
        middle = (near + far) / 2
        enough = contrast_ratio(oklch_to_rgb(color._replace(l=middle)), ground) >= READABLE
        near, far = (near, middle) if enough else (middle, far)
    return oklch_to_rgb(color._replace(l=far))


def _inside(channels: tuple[float, float, float]) -> bool:
    return all(-1e-4 <= channel <= 1 + 1e-4 for channel in channels)


def _rounded(channels: tuple[float, float, float]) -> RGB:
    red, green, blue = (round(255 * linear_to_srgb(min(1.0, max(0.0, channel)))) for channel in channels)
    return red, green, blue
