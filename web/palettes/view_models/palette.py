"""A palette as it is looked at, changed in size and taken away."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import url_for

from shared import colour
from shared.colour import Swatch
from shared.db.queries.photos.images import ImageRow
from shared.jobs.kinds import ACTIVE, JobStatus
from shared.limits import MAX_COLORS, MIN_COLORS
from web.http.addresses import image_path
from web.layout import words
from web.palettes.colors import Contrast
from web.palettes.formats import FORMATS

_EXPECTED: Final = ACTIVE | {JobStatus.SUCCEEDED}


@dataclass(frozen=True, slots=True)
class SwatchView:
    """A colour of the palette. text: black or white, whichever can be read on it. href: photos near to it.

    on_white, on_black: its contrast with them, as WCAG computes it.
    """

    hex: str
    text: str
    name: str
    share: str
    on_white: str
    on_black: str
    href: str


@dataclass(frozen=True, slots=True)
class Download:
    name: str
    href: str


@dataclass(frozen=True, slots=True)
class PaletteView:
    """colors: how many were asked for, from least to most. places: one for each swatch that is still to come.

    words: why there is none, or fewer than were asked for.
    """

    colors: int
    least: int
    most: int
    action: str
    fragment: str
    swatches: tuple[SwatchView, ...]
    places: range
    words: str | None
    unfinished: bool
    downloads: tuple[Download, ...]


def palette_view(image: ImageRow, swatches: Sequence[Swatch], colors: int) -> PaletteView:
    """swatches: none while they are still to be found, or cannot be."""
    expected = image.palette in _EXPECTED
    return PaletteView(
        colors=colors,
        least=MIN_COLORS,
        most=MAX_COLORS,
        action=url_for("photo.show", id=image.id),
        fragment=url_for("photo.palette", id=image.id),
        swatches=tuple(swatch_view(swatch) for swatch in swatches),
        places=range(0 if swatches or not expected else colors),
        words=_words(swatches, colors) if expected else "This photo has no palette.",
        unfinished=expected and not swatches,
        downloads=_downloads(image, colors) if swatches else (),
    )


def swatch_view(swatch: Swatch) -> SwatchView:
    contrast = Contrast.of(swatch.rgb)
    return SwatchView(
        hex=swatch.hex,
        text=colour.text_color(swatch.rgb),
        name=swatch.name,
        share=words.share(swatch.proportion),
        on_white=words.ratio(contrast.white),
        on_black=words.ratio(contrast.black),
        href=url_for("gallery.show", color=swatch.hex),
    )


def _words(swatches: Sequence[Swatch], colors: int) -> str | None:
    if not swatches or len(swatches) == colors:
        return None
    return f"The photo has no more than {words.count(len(swatches), 'colour', 'colours')}."


def _downloads(image: ImageRow, colors: int) -> tuple[Download, ...]:
    return tuple(
        Download(form.label, f"{image_path(image.id)}/palette?colors={colors}&format={form.name}")
        for form in FORMATS.values()
    )
