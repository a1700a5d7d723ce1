"""One photo among many: in the gallery, and in a row of look-alikes."""

from dataclasses import dataclass

from flask import url_for

from shared.db.queries.photos.images import ImageRow
from web.photos.view_models.picture import Picture, thumbnail_picture
from web.photos.view_models.progress import is_unfinished, state_in_words


@dataclass(frozen=True, slots=True)
class TileColor:
    """A colour as `#rrggbb`. href: photos near to it."""

    hex: str
    href: str


@dataclass(frozen=True, slots=True)
class Tile:
    """sizes: how wide it is shown, for the browser's choice of a thumbnail. colors: its palette, largest share first.

    state: what is still to be done, in words, or None.
    """

    id: int
    href: str
    title: str
    picture: Picture
    sizes: str
    colors: tuple[TileColor, ...]
    state: str | None
    unfinished: bool
    eager: bool


def make_tile(image: ImageRow, *, row_height: int, eager: bool = False) -> Tile:
    """row_height: of the row that it stands in, about, in CSS pixels; on a phone it is as wide as the screen.

    eager: the tile is on the first screen, so its photo is loaded at once.
    """
    picture = thumbnail_picture(image)
    return Tile(
        id=image.id,
        href=url_for("photo.show", id=image.id),
        title=image.caption or image.name,
        picture=picture,
        sizes=f"(max-width: 640px) 100vw, {round(row_height * picture.ratio)}px",
        colors=tuple(TileColor(code, url_for("gallery.show", color=code)) for code in image.swatches),
        state=state_in_words(image),
        unfinished=is_unfinished(image),
        eager=eager,
    )
