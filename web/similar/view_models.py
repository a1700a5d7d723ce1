"""The photos that look like one, as a strip of film."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flask import url_for

from shared.db.queries.index.state import IndexStateRow, Similar
from shared.db.queries.photos.images import ImageRow
from shared.jobs.kinds import JobStatus
from web.photos import Tile, is_unfinished, make_tile
from web.similar.documents import percentile

# Look-alikes that are on the first screen.
_EAGER: Final = 6
# --film of photo.css.
_FILM_HEIGHT: Final = 168


@dataclass(frozen=True, slots=True)
class LookAlike:
    """part: how much of the bar is filled, 0 to 1. percentile: how many random pairs are less alike, in words."""

    tile: Tile
    similarity: str
    part: float
    percentile: str | None


@dataclass(frozen=True, slots=True)
class LookAlikesView:
    """words: why there are none. diversity: as it was asked for, in hundredths."""

    items: tuple[LookAlike, ...]
    words: str
    diversity: int
    action: str
    fragment: str
    unfinished: bool


def look_alikes_view(
    image: ImageRow,
    state: IndexStateRow,
    similar: Sequence[Similar],
    neighbours: Mapping[int, ImageRow],
    diversity: float,
) -> LookAlikesView:
    """neighbours: the images of `similar` by id."""
    return LookAlikesView(
        items=tuple(
            _look_alike(neighbours[one.image_id], one.similarity, state, place)
            for place, one in enumerate(similar)
            if one.image_id in neighbours
        ),
        words=_words(image),
        diversity=round(100 * diversity),
        action=url_for("photo.show", id=image.id),
        fragment=url_for("photo.look_alikes", id=image.id),
        unfinished=is_unfinished(image),
    )


def _look_alike(image: ImageRow, similarity: float, state: IndexStateRow, place: int) -> LookAlike:
    closer_than = percentile(similarity, state.similarity_quantiles)
    return LookAlike(
        tile=make_tile(image, row_height=_FILM_HEIGHT, eager=place < _EAGER),
        similarity=f"{similarity:.3f}",
        part=round(min(1.0, max(0.0, similarity)), 3),
        percentile=None if closer_than is None else f"{closer_than:.1f}".removesuffix(".0") + " %",
    )


def _words(image: ImageRow) -> str:
    if image.neighbours is JobStatus.SUCCEEDED:
        return "There is no other photo to compare it with yet."
    if image.neighbours is JobStatus.CANCELLED:
        return "There are no look-alikes, since this photo could not be looked at."
    if image.embedding is not JobStatus.SUCCEEDED:
        return "Look-alikes come once this photo has been looked at."
    return "Looking for photos that are like this one."
