"""What analysing an image found, as rows."""

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from shared.colour import hex_to_rgb, rgb_to_oklab
from shared.db.prepared import PREPARED
from shared.db.queries.palettes import PaletteRow
from shared.db.vector import to_text


@dataclass(frozen=True, slots=True)
class Analysed:
    """What the decoder found. width, height: upright, in pixels; perceptual_hash: signed 64-bit; palette: its own."""

    width: int
    height: int
    perceptual_hash: int
    palette: PaletteRow


def save_analysis(connection: Connection, found: Analysed) -> None:
    """Records it all, in one statement. The same again changes nothing."""
    palette = found.palette
    points = [
        {
            "rank": rank,
            "oklab": to_text(rgb_to_oklab(hex_to_rgb(swatch["hex"]))),
            "proportion": swatch["proportion"],
        }
        for rank, swatch in enumerate(palette.swatches)
    ]
    values = {
        "image_id": palette.image_id,
        "colors": palette.colors,
        "version": palette.version,
        "swatches": palette.swatches,
        "points": points,
        "width": found.width,
        "height": found.height,
        "perceptual_hash": found.perceptual_hash,
    }
    connection.execute(SAVE_ANALYSIS, values)


# The points are how the image is found by colour. A palette that had more of them before leaves none behind.
SAVE_ANALYSIS = (
    text("""
    WITH palette AS (
        INSERT INTO palettes (image_id, colors, version, swatches)
        VALUES (:image_id, :colors, :version, :swatches)
        ON CONFLICT DO NOTHING
    ), point AS (
        SELECT * FROM jsonb_to_recordset(:points) AS point (rank bigint, oklab text, proportion real)
    ), surplus AS (
        DELETE FROM palette_colors WHERE image_id = :image_id AND rank NOT IN (SELECT rank FROM point)
    ), painted AS (
        INSERT INTO palette_colors (image_id, rank, oklab, proportion)
        SELECT :image_id, rank, oklab::vector, proportion FROM point
        ON CONFLICT (image_id, rank) DO UPDATE SET oklab = EXCLUDED.oklab, proportion = EXCLUDED.proportion
    )
    UPDATE images SET width = :width, height = :height, perceptual_hash = :perceptual_hash, analysed_at = now()
    WHERE id = :image_id
""")
    .bindparams(bindparam("swatches", type_=JSONB), bindparam("points", type_=JSONB))
    .execution_options(**PREPARED)
)
