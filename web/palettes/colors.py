"""One colour of a palette as the API shows it."""

import math
from collections.abc import Sequence
from typing import Annotated

from shared import colour
from shared.colour import Swatch
from shared.colour_names import palette_names
from web.http.documents import Document, about


class Hsl(Document):
    h: Annotated[float, about("degrees")]
    s: Annotated[float, about("0 to 1")]
    l: Annotated[float, about("0 to 1")]  # noqa: E741 - the name of the field


class Oklch(Document):
    l: Annotated[float, about("0 to 1")]  # noqa: E741 - the name of the field
    c: Annotated[float, about("0 to about 0.4")]
    h: Annotated[float, about("degrees")]


class Contrast(Document):
    white: Annotated[float, about("ratio of white text on the colour, 1 to 21")]
    black: Annotated[float, about("ratio of black text on the colour, 1 to 21")]

    @classmethod
    def of(cls, rgb: colour.RGB) -> "Contrast":
        return cls(
            white=_ratio(colour.contrast_ratio(rgb, colour.WHITE)),
            black=_ratio(colour.contrast_ratio(rgb, colour.BLACK)),
        )


class PaletteColor(Document):
    """A colour of a palette. The shares of a palette sum to 1: they are not rounded."""

    hex: Annotated[str, about("#rrggbb")]
    rgb: Annotated[colour.RGB, about("red, green, blue: 0 to 255")]
    hsl: Annotated[Hsl, about("the colour in HSL")]
    oklch: Annotated[Oklch, about("the colour in OKLCH")]
    name: Annotated[str, about("the nearest named colour; no other of the palette has the same name")]
    proportion: Annotated[float, about("its share of the picture, 0 to 1")]
    text: Annotated[str, about("black or white, whichever stands out more on it")]
    contrast: Annotated[Contrast, about("as WCAG 2 has it")]

    @classmethod
    def of(cls, swatch: Swatch, name: str) -> "PaletteColor":
        rgb = swatch.rgb
        hsl, oklch = colour.rgb_to_hsl(rgb), colour.rgb_to_oklch(rgb)
        return cls(
            hex=colour.rgb_to_hex(rgb),
            rgb=rgb,
            hsl=Hsl(h=_degrees(hsl.h), s=round(hsl.s, 3), l=round(hsl.l, 3)),
            oklch=Oklch(l=round(oklch.l, 4), c=round(oklch.c, 4), h=_degrees(oklch.h)),
            name=name,
            proportion=swatch.proportion,
            text=colour.text_color(rgb),
            contrast=Contrast.of(rgb),
        )


def palette_colors(swatches: Sequence[Swatch]) -> tuple[PaletteColor, ...]:
    """The colours of a palette, each under a name of its own."""
    return tuple(map(PaletteColor.of, swatches, palette_names(swatches)))


def _degrees(hue: float) -> float:
    return round(hue, 1) % 360


def _ratio(contrast: float) -> float:
    # Down, not to the nearest: 4.496 doesn't reach the 4.5 that WCAG asks for and must not read as if it did.
    return math.floor(contrast * 100 + 1e-9) / 100
