"""Palettes of images."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.colour import Swatch, rgb_to_oklab
from shared.db.models import Palette, PaletteColor
from shared.palette_kinds import DEFAULT_KIND, PaletteKind
from shared.typed_json import from_json, to_json


@dataclass(frozen=True, slots=True)
class PaletteRow:
    """swatches: largest share first; the shares sum to 1."""

    image_id: int
    colors: int
    version: str
    swatches: tuple[Swatch, ...]
    kind: PaletteKind = DEFAULT_KIND


def find_palette(
    connection: Connection, image_id: int, colors: int, kind: PaletteKind = DEFAULT_KIND
) -> PaletteRow | None:
    """The image's newest palette of that kind and of that many colours (it holds fewer where the photo has fewer)."""
    row = connection.execute(
        select(Palette.image_id, Palette.colors, Palette.version, Palette.swatches)
        .where(
            Palette.image_id == image_id,
            Palette.colors == colors,
            Palette.style == kind.style,
            Palette.ground == kind.ground,
        )
        .order_by(Palette.created_at.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    swatches = from_json(row.swatches, tuple[Swatch, ...])
    return PaletteRow(row.image_id, row.colors, row.version, swatches, kind)


def save_palette(connection: Connection, palette: PaletteRow) -> None:
    """Records the palette. The same again changes nothing."""
    connection.execute(
        upsert(Palette)
        .values(
            image_id=palette.image_id,
            colors=palette.colors,
            style=palette.kind.style,
            ground=palette.kind.ground,
            version=palette.version,
            swatches=to_json(palette.swatches),
        )
        .on_conflict_do_nothing()
    )


def replace_palettes(connection: Connection, palette: PaletteRow) -> None:
    """Records an image's own palette, by which it is found by colour, in place of all that were found by another version."""
    connection.execute(
        delete(Palette).where(Palette.image_id == palette.image_id, Palette.version != palette.version)
    )
    save_palette(connection, palette)
    connection.execute(delete(PaletteColor).where(PaletteColor.image_id == palette.image_id))
    points = [
        {
            "image_id": palette.image_id,
            "rank": rank,
            "oklab": rgb_to_oklab(swatch.rgb),
            "proportion": swatch.proportion,
        }
        for rank, swatch in enumerate(palette.swatches)
    ]
    connection.execute(insert(PaletteColor), points)
