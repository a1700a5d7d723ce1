"""Palettes as the API shows them, and what may be asked of them."""

from collections.abc import Sequence
from typing import Annotated

from shared.colour import Swatch
from shared.db.queries.jobs.jobs import JobRow
from shared.jobs.results import PaletteResult
from shared.limits import DEFAULT_COLORS, MAX_COLORS, MAX_PAGE, MIN_COLORS
from shared.palette_kinds import PaletteGround, PaletteKind, PaletteStyle
from web.http.addresses import palette_path
from web.http.documents import UNSET, Document, UnsetType, about
from web.http.parameter_sets import Parameters
from web.http.parameters import Choice, ImageIds, Integer
from web.palettes.colors import PaletteColor, palette_colors
from web.palettes.formats import FORMATS
from web.palettes.order import PaletteSort

# --- parameters -----------------------------------------------------------------------------------------------------


class PaletteOptions(Parameters):
    """Which palette of a photo, and in which order. Its kind is computed if it was never asked for, as its size is."""

    colors: Annotated[
        int | None,
        Integer(
            "how many colours; by default as many as were asked for with the photo", MIN_COLORS, MAX_COLORS
        ),
    ] = None
    style: Annotated[
        str,
        Choice(
            "`dominant`: what covers the photo, and what stands out in it; `vivid`: its strongest colours",
            tuple(PaletteStyle),
        ),
    ] = PaletteStyle.DOMINANT.value
    ground: Annotated[
        str,
        Choice(
            "`excluded`: without what is white, as the ground of a product photo; a transparent one never counts",
            tuple(PaletteGround),
        ),
    ] = PaletteGround.INCLUDED.value
    sort: Annotated[
        str,
        Choice(
            "`share`: largest first; `hue`: greys, then around the circle; `lightness`: darkest first",
            tuple(PaletteSort),
        ),
    ] = PaletteSort.SHARE.value

    @property
    def kind(self) -> PaletteKind:
        return PaletteKind(PaletteStyle(self.style), PaletteGround(self.ground))


class PaletteQuery(PaletteOptions):
    format: Annotated[str, Choice("what the palette is written as", tuple(FORMATS))] = "json"


class ImagesForPalette(Parameters):
    """Images that one palette is wanted for."""

    images: Annotated[tuple[int, ...], ImageIds("ids of the images", MAX_PAGE)]
    colors: Annotated[int, Integer("colours of the palette", MIN_COLORS, MAX_COLORS)] = DEFAULT_COLORS


# --- documents ------------------------------------------------------------------------------------------------------


class PaletteLinks(Document):
    self: Annotated[str, about("the palettes of this photo, of any size and style and in any format")]


class Palette(Document):
    """The colours of a picture, largest share first unless another order was asked for."""

    colors: Annotated[tuple[PaletteColor, ...], about("the shares sum to 1")]
    count: Annotated[
        int, about("how many there are; fewer than asked where the picture has fewer that an eye tells apart")
    ]
    version: Annotated[str, about("of the method")]
    links: Annotated[PaletteLinks | UnsetType, about("only of a photo that is not in the gallery")] = UNSET

    @classmethod
    def of(
        cls, swatches: Sequence[Swatch], version: str, links: PaletteLinks | UnsetType = UNSET
    ) -> "Palette":
        colors = palette_colors(swatches)
        return cls(colors=colors, count=len(colors), version=version, links=links)


def palette_result(job: JobRow) -> Palette | None:
    """The palette that a job has found."""
    found = job.result_as(PaletteResult)
    if found is None:
        return None
    links = UNSET if job.image_id is not None else PaletteLinks(self=palette_path(job.id))
    return Palette.of(found.colors, found.version, links)
