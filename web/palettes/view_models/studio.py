"""The palette studio: a palette as large as it deserves, and everything that can be done with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from flask import url_for

from shared import colour
from shared.colour import Swatch
from shared.colour_names import palette_names
from shared.db.queries.photos.images import ImageRow
from shared.errors import BadParameter
from shared.limits import DEFAULT_COLORS, MAX_COLORS, MAX_FILE_BYTES, MAX_FILE_MEBIBYTES, MIN_COLORS
from web.http.addresses import job_path
from web.layout import words
from web.palettes.documents import PaletteOptions
from web.palettes.formats import FORMATS
from web.palettes.view_models.accent import Accent, accent_of
from web.palettes.view_models.options import OptionsView, options_view
from web.palettes.view_models.palette import Download
from web.palettes.view_models.theme import Theme, grade, ratio_in_words, themes
from web.photos import ACCEPT, Tile, make_tile

# Shares in an address are parts of this: exact enough for the same percentages to come out.
_WHOLE: Final = 100_000


@dataclass(frozen=True, slots=True)
class StudioSwatch:
    """text: black or white, whichever can be read on it. part: of the picture, 0 to 1. gallery: photos near to it."""

    hex: str
    text: str
    name: str
    part: float
    share: str
    rgb: str
    hsl: str
    oklch: str
    white: str
    white_grade: str
    black: str
    black_grade: str
    gallery: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A palette. share: an address that carries the colours themselves; every: their codes, a line each."""

    heading: str
    swatches: tuple[StudioSwatch, ...]
    every: str
    share: str
    picture: str
    downloads: tuple[Download, ...]
    themes: tuple[Theme, Theme]
    plot_words: str


@dataclass(frozen=True, slots=True)
class StudioView:
    """sheet: None before there is a palette. sizes: where other sizes of it are, with `?colors=`; None where there are
    none. working: the palette is still being looked for, by the job whose address in the API is `job`. error: why the photo that was just sent was not taken."""

    sheet: Sheet | None
    accent: Accent | None
    sizes: str | None
    colors: int
    fewest: int
    most: int
    working: bool
    job: str
    limits: str
    accept: str
    max_bytes: int
    error: str | None
    gallery: tuple[Tile, ...]
    options: OptionsView


def studio_view(
    swatches: Sequence[Swatch] | None = None,
    *,
    job_id: UUID | None = None,
    options: PaletteOptions | None = None,
    error: str | None = None,
    gallery: Sequence[ImageRow] = (),
) -> StudioView:
    """swatches: the palette to show. job_id: of the job that found it, or is looking for it. options: as asked for.
    gallery: photos to begin with."""
    options = options or PaletteOptions()
    return StudioView(
        sheet=_sheet(swatches) if swatches else None,
        accent=accent_of(swatches or ()),
        sizes=None if job_id is None else url_for("studio.show_palette", id=job_id),
        colors=options.colors or (len(swatches) if swatches else DEFAULT_COLORS),
        fewest=MIN_COLORS,
        most=MAX_COLORS,
        working=job_id is not None and not swatches,
        job="" if job_id is None else job_path(job_id),
        limits=f"JPEG, PNG, WebP or GIF, up to {MAX_FILE_MEBIBYTES} MiB",
        accept=ACCEPT,
        max_bytes=MAX_FILE_BYTES,
        error=error,
        gallery=tuple(make_tile(image, row_height=160) for image in gallery),
        options=options_view(options),
    )


def palette_address(job_id: UUID, colors: int) -> str:
    return url_for("studio.show_palette", id=job_id, colors=colors)


def _sheet(swatches: Sequence[Swatch]) -> Sheet:
    parameters = _address_parameters(swatches)
    return Sheet(
        heading=words.count(len(swatches), "colour", "colours"),
        swatches=tuple(map(_swatch, swatches, palette_names(swatches))),
        every="\n".join(swatch.hex for swatch in swatches),
        share=url_for("studio.show", **parameters, _external=True),
        picture=url_for("studio.show", **parameters, format="png", _external=True),
        downloads=tuple(
            Download(form.label, url_for("studio.show", **parameters, format=form.name))
            # What programs read stands last.
            for form in sorted(FORMATS.values(), key=lambda form: form.name == "json")
        ),
        themes=themes(swatches),
        plot_words=_plot_words(swatches),
    )


def _swatch(swatch: Swatch, name: str) -> StudioSwatch:
    rgb, hsl, oklch = swatch.rgb, colour.rgb_to_hsl(swatch.rgb), colour.rgb_to_oklch(swatch.rgb)
    white, black = colour.contrast_ratio(rgb, colour.WHITE), colour.contrast_ratio(rgb, colour.BLACK)
    return StudioSwatch(
        hex=swatch.hex,
        text=colour.text_color(rgb),
        name=name,
        part=round(swatch.proportion, 5),
        share=words.share(swatch.proportion),
        rgb=f"rgb({rgb[0]} {rgb[1]} {rgb[2]})",
        hsl=f"hsl({hsl.h:.0f} {hsl.s:.0%} {hsl.l:.0%})",
        oklch=f"oklch({oklch.l:.1%} {oklch.c:.3f} {oklch.h:.0f})",
        white=ratio_in_words(white),
        white_grade=grade(white),
        black=ratio_in_words(black),
        black_grade=grade(black),
        gallery=url_for("gallery.show", color=swatch.hex),
    )


def _plot_words(swatches: Sequence[Swatch]) -> str:
    """What the plot shows, for those who do not see it."""
    found = sorted((colour.rgb_to_oklch(swatch.rgb) for swatch in swatches), key=lambda color: color.l)
    strongest = max(color.c for color in found)
    spread = "greys" if strongest < 0.03 else "muted colours" if strongest < 0.1 else "strong colours"
    return f"The swatches lie between {found[0].l:.0%} and {found[-1].l:.0%} lightness, with {spread}."


# --- a palette in an address ------------------------------------------------------------------------------------


def _address_parameters(swatches: Sequence[Swatch]) -> dict[str, Any]:
    """The palette as parameters of an address; `parse_swatches` reads them."""
    return {
        "colors": "-".join(swatch.hex.removeprefix("#") for swatch in swatches),
        "shares": "-".join(str(max(1, round(swatch.proportion * _WHOLE))) for swatch in swatches),
    }


def parse_swatches(colors: str, shares: str | None) -> list[Swatch]:
    """The palette that an address carries: `1e90ff-ffd700`, and its shares in any whole numbers, `3-1`.

    Without shares every colour has the same. Raises BadParameter.
    """
    codes = colors.split("-")
    if not 1 <= len(codes) <= MAX_COLORS or not all(map(_is_code, codes)):
        raise BadParameter("colors", f"colors must be 1 to {MAX_COLORS} colours such as 1e90ff-ffd700.")
    parts = ["1"] * len(codes) if shares is None else shares.split("-")
    if len(parts) != len(codes) or not all(map(_is_part, parts)):
        raise BadParameter("shares", "shares must be a whole number for each colour, such as 3-1.")
    total = sum(map(int, parts))
    return [Swatch(f"#{code.lower()}", int(part) / total) for code, part in zip(codes, parts, strict=True)]


def _is_code(text: str) -> bool:
    return len(text) == 6 and all(char in "0123456789abcdefABCDEF" for char in text)


def _is_part(text: str) -> bool:
    return 0 < len(text) <= 6 and text.isascii() and text.isdigit() and int(text) > 0
