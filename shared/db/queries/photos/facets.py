"""What a gallery can be narrowed to: the tags and labels in use."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, select

from shared.db.models import Image

# Tags are counted among the newest photos only: over a million of them it would take seconds, and what is in use is
# in use there.
NEWEST: Final = 2000


@dataclass(frozen=True, slots=True)
class Facet:
    """A tag or a label. photos: how many of the newest have it."""

    name: str
    photos: int


def common_tags(connection: Connection, limit: int) -> list[Facet]:
    """The tags that most of the newest photos have, most frequent first."""
    rows = connection.execute(_TAGS, {"newest": NEWEST, "most": limit})
    return [Facet(row.name, row.photos) for row in rows]


def common_labels(connection: Connection, limit: int) -> list[Facet]:
    """The labels that most of the newest photos have, most frequent first."""
    rows = connection.execute(_LABELS, {"newest": NEWEST, "most": limit})
    return [Facet(row.name, row.photos) for row in rows]


def _most_common(names: Select[str]) -> Select[str, int]:
    name: ColumnElement[str] = names.subquery().c.name
    return (
        select(name, func.count().label("photos"))
        .where(name.is_not(None))
        .group_by(name)
        .order_by(func.count().desc(), name)
        .limit(bindparam("most"))
    )


# Built once: building a statement takes longer than running it.
_newest = (
    select(Image.tags, Image.label)
    .where(Image.deleted_at.is_(None))
    .order_by(Image.id.desc())
    .limit(bindparam("newest"))
    .subquery()
)
_TAGS = _most_common(select(func.unnest(_newest.c.tags).label("name")))
_LABELS = _most_common(select(_newest.c.label.label("name")))
