"""The gallery: a page of tiles, its filters, and links to other pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import url_for

from shared.colour import hex_to_rgb
from shared.colour_names import color_name
from shared.db.queries.jobs.jobs import JobRow
from shared.db.queries.photos.facets import Facet
from shared.db.queries.photos.listing import ImageFilter, Order, Page, Position
from shared.limits import MAX_LABEL
from web.http.cursors import encode_image
from web.http.parameters import moment_of
from web.layout import words
from web.layout.paging import Pages
from web.layout.words import count
from web.photos.documents import ImagesFilter
from web.photos.view_models.tile import Tile, make_tile
from web.photos.view_models.upload import UploadView, upload_view

# Tiles that a large screen shows at once: their photos are loaded without waiting for a scroll.
EAGER: Final = 8
# What a row of photos comes to, more often than not: gallery.css begins at 232 px and grows. Rather too small, so that
# three in a row are served from thumbnails of 384 px, which nobody tells from larger ones.
ROW_HEIGHT: Final = 250

# One colour of each hue to start with; any other can be picked.
COLORS: Final = (
    ("#d6453d", "Red"),
    ("#e8843c", "Orange"),
    ("#e6c229", "Yellow"),
    ("#6f9e45", "Green"),
    ("#2f9a94", "Teal"),
    ("#3f78c4", "Blue"),
    ("#7a56b3", "Violet"),
    ("#d678a4", "Pink"),
    ("#7b5538", "Brown"),
    ("#f2efe8", "White"),
    ("#8c8c8c", "Grey"),
    ("#1b1b1d", "Black"),
)

# Orders, how an address says them, and what their links are called.
SORT_WORDS: Final = (
    (Order.NEWEST, None, "Newest"),
    (Order.TAKEN, Order.TAKEN.value, "Taken"),
    (Order.NAME, Order.NAME.value, "Name"),
)
# What the links to the page before and to the next are called.
PAGE_WORDS: Final = {
    Order.NEWEST: ("Newer", "Older"),
    Order.TAKEN: ("Taken later", "Taken earlier"),
    Order.NAME: ("Previous", "Next"),
    Order.COLOR: ("Nearer", "Further"),
}

_WORDS_FIT_NONE: Final = "Words are looked for in captions only, and each must be there as a whole."
_TIMES_FIT_NONE: Final = "A photo is found by when it was taken only if its file says so. Days are in UTC."
_FIT_NONE: Final = "It may have been deleted, or have another tag or label by now."


@dataclass(frozen=True, slots=True)
class GalleryQuery:
    """What a reader asked for, as it stands in the address. color: `#rrggbb`. ids: these photos alone, which a page asks for
    to bring its own tiles up to date. taken_from, taken_to: days or times. sort: one of SORTS, none for the newest first."""

    tag: str | None = None
    label: str | None = None
    words: str | None = None
    color: str | None = None
    after: Position | None = None
    ids: tuple[int, ...] | None = None
    taken_from: str | None = None
    taken_to: str | None = None
    sort: str | None = None

    @property
    def filter(self) -> ImageFilter:
        wanted = ImagesFilter(**self._parts(), ids=self.ids)
        return wanted.filter

    def _parts(self) -> dict[str, Any]:
        """Parameters of the address, but for the page."""
        return {
            "tag": self.tag,
            "label": self.label,
            "q": self.words,
            "color": self.color,
            "taken_from": self.taken_from,
            "taken_to": self.taken_to,
            "sort": self.sort,
        }

    def kept(self, *left_out: str) -> tuple[tuple[str, str], ...]:
        """What a form that changes the others has to send along, by name."""
        return tuple((name, value) for name, value in self._parts().items() if value and name not in left_out)

    def address(self, **changes: str | None) -> str:
        """The gallery with this query; a change to None leaves that part out."""
        return url_for("gallery.show", **self._parts() | changes)

    def page(self, after: Position | None, **more: str) -> str:
        """The address of the page behind a position, of the first where there is none, with more parameters."""
        return self.address(cursor=encode_image(after, self.filter.order), **more)

    def here(self, **more: str) -> str:
        """The address of this page of the gallery, with more parameters."""
        return self.page(self.after, **more)


@dataclass(frozen=True, slots=True)
class Facets:
    """The tags and labels in use, most frequent first."""

    tags: Sequence[Facet]
    labels: Sequence[Facet]


@dataclass(frozen=True, slots=True)
class FilterOption:
    """A filter that can be chosen. here: it is active."""

    words: str
    href: str
    here: bool
    photos: int | None = None
    color: str | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """An active filter, and the address without it."""

    words: str
    without: str
    color: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """The form that narrows the gallery by when photos were taken. first, last: days. keeps: what else it sends, by name."""

    first: str
    last: str
    keeps: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class GalleryView:
    """upload: the place to drop photos, where there are none at all. none_words: why none fits the filters.

    demo: how far the demo pictures are, while they are drawn. here: the query of this page, for forms that come back to it. color: where the colour picker begins; color_keeps: what else its form sends, by name.
    """

    title: str
    heading: str
    here: str
    filters: tuple[Filter, ...]
    tags: tuple[FilterOption, ...]
    labels: tuple[FilterOption, ...]
    colors: tuple[FilterOption, ...]
    color: str
    color_keeps: tuple[tuple[str, str], ...]
    taken: Taken
    sorts: tuple[FilterOption, ...]
    tiles: tuple[Tile, ...]
    pages: Pages
    upload: UploadView | None
    none_words: str
    demo: str | None
    longest_label: int = MAX_LABEL


def gallery_view(
    query: GalleryQuery, page: Page, previous: Position | None, facets: Facets, demo: JobRow | None = None
) -> GalleryView:
    """previous: where the page before this one begins, None for the first. demo: the job that draws the demo pictures."""
    filters = _filters(query)
    return GalleryView(
        title=" · ".join([*(chosen.words for chosen in filters), "Vitrine"]),
        heading=count(page.total, "photo", "photos"),
        here=query.here().partition("?")[2],
        filters=filters,
        tags=tuple(
            FilterOption(tag.name, query.address(tag=tag.name), tag.name == query.tag, tag.photos)
            for tag in facets.tags
        ),
        labels=tuple(
            FilterOption(label.name, query.address(label=label.name), label.name == query.label, label.photos)
            for label in facets.labels
        ),
        colors=tuple(
            FilterOption(name, query.address(color=color, sort=None), color == query.color, color=color)
            for color, name in COLORS
        ),
        color=query.color or COLORS[0][0],
        color_keeps=query.kept("color", "sort"),
        taken=Taken(
            first=_day(query.taken_from),
            last=_day(query.taken_to),
            keeps=query.kept("taken_from", "taken_to"),
        ),
        sorts=tuple(
            FilterOption(name, query.address(color=None, sort=sort), query.filter.order is order)
            for order, sort, name in SORT_WORDS
        ),
        tiles=tuple(
            make_tile(image, row_height=ROW_HEIGHT, eager=place < EAGER)
            for place, image in enumerate(page.images)
        ),
        pages=_pages(query, page, previous),
        upload=None if page.images or filters or query.after else upload_view(),
        none_words=_none_words(query),
        demo=None if demo is None else f"Drawing the demo pictures, {round(100 * demo.progress)} %",
    )


def _none_words(query: GalleryQuery) -> str:
    if query.words:
        return _WORDS_FIT_NONE
    return _TIMES_FIT_NONE if query.taken_from or query.taken_to else _FIT_NONE


def _filters(query: GalleryQuery) -> tuple[Filter, ...]:
    found = []
    if query.words:
        found.append(Filter(f"“{query.words}”", query.address(q=None)))
    if query.tag:
        found.append(Filter(f"Tag: {query.tag}", query.address(tag=None)))
    if query.label:
        found.append(Filter(f"Label: {query.label}", query.address(label=None)))
    if query.color:
        name = color_name(hex_to_rgb(query.color))
        found.append(Filter(f"Nearest to {name}, {query.color}", query.address(color=None), query.color))
    if query.taken_from:
        found.append(Filter(f"Taken from {_in_words(query.taken_from)}", query.address(taken_from=None)))
    if query.taken_to:
        found.append(Filter(f"Taken until {_in_words(query.taken_to)}", query.address(taken_to=None)))
    return tuple(found)


def _in_words(taken: str) -> str:
    """A day, or a time, as it is read."""
    return words.day(moment_of(taken)) if len(taken) == len("2026-03-09") else words.exact(moment_of(taken))


def _day(taken: str | None) -> str:
    return (taken or "")[:10]


def _pages(query: GalleryQuery, page: Page, previous: Position | None) -> Pages:
    previous_words, next_words = PAGE_WORDS[query.filter.order]
    return Pages(
        query.page(previous) if query.after else None,
        query.page(page.after) if page.after else None,
        previous_words,
        next_words,
    )
