"""What was taken for what: a table of counts and, of photos, the pictures behind each of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for

from shared.db.queries.predictors.predictors import VersionRow
from shared.predictors.documents import PredictorKind
from web.http.addresses import API_PREFIX, predictor_path
from web.layout import words


@dataclass(frozen=True, slots=True)
class Cell:
    """part: its share of its row, 0 to 1. href: the pictures behind it; here: whether they are shown."""

    count: int
    part: float
    right: bool
    words: str
    href: str | None
    here: bool


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Photo:
    """href: its page, of photos of the gallery."""

    src: str
    name: str
    href: str | None


@dataclass(frozen=True, slots=True)
class Confusion:
    """noun: what was counted. chosen: the cell whose photos are shown, as a sentence; left: how many of them there are."""

    labels: tuple[str, ...]
    rows: tuple[Row, ...]
    noun: str
    chosen: str | None
    photos: tuple[Photo, ...]
    left: str | None
    close_href: str


def confusion_view(row: VersionRow, chosen: tuple[int, int] | None) -> Confusion | None:
    """chosen: places of the true label and the answer whose photos are to be shown."""
    if row.confusion is None:
        return None
    labels: list[str] = row.confusion["labels"]
    is_image = row.kind is PredictorKind.IMAGE
    if not is_image or chosen is None or max(chosen) >= len(labels):
        chosen = None
    photos = _photos(row, row.card["cells"][chosen[0]][chosen[1]]) if chosen else ()
    if not photos:
        chosen = None
    count = row.confusion["matrix"][chosen[0]][chosen[1]] if chosen else 0
    return Confusion(
        labels=tuple(labels),
        rows=tuple(
            Row(label, tuple(_cell(row, labels, true, answer, chosen) for answer in range(len(labels))))
            for true, label in enumerate(labels)
        ),
        noun="photos" if is_image else "rows",
        chosen=_sentence(labels, chosen, count, "photo") if chosen else None,
        photos=photos,
        left=f"Kept are {len(photos)} of them." if chosen and len(photos) < count else None,
        close_href=_address(row, None),
    )


def example_photos(row: VersionRow) -> list[tuple[str, str, tuple[Photo, ...]]]:
    """Of photos: each label, how many there were, and a few of them."""
    card = row.card
    if row.kind is not PredictorKind.IMAGE:
        return []
    return [
        (label, words.count(count, "photo", "photos"), _photos(row, places))
        for label, count, places in zip(card["classes"], card["class_counts"], card["examples"], strict=True)
    ]


def _cell(row: VersionRow, labels: list[str], true: int, answer: int, chosen: tuple[int, int] | None) -> Cell:
    counts = (row.confusion or {})["matrix"][true]
    count = counts[answer]
    has_photos = row.kind is PredictorKind.IMAGE and bool(row.card["cells"][true][answer])
    return Cell(
        count=count,
        part=round(count / (sum(counts) or 1), 4),
        right=true == answer,
        words=_sentence(labels, (true, answer), count, "photo" if row.kind is PredictorKind.IMAGE else "row"),
        href=_address(row, (true, answer)) if has_photos else None,
        here=chosen == (true, answer),
    )


def _sentence(labels: list[str], cell: tuple[int, int], count: int, noun: str) -> str:
    true, answer = cell
    how = "rightly told to be" if true == answer else f"of {labels[true]}, taken for"
    return f"{words.count(count, noun, f'{noun}s')} {how} {labels[answer]}"


def _address(row: VersionRow, cell: tuple[int, int] | None) -> str:
    return url_for(
        "predictor_card.show",
        name=row.name,
        version=None if row.version == row.current_version else row.version,
        cell=f"{cell[0]}-{cell[1]}" if cell else None,
        _anchor="confusion",
    )


def _photos(row: VersionRow, places: list[int]) -> tuple[Photo, ...]:
    known: Mapping[str, Any] = row.card["photos"]
    return tuple(_photo(row, place, known[str(place)]) for place in places if str(place) in known)


def _photo(row: VersionRow, place: int, photo: Mapping[str, Any]) -> Photo:
    if photo["image"] is None:
        return Photo(
            f"{predictor_path(row.name)}/photos/{place}?version={row.version}", photo["name"], href=None
        )
    image = photo["image"]
    return Photo(f"{API_PREFIX}/images/{image}/thumbnail", photo["name"], url_for("photo.show", id=image))
