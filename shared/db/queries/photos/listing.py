"""Lists of images: narrowed, ordered, and paged by key, both ways. A deleted image is in none of them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    DateTime,
    Float,
    SQLColumnExpression,
    Subquery,
    bindparam,
    func,
    literal,
    null,
    select,
    text,
    tuple_,
)

from shared.db.models import Image, PaletteColor
from shared.db.models.image import NEVER
from shared.db.prepared import PreparedSelect
from shared.db.queries.paging import bounded_count, count_up_to_limit
from shared.db.queries.photos.images import IMAGES, ImageRow, get_images, image_row
from shared.db.vector import Vector
from shared.natural_order import natural_key


class Order(StrEnum):
    """Of a list: latest first by when images came, or by when they were taken; by name; nearest to a colour first."""

    NEWEST = "newest"
    TAKEN = "taken"
    NAME = "name"
    COLOR = "color"


@dataclass(frozen=True, slots=True)
class ImageFilter:
    """What a list of images is narrowed to, and ordered by. color: a point in OKLab; with it the nearest come first, whatever
    `sort` says.

    ids: only these. taken_from, taken_to: both included; with either, only images that say when they were taken.
    """

    tag: str | None = None
    label: str | None = None
    words: str | None = None
    color: tuple[float, float, float] | None = None
    ids: tuple[int, ...] | None = None
    taken_from: datetime | None = None
    taken_to: datetime | None = None
    sort: Order = Order.NEWEST

    @property
    def order(self) -> Order:
        return self.sort if self.color is None else Order.COLOR

    def conditions(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = [Image.deleted_at.is_(None)]
        if self.ids is not None:
            found.append(Image.id.in_(self.ids))
        if self.tag is not None:
            found.append(Image.tags.contains([self.tag]))
        if self.label is not None:
            found.append(Image.label == self.label)
        if self.words is not None:
            document = func.to_tsvector(text("'simple'"), func.coalesce(Image.caption, text("''")))
            found.append(document.bool_op("@@")(func.plainto_tsquery(text("'simple'"), self.words)))
        # By the key that the index has.
        if self.taken_from is not None:
            found.append(_taken_key(Image.taken_at) >= self.taken_from)
        if self.taken_to is not None:
            found += [_taken_key(Image.taken_at) <= self.taken_to, Image.taken_at.is_not(None)]
        return found


@dataclass(frozen=True, slots=True)
class Position:
    """The last image of a page: by its id, and by what orders the list: distance from a colour, time taken or name."""

    id: int
    value: float | datetime | str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """after: where the next page begins, none on the last one."""

    images: list[ImageRow]
    total: int
    after: Position | None


def list_images(connection: Connection, wanted: ImageFilter, limit: int, after: Position | None) -> Page:
    """A page of images, as they are ordered."""
    if wanted.color is not None:
        return _list_by_color(connection, wanted, limit, after)
    ordering = _ORDERINGS[wanted.sort]
    if wanted == EVERY_IMAGE:
        most = limit + 1
        rows = (
            NEWEST.all(connection, most=most)
            if after is None
            else NEWEST_BEFORE.all(connection, most=most, before=after.id)
        )
        ((total,),) = COUNT.all(connection)
    else:
        conditions = wanted.conditions()
        query = IMAGES.where(*conditions).order_by(*ordering.by()).limit(limit + 1)
        if after is not None:
            query = query.where(ordering.behind(after))
        rows = list(connection.execute(query))
        total = bounded_count(connection, select(Image.id).where(*conditions))
    images = [image_row(row) for row in rows[:limit]]
    return Page(images, total, ordering.position_of(images[-1]) if len(rows) > limit else None)


def previous_images(
    connection: Connection, wanted: ImageFilter, limit: int, after: Position
) -> Position | None:
    """After which image the page before begins; None: it is the first.

    after: where the page at hand begins, so that the page before ends with this very image.
    """
    if wanted.color is None:
        ordering = _ORDERINGS[wanted.sort]
        places = select(Image.id, ordering.value).where(*wanted.conditions())
    else:
        ranked = _ranked_by_color(wanted)
        ordering = _by_distance(ranked)
        places = select(ranked.c.id, ranked.c.distance)
    before = places.where(~ordering.behind(after)).order_by(*ordering.by(backwards=True))
    found = connection.execute(before.offset(limit).limit(1)).one_or_none()
    return None if found is None else Position(*found)


@dataclass(frozen=True, slots=True)
class _Ordering:
    """columns: what images are compared by, the id last, so that none are equal. key_of: the same of a position.

    field: what of an image a position keeps beside its id.
    """

    columns: tuple[SQLColumnExpression[Any], ...]
    key_of: Callable[[Position], tuple[Any, ...]]
    descending: bool
    field: str | None = None

    @property
    def value(self) -> ColumnElement[Any]:
        return null() if self.field is None else getattr(Image, self.field)

    def by(self, *, backwards: bool = False) -> list[ColumnElement[Any]]:
        return [column.desc() if self.descending != backwards else column.asc() for column in self.columns]

    def behind(self, position: Position) -> ColumnElement[bool]:
        columns, key = tuple_(*self.columns), tuple_(*self.key_of(position))
        return columns < key if self.descending else columns > key

    def position_of(self, image: ImageRow) -> Position:
        return Position(image.id, None if self.field is None else getattr(image, self.field))


def _taken_key(taken_at: SQLColumnExpression[Any]) -> ColumnElement[datetime]:
    """Images that do not say when they were taken come before all that do, and so last where the latest are first."""
    return func.coalesce(taken_at, NEVER)


_ORDERINGS: Final = {
    Order.NEWEST: _Ordering((Image.id,), lambda position: (position.id,), descending=True),
    Order.TAKEN: _Ordering(
        (_taken_key(Image.taken_at), Image.id),
        lambda position: (_taken_key(literal(position.value, DateTime(timezone=True))), position.id),
        descending=True,
        field="taken_at",
    ),
    Order.NAME: _Ordering(
        (Image.name_key, Image.id),
        lambda position: (natural_key(str(position.value)), position.id),
        descending=False,
        field="name",
    ),
}


def _by_distance(ranked: Subquery) -> _Ordering:
    return _Ordering(
        (ranked.c.distance, ranked.c.id), lambda position: (position.value, position.id), descending=False
    )


def _list_by_color(connection: Connection, wanted: ImageFilter, limit: int, after: Position | None) -> Page:
    ranked = _ranked_by_color(wanted)
    ordering = _by_distance(ranked)
    query = select(ranked.c.id, ranked.c.distance).order_by(*ordering.by()).limit(limit + 1)
    if after is not None:
        query = query.where(ordering.behind(after))
    rows = connection.execute(query).all()
    found = get_images(connection, [row.id for row in rows[:limit]])
    total = bounded_count(connection, select(ranked.c.id))
    last = Position(rows[limit - 1].id, rows[limit - 1].distance) if len(rows) > limit else None
    return Page([found[row.id] for row in rows[:limit] if row.id in found], total, last)


def _ranked_by_color(wanted: ImageFilter) -> Subquery:
    """id and distance of the images that fit."""
    # A swatch counts as it is near and as it is large: a tenth of the picture in the very colour beats all of it
    # in another, a speck does not. OKLab distances run to about 1.
    away = PaletteColor.oklab.op("<->", return_type=Float())(literal(wanted.color, Vector(3)))
    distance = func.min(away + 0.05 * (1 - PaletteColor.proportion)).label("distance")
    return (
        select(Image.id, distance)
        .join(PaletteColor, PaletteColor.image_id == Image.id)
        .where(*wanted.conditions())
        .group_by(Image.id)
        .subquery()
    )


# The page that everybody begins with: all images, newest first. Built once: building a statement takes longer than
# running it.
EVERY_IMAGE: Final = ImageFilter()
NEWEST: Final = PreparedSelect(IMAGES.order_by(Image.id.desc()).limit(bindparam("most")))
NEWEST_BEFORE: Final = PreparedSelect(
    IMAGES.where(Image.id < bindparam("before")).order_by(Image.id.desc()).limit(bindparam("most"))
)
COUNT: Final = PreparedSelect(count_up_to_limit(select(Image.id).where(Image.deleted_at.is_(None))))
