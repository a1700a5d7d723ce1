"""Palettes of images."""

from dataclasses import dataclass

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.colour import Swatch
from shared.db.models import Palette
from shared.typed_json import from_json, to_json


@dataclass(frozen=True, slots=True)
class PaletteRow:
    """swatches: largest share first; the shares sum to 1."""

    image_id: int
    colors: int
    version: str
    swatches: tuple[Swatch, ...]


def find_palette(connection: Connection, image_id: int, colors: int) -> PaletteRow | None:
    """The image's newest palette of that many colours (it holds fewer where the photo has fewer)."""
    row = connection.execute(
        select(Palette.image_id, Palette.colors, Palette.version, Palette.swatches)
        .where(Palette.image_id == image_id, Palette.colors == colors)
        .order_by(Palette.created_at.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    return PaletteRow(row.image_id, row.colors, row.version, from_json(row.swatches, tuple[Swatch, ...]))


def save_palette(connection: Connection, palette: PaletteRow) -> None:
    """Records the palette. The same again changes nothing."""
    connection.execute(
        upsert(Palette)
        .values(
            image_id=palette.image_id,
            colors=palette.colors,
            version=palette.version,
            swatches=to_json(palette.swatches),
        )
        .on_conflict_do_nothing()
    )
