"""A palette as it is looked at, changed in size and taken away."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from flask import url_for

from shared import colour
from shared.colour import Swatch
from shared.colour_names import palette_names
from shared.db.queries.photos.images import ImageRow
from shared.jobs.kinds import ACTIVE, JobStatus
from shared.limits import MAX_COLORS, MIN_COLORS
from web.http.addresses import image_path
from web.layout import words
from web.palettes.colors import Contrast
from web.palettes.documents import PaletteOptions
from web.palettes.formats import FORMATS
from web.palettes.view_models.options import OptionsView, options_in_address, options_view

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
    options: OptionsView


def palette_view(image: ImageRow, swatches: Sequence[Swatch], options: PaletteOptions) -> PaletteView:
    """swatches: as they stand in the palette; none while they are still to be found, or cannot be."""
    colors = options.colors or image.colors
    expected = image.palette in _EXPECTED
    return PaletteView(
        colors=colors,
        least=MIN_COLORS,
        most=MAX_COLORS,
        action=url_for("photo.show", id=image.id),
        fragment=url_for("photo.palette", id=image.id),
        swatches=tuple(map(swatch_view, swatches, palette_names(swatches))),
        places=range(0 if swatches or not expected else colors),
        words=_words(swatches, colors) if expected else "This photo has no palette.",
        unfinished=expected and not swatches,
        downloads=_downloads(image, colors, options) if swatches else (),
        options=options_view(options),
    )


def swatch_view(swatch: Swatch, name: str) -> SwatchView:
    contrast = Contrast.of(swatch.rgb)
    return SwatchView(
        hex=swatch.hex,
        text=colour.text_color(swatch.rgb),
        name=name,
        share=words.share(swatch.proportion),
        on_white=words.ratio(contrast.white),
        on_black=words.ratio(contrast.black),
        href=url_for("gallery.show", color=swatch.hex),
    )


def _words(swatches: Sequence[Swatch], colors: int) -> str | None:
    if not swatches or len(swatches) == colors:
        return None
    return f"No more than {words.count(len(swatches), 'colour', 'colours')} that an eye tells apart."


def _downloads(image: ImageRow, colors: int, options: PaletteOptions) -> tuple[Download, ...]:
    asked = urlencode({"colors": colors, **options_in_address(options)})
    return tuple(
        Download(form.label, f"{image_path(image.id)}/palette?{asked}&format={form.name}")
        for form in FORMATS.values()
    )
