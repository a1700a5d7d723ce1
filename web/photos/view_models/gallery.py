"""The gallery: a page of tiles, its filters, and links to other pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import url_for

from shared.colour import color_name, hex_to_rgb
from shared.db.queries.jobs.jobs import JobRow
from shared.db.queries.photos.facets import Facet
from shared.db.queries.photos.images import ImageFilter, Page, Position
from shared.limits import MAX_LABEL
from web.http.cursors import encode_image
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

_WORDS_FIT_NONE: Final = "Words are looked for in captions only, and each must be there as a whole."
_FIT_NONE: Final = "It may have been deleted, or have another tag or label by now."


@dataclass(frozen=True, slots=True)
class GalleryQuery:
    """What a reader asked for, as it stands in the address. color: `#rrggbb`. ids: these photos alone, which a page asks for
    to bring its own tiles up to date."""

    tag: str | None = None
    label: str | None = None
    words: str | None = None
    color: str | None = None
    after: Position | None = None
    ids: tuple[int, ...] | None = None

    @property
    def filter(self) -> ImageFilter:
        wanted = ImagesFilter(tag=self.tag, label=self.label, q=self.words, color=self.color, ids=self.ids)
        return wanted.filter

    def address(self, **changes: str | None) -> str:
        """The gallery with this query; a change to None leaves that part out."""
        parts: dict[str, Any] = {"tag": self.tag, "label": self.label, "q": self.words, "color": self.color}
        return url_for("gallery.show", **parts | changes)

    def here(self, **more: str) -> str:
        """The address of this page of the gallery, with more parameters."""
        return self.address(cursor=encode_image(self.after), **more)


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
class GalleryView:
    """upload: the place to drop photos, where there are none at all. none_words: why none fits the filters.

    demo: how far the demo pictures are, while they are drawn. here: the query of this page, for forms that come back to it. color: where the colour picker begins.
    """

    title: str
    heading: str
    here: str
    filters: tuple[Filter, ...]
    tags: tuple[FilterOption, ...]
    labels: tuple[FilterOption, ...]
    colors: tuple[FilterOption, ...]
    color: str
    tiles: tuple[Tile, ...]
    pages: Pages
    upload: UploadView | None
    none_words: str
    demo: str | None
    longest_label: int = MAX_LABEL


def gallery_view(
    query: GalleryQuery, page: Page, newer: Position | None, facets: Facets, demo: JobRow | None = None
) -> GalleryView:
    """newer: where the page before this one begins, None for the first. demo: the job that draws the demo pictures."""
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
            FilterOption(name, query.address(color=color), color == query.color, color=color)
            for color, name in COLORS
        ),
        color=query.color or COLORS[0][0],
        tiles=tuple(
            make_tile(image, row_height=ROW_HEIGHT, eager=place < EAGER)
            for place, image in enumerate(page.images)
        ),
        pages=_pages(query, page, newer),
        upload=None if page.images or filters or query.after else upload_view(),
        none_words=_WORDS_FIT_NONE if query.words else _FIT_NONE,
        demo=None if demo is None else f"Drawing the demo pictures, {round(100 * demo.progress)} %",
    )


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
    return tuple(found)


def _pages(query: GalleryQuery, page: Page, newer: Position | None) -> Pages:
    following = query.address(cursor=encode_image(page.after)) if page.after else None
    previous = query.address(cursor=encode_image(newer)) if query.after else None
    if query.color:
        return Pages(previous, following, previous_words="Back to the nearest", next_words="Further")
    return Pages(previous, following)
