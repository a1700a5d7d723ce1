"""One photo: itself, what was found in it, what looks like it, and what is known about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flask import url_for

from shared import colour
from shared.db.queries.images import ImageRow
from shared.db.queries.index import Similar
from shared.jobs import ACTIVE, JobStatus
from web.pages.view_models import words
from web.pages.view_models.accent import Accent, accent_of
from web.pages.view_models.picture import Picture, display_picture
from web.pages.view_models.progress import (
    Stage,
    is_complete,
    is_unfinished,
    may_be_tried_again,
    stages,
    state_in_words,
)
from web.pages.view_models.tile import Tile, make_tile
from web.palette_formats import Swatch

# Look-alikes that are on the first screen.
_EAGER: Final = 6
# --film of photo.css.
_FILM_HEIGHT: Final = 168
_PALETTE_COMES: Final = ACTIVE | {JobStatus.SUCCEEDED}


@dataclass(frozen=True, slots=True)
class SwatchView:
    """A colour of the palette. text: black or white, whichever can be read on it. href: photos near to it."""

    hex: str
    text: str
    name: str
    share: str
    href: str


@dataclass(frozen=True, slots=True)
class LookAlike:
    """part: how much of the bar is filled, 0 to 1."""

    tile: Tile
    similarity: str
    part: float


@dataclass(frozen=True, slots=True)
class Part:
    words: str
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Detail:
    term: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class PhotoView:
    """stages: empty once all is done. swatch_places: one for each swatch that is still to come. palette_words: why there is none and will be none.
    alike_words: why there are no look-alikes."""

    title: str
    picture: Picture
    true_ratio: float
    state: str | None
    unfinished: bool
    stages: tuple[Stage, ...]
    failure: str | None
    retry_href: str | None
    accent: Accent | None
    swatches: tuple[SwatchView, ...]
    swatch_places: range
    palette_words: str | None
    look_alikes: tuple[LookAlike, ...]
    alike_words: str
    details: tuple[Detail, ...]
    delete_href: str


def photo_view(
    image: ImageRow,
    swatches: Sequence[Swatch],
    similar: Sequence[Similar],
    neighbours: Mapping[int, ImageRow],
    failure: str | None,
) -> PhotoView:
    """swatches: of the image's own palette, none before there is one. neighbours: the images of `similar` by id.
    failure: what went wrong, in words."""
    return PhotoView(
        title=image.caption or image.name,
        picture=display_picture(image),
        true_ratio=round(image.width / image.height, 5),
        state=state_in_words(image),
        unfinished=is_unfinished(image),
        stages=() if is_complete(image) else stages(image),
        failure=failure,
        retry_href=url_for("jobs_page.retry", id=image.job_id)
        if image.job_id and may_be_tried_again(image)
        else None,
        accent=accent_of(swatches),
        swatches=tuple(_swatch(swatch) for swatch in swatches),
        swatch_places=range(image.colors if image.palette in ACTIVE else 0),
        palette_words=None if image.palette in _PALETTE_COMES else "This photo has no palette.",
        look_alikes=tuple(
            _look_alike(neighbours[one.image_id], one.similarity, place)
            for place, one in enumerate(similar)
            if one.image_id in neighbours
        ),
        alike_words=_alike_words(image),
        details=tuple(_details(image)),
        delete_href=url_for("photo.ask_to_delete", id=image.id),
    )


def _swatch(swatch: Swatch) -> SwatchView:
    return SwatchView(
        hex=swatch.hex,
        text=colour.text_color(swatch.rgb),
        name=swatch.name,
        share=words.share(swatch.proportion),
        href=url_for("gallery.show", color=swatch.hex),
    )


def _look_alike(image: ImageRow, similarity: float, place: int) -> LookAlike:
    return LookAlike(
        tile=make_tile(image, row_height=_FILM_HEIGHT, eager=place < _EAGER),
        similarity=f"{similarity:.3f}",
        part=round(min(1.0, max(0.0, similarity)), 3),
    )


def _alike_words(image: ImageRow) -> str:
    if image.neighbours is JobStatus.SUCCEEDED:
        return "There is no other photo to compare it with yet."
    if image.neighbours is JobStatus.CANCELLED:
        return "There are no look-alikes, since this photo could not be looked at."
    if image.embedding is not JobStatus.SUCCEEDED:
        return "Look-alikes come once this photo has been looked at."
    return "Looking for photos that are like this one."


def _details(image: ImageRow) -> list[Detail]:
    details = [Detail("Name", (Part(image.name),))]
    if image.label:
        details.append(Detail("Label", (Part(image.label, url_for("gallery.show", label=image.label)),)))
    if image.tags:
        links = tuple(Part(tag, url_for("gallery.show", tag=tag)) for tag in image.tags)
        details.append(Detail("Tags", links))
    return [
        *details,
        Detail("Size", (Part(f"{image.width:,} × {image.height:,} pixels"),)),
        Detail("File", (Part(f"{image.format.upper()}, {words.file_size(image.bytes)}"),)),
        Detail("Uploaded", (Part(words.moment(image.created_at)),)),
    ]
