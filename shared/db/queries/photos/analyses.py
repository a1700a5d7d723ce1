"""What analysing an image found, as rows."""

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Executable, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import InstrumentedAttribute

from shared.colour import rgb_to_oklab
from shared.db.models import Image
from shared.db.prepared import PREPARED
from shared.db.queries.palettes import PaletteRow
from shared.db.vector import to_text
from shared.errors import UnknownFact
from shared.photo_facts import Facts
from shared.typed_json import to_json


@dataclass(frozen=True, slots=True)
class AnalysisRow:
    """What the decoder found. width, height: upright, in pixels; facts: by the names of their columns; palette: its own."""

    width: int
    height: int
    facts: Facts
    palette: PaletteRow


def save_analysis(connection: Connection, found: AnalysisRow) -> None:
    """Records it all, in one statement. The same again changes nothing."""
    palette = found.palette
    points = [
        {
            "rank": rank,
            "oklab": to_text(rgb_to_oklab(swatch.rgb)),
            "proportion": swatch.proportion,
        }
        for rank, swatch in enumerate(palette.swatches)
    ]
    values = {
        "image_id": palette.image_id,
        "colors": palette.colors,
        "version": palette.version,
        "swatches": to_json(palette.swatches),
        "points": points,
        "width": found.width,
        "height": found.height,
        **found.facts,
    }
    connection.execute(_save_analysis(tuple(found.facts)), values)


# The points are how the image is found by colour. A palette that had more of them before leaves none behind.
_SAVE_ANALYSIS: Final = """
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
    UPDATE images SET {facts}, width = :width, height = :height, analysed_at = now()
    WHERE id = :image_id
"""


@cache
def _save_analysis(facts: tuple[str, ...]) -> Executable:
    """The statement for facts of these names; one and the same text each time, so that it is prepared once."""
    statement = text(
        _SAVE_ANALYSIS.format(facts=", ".join(f"{_column(name).name} = :{name}" for name in facts))
    )
    return statement.bindparams(
        bindparam("swatches", type_=JSONB), bindparam("points", type_=JSONB)
    ).execution_options(**PREPARED)


def save_facts(connection: Connection, image_id: int, facts: Facts) -> None:
    """Records facts of an image that has been analysed before."""
    values = {_column(name): value for name, value in facts.items()}
    connection.execute(update(Image).where(Image.id == image_id).values(values))


@dataclass(frozen=True, slots=True)
class ToReanalyse:
    """An image whose facts, or own palette of `colors` colours, are to be computed again."""

    id: int
    sha256: str
    colors: int


def images_to_reanalyse(
    connection: Connection, fact: str | None, after: int, limit: int
) -> list[ToReanalyse]:
    """Images that have been analysed, in the order of their ids, beginning behind `after`.

    fact: only those that lack it. Raises UnknownFact.
    """
    rows = connection.execute(
        select(Image.id, Image.sha256, Image.colors)
        .where(Image.id > after, *_to_reanalyse(fact))
        .order_by(Image.id)
        .limit(limit)
    )
    return [ToReanalyse(row.id, row.sha256, row.colors) for row in rows]


def count_to_reanalyse(connection: Connection, fact: str | None) -> int:
    """How many there are of them in all. Raises UnknownFact."""
    return connection.execute(select(func.count()).where(*_to_reanalyse(fact))).scalar_one()


def _to_reanalyse(fact: str | None) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [Image.deleted_at.is_(None), Image.analysed_at.is_not(None)]
    return wanted if fact is None else [*wanted, _column(fact).is_(None)]


def _column(name: str) -> InstrumentedAttribute[Any]:
    column = getattr(Image, name, None)
    if not isinstance(column, InstrumentedAttribute) or not column.info.get("fact"):
        raise UnknownFact(f"There is no fact of that name: {name}.")
    return column
