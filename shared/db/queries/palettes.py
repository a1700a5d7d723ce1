"""Palettes of images."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.db.models import Palette


@dataclass(frozen=True, slots=True)
class PaletteRow:
    """swatches: `{"hex": "#rrggbb", "proportion": 0..1}`, largest share first; the shares sum to 1."""

    image_id: int
    colors: int
    version: str
    swatches: list[dict[str, Any]]


def find_palette(connection: Connection, image_id: int, colors: int) -> PaletteRow | None:
    """The image's newest palette of that many colours (it holds fewer where the photo has fewer)."""
    row = connection.execute(
        select(Palette.image_id, Palette.colors, Palette.version, Palette.swatches)
        .where(Palette.image_id == image_id, Palette.colors == colors)
        .order_by(Palette.created_at.desc())
        .limit(1)
    ).one_or_none()
    return PaletteRow(**row._asdict()) if row else None


def save_palette(connection: Connection, palette: PaletteRow) -> None:
    """Records the palette. The same again changes nothing."""
    connection.execute(
        upsert(Palette)
        .values(
            image_id=palette.image_id,
            colors=palette.colors,
            version=palette.version,
            swatches=palette.swatches,
        )
        .on_conflict_do_nothing()
    )
