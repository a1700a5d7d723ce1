"""Photos that a predictor would learn most from, to be labelled."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from flask import url_for

from shared.db.queries.jobs.jobs import JobRow
from shared.db.queries.photos.images import ImageRow
from shared.db.queries.predictors.predictors import VersionRow
from shared.predictors.results import SuggestedPhoto
from web.photos import Tile, make_tile
from web.predictors.documents import suggestions_of
from web.predictors.view_models.figures import probability
from web.predictors.view_models.head import Head, make_head, version_shown
from web.predictors.view_models.work import WorkView, work_view

# --pick-large of predictors.css.
_HEIGHT: Final = 200


@dataclass(frozen=True, slots=True)
class Suggestion:
    """guess: the label that it would get, and how sure that is. label: what it has been given since."""

    tile: Tile
    guess: str
    label: str | None


@dataclass(frozen=True, slots=True)
class Labels:
    head: Head
    choose_href: str
    save_href: str | None
    work: WorkView | None
    suggestions: tuple[Suggestion, ...]
    labels: tuple[str, ...]
    train_href: str


def labels_view(row: VersionRow, job: JobRow | None, photos: Mapping[int, ImageRow]) -> Labels:
    """job: the one that chooses. photos: those that it has chosen and that are still there."""
    items = suggestions_of(job).items if job else ()
    return Labels(
        head=make_head(row, "predictor_labels.show"),
        choose_href=url_for("predictor_labels.choose", name=row.name, version=version_shown(row)),
        save_href=url_for("predictor_labels.label", name=row.name, id=job.id) if job else None,
        work=None if job is None else work_view(job, "Looking through the gallery"),
        suggestions=tuple(
            _suggestion(item, photos[int(item.image)]) for item in items if int(item.image) in photos
        ),
        labels=row.card.classes,
        train_href=url_for(
            "predictor_training.show", source="photos", name=row.name, target=row.target, from_labels="true"
        ),
    )


def _suggestion(item: SuggestedPhoto, photo: ImageRow) -> Suggestion:
    guess = item.prediction
    return Suggestion(
        tile=make_tile(photo, row_height=_HEIGHT, eager=True),
        guess=f"{guess}, {probability(item.probabilities[guess])}",
        label=photo.label,
    )
