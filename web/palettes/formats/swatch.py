"""One colour of a palette, and what the API says about it."""

import math
from dataclasses import dataclass
from typing import Any

from shared import colour


@dataclass(frozen=True, slots=True)
class Swatch:
    """A colour as `#rrggbb` and its share of the picture, 0 to 1. Raises ValueError for any other colour."""

    hex: str
    proportion: float

    def __post_init__(self) -> None:
        # The code goes into style sheets and SVG as it stands.
        colour.hex_to_rgb(self.hex)

    @property
    def rgb(self) -> colour.RGB:
        """Red, green and blue, 0 to 255 each."""
        return colour.hex_to_rgb(self.hex)

    @property
    def name(self) -> str:
        """The nearest colour name."""
        return colour.color_name(self.rgb)


def describe(swatch: Swatch) -> dict[str, Any]:
    """The swatch as an item of the API's `colors`.

    hsl: {h: degrees, s: 0..1, l: 0..1}; oklch: {l: 0..1, c: 0..about 0.4, h: degrees}; contrast: ratio of white and
    of black text on the colour, 1..21. The proportion isn't rounded, so that a palette's proportions still sum to 1.
    """
    rgb = swatch.rgb
    hsl = colour.rgb_to_hsl(rgb)
    oklch = colour.rgb_to_oklch(rgb)
    return {
        "hex": colour.rgb_to_hex(rgb),
        "rgb": list(rgb),
        "hsl": {"h": _degrees(hsl.h), "s": round(hsl.s, 3), "l": round(hsl.l, 3)},
        "oklch": {"l": round(oklch.l, 4), "c": round(oklch.c, 4), "h": _degrees(oklch.h)},
        "name": swatch.name,
        "proportion": swatch.proportion,
        "text": colour.text_color(rgb),
        "contrast": {
            "white": _ratio(colour.contrast_ratio(rgb, colour.WHITE)),
            "black": _ratio(colour.contrast_ratio(rgb, colour.BLACK)),
        },
    }


def _degrees(hue: float) -> float:
    return round(hue, 1) % 360


def _ratio(contrast: float) -> float:
    # Down, not to the nearest: 4.496 doesn't reach the 4.5 that WCAG asks for and must not read as if it did.
    return math.floor(contrast * 100 + 1e-9) / 100
