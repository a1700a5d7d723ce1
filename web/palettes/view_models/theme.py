"""A small page set in the colours of a palette, once light and once dark, with every pair of colours checked.

WCAG 2.2, 1.4.3 and 1.4.6: text needs 4.5:1 on its ground (AA), 7:1 for the strictest readers (AAA).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from shared.colour import (
    RGB,
    Swatch,
    contrast_ratio,
    hex_to_rgb,
    relative_luminance,
    rgb_to_hex,
    rgb_to_oklch,
    text_color,
)
from web.palettes.view_models.accent import READABLE, presence, readable

STRICT: Final = 7.0
LARGE: Final = 3.0


@dataclass(frozen=True, slots=True)
class Pair:
    """Text on a ground. moved: the palette's own colour could not be read there and was made lighter or darker.

    before: what the ratio of the palette's own colour was, where it was moved.
    """

    words: str
    text: str
    ground: str
    ratio: str
    grade: str
    moved: bool
    before: str


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours as `#rrggbb`, each text one readable on the ground it stands on."""

    name: str
    ground: str
    ink: str
    link: str
    button: str
    button_text: str
    tag: str
    tag_text: str
    pairs: tuple[Pair, ...]


def themes(swatches: Sequence[Swatch]) -> tuple[Theme, Theme]:
    """A light and a dark theme of a palette of one colour or more."""
    by_light = sorted((swatch.rgb for swatch in swatches), key=relative_luminance)
    return (
        _theme("Light", swatches, ground=by_light[-1], ink=by_light[0]),
        _theme("Dark", swatches, ground=by_light[0], ink=by_light[-1]),
    )


def _theme(name: str, swatches: Sequence[Swatch], *, ground: RGB, ink: RGB) -> Theme:
    striking = [swatch.rgb for swatch in sorted(swatches, key=presence, reverse=True)]
    # A button in a colour that hardly differs from the ground is not seen (WCAG 2.2, 1.4.11), one in ink not noticed.
    seen = [rgb for rgb in striking if contrast_ratio(rgb, ground) >= LARGE]
    button = next((rgb for rgb in seen if rgb != ink), ink)
    tag = next((rgb for rgb in striking if rgb not in {ground, button}), button)
    on_ground = [_pair("Text", ink, ground), _pair("Links", button, ground)]
    on_colour = [_lettering("Buttons", button), _lettering("Tags", tag)]
    return Theme(
        name=name,
        ground=rgb_to_hex(ground),
        ink=on_ground[0].text,
        link=on_ground[1].text,
        button=rgb_to_hex(button),
        button_text=on_colour[0].text,
        tag=rgb_to_hex(tag),
        tag_text=on_colour[1].text,
        pairs=(*on_ground, *on_colour),
    )


def _pair(words: str, text: RGB, ground: RGB) -> Pair:
    own = contrast_ratio(text, ground)
    if own >= READABLE:
        return _checked(words, text, ground)
    towards = 1.0 if text_color(ground) == "#ffffff" else 0.0
    moved = readable(rgb_to_oklch(text), ground, towards)
    return _checked(words, moved, ground, before=own)


def _lettering(words: str, ground: RGB) -> Pair:
    """Black or white: the palette's colours beside each other on a button would only flicker."""
    return _checked(words, hex_to_rgb(text_color(ground)), ground)


def _checked(words: str, text: RGB, ground: RGB, before: float | None = None) -> Pair:
    ratio = contrast_ratio(text, ground)
    return Pair(
        words=words,
        text=rgb_to_hex(text),
        ground=rgb_to_hex(ground),
        ratio=ratio_in_words(ratio),
        grade=grade(ratio),
        moved=before is not None,
        before="" if before is None else ratio_in_words(before),
    )


def grade(ratio: float) -> str:
    """What WCAG 2.2 says about text of this contrast."""
    if ratio >= STRICT:
        return "AAA"
    if ratio >= READABLE:
        return "AA"
    return "large text only" if ratio >= LARGE else "not for text"


def ratio_in_words(ratio: float) -> str:
    """`4.49:1`; cut, not rounded, so that what falls short never reads as if it did not."""
    return f"{math.floor(ratio * 100 + 1e-9) / 100:.4g}:1"
