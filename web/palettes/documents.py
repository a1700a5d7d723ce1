"""Palettes as the API shows them, and what may be asked of them."""

from collections.abc import Sequence
from typing import Annotated

from shared.colour import Swatch
from shared.db.queries.jobs.jobs import JobRow
from shared.jobs.results import PaletteResult
from shared.limits import DEFAULT_COLORS, MAX_COLORS, MAX_PAGE, MIN_COLORS
from web.http.addresses import palette_path
from web.http.documents import UNSET, Document, UnsetType, about
from web.http.parameter_sets import Parameters
from web.http.parameters import Choice, ImageIds, Integer
from web.palettes.colors import PaletteColor
from web.palettes.formats import FORMATS

# --- parameters -----------------------------------------------------------------------------------------------------


class SizeQuery(Parameters):
    colors: Annotated[
        int | None,
        Integer(
            "how many colours; by default as many as were asked for with the photo", MIN_COLORS, MAX_COLORS
        ),
    ] = None


class PaletteQuery(SizeQuery):
    format: Annotated[str, Choice("what the palette is written as", tuple(FORMATS))] = "json"


class ImagesForPalette(Parameters):
    """Images that one palette is wanted for."""

    images: Annotated[tuple[int, ...], ImageIds("ids of the images", MAX_PAGE)]
    colors: Annotated[int, Integer("colours of the palette", MIN_COLORS, MAX_COLORS)] = DEFAULT_COLORS


# --- documents ------------------------------------------------------------------------------------------------------


class PaletteLinks(Document):
    self: Annotated[str, about("the palettes of this photo, of any size and in any format")]


class Palette(Document):
    """The colours of a picture, largest share first."""

    colors: Annotated[tuple[PaletteColor, ...], about("the shares sum to 1")]
    count: Annotated[int, about("how many there are; fewer than asked where the picture has fewer")]
    version: Annotated[str, about("of the method")]
    links: Annotated[PaletteLinks | UnsetType, about("only of a photo that is not in the gallery")] = UNSET

    @classmethod
    def of(
        cls, swatches: Sequence[Swatch], version: str, links: PaletteLinks | UnsetType = UNSET
    ) -> "Palette":
        colors = tuple(map(PaletteColor.of, swatches))
        return cls(colors=colors, count=len(colors), version=version, links=links)


def palette_result(job: JobRow) -> Palette | None:
    """The palette that a job has found."""
    found = job.result_as(PaletteResult)
    if found is None:
        return None
    links = UNSET if job.image_id is not None else PaletteLinks(self=palette_path(job.id))
    return Palette.of(found.colors, found.version, links)
