"""What was taken for what: a table of counts and, of photos, the pictures behind each of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import url_for

from shared.db.queries.predictors.predictors import VersionRow
from shared.predictors import metrics
from shared.predictors.cards import CardPhoto, PhotoCard
from web.http.addresses import image_path, predictor_path
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
    labels, matrix = row.confusion.labels, row.confusion.matrix
    card = row.card if isinstance(row.card, PhotoCard) else None
    photos: tuple[Photo, ...] = ()
    if card and chosen and max(chosen) < len(labels):
        photos = _photos(row, card, card.cells[chosen[0]][chosen[1]])
    if not photos:
        chosen = None
    count = matrix[chosen[0]][chosen[1]] if chosen else 0
    return Confusion(
        labels=labels,
        rows=tuple(
            Row(
                label,
                tuple(_cell(row, row.confusion, true, answer, chosen) for answer in range(len(labels))),
            )
            for true, label in enumerate(labels)
        ),
        noun="photos" if card else "rows",
        chosen=_sentence(labels, chosen, count, "photo") if chosen else None,
        photos=photos,
        left=f"Kept are {len(photos)} of them." if chosen and len(photos) < count else None,
        close_href=_address(row, None),
    )


def example_photos(row: VersionRow) -> list[tuple[str, str, tuple[Photo, ...]]]:
    """Of photos: each label, how many there were, and a few of them."""
    card = row.card
    if not isinstance(card, PhotoCard):
        return []
    return [
        (label, words.count(count, "photo", "photos"), _photos(row, card, places))
        for label, count, places in zip(card.classes, card.class_counts, card.examples, strict=True)
    ]


def _cell(
    row: VersionRow, counted: metrics.Confusion, true: int, answer: int, chosen: tuple[int, int] | None
) -> Cell:
    counts = counted.matrix[true]
    count = counts[answer]
    is_image = isinstance(row.card, PhotoCard)
    has_photos = isinstance(row.card, PhotoCard) and bool(row.card.cells[true][answer])
    return Cell(
        count=count,
        part=round(count / (sum(counts) or 1), 4),
        right=true == answer,
        words=_sentence(counted.labels, (true, answer), count, "photo" if is_image else "row"),
        href=_address(row, (true, answer)) if has_photos else None,
        here=chosen == (true, answer),
    )


def _sentence(labels: Sequence[str], cell: tuple[int, int], count: int, noun: str) -> str:
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


def _photos(row: VersionRow, card: PhotoCard, places: Sequence[int]) -> tuple[Photo, ...]:
    return tuple(_photo(row, place, card.photos[place]) for place in places if place in card.photos)


def _photo(row: VersionRow, place: int, photo: CardPhoto) -> Photo:
    image = photo.image
    if image is None:
        return Photo(
            f"{predictor_path(row.name)}/photos/{place}?version={row.version}", photo.name, href=None
        )
    return Photo(f"{image_path(int(image))}/thumbnail", photo.name, url_for("photo.show", id=image))
