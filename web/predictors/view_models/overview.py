"""All predictors, a card each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import url_for

from shared.db.queries.predictors.jobs import RunningTraining
from shared.db.queries.predictors.predictors import VersionRow
from shared.predictors.cards import RegressionCard
from shared.predictors.documents import PredictorKind, Task
from web.layout import words
from web.layout.paging import Pages
from web.predictors.view_models.figures import figure, listed, with_unit
from web.predictors.view_models.measures import Headline, headline, target_label, target_unit

_MOST_FEATURES: Final = 5
_MOST_LABELS: Final = 4


@dataclass(frozen=True, slots=True)
class Card:
    """takes: what goes in; gives: what comes out."""

    name: str
    href: str
    task: str
    takes: str
    gives: str
    headline: Headline
    rows: str
    day: str
    iso: str


@dataclass(frozen=True, slots=True)
class TrainingLine:
    name: str
    href: str
    progress: str


@dataclass(frozen=True, slots=True)
class Overview:
    cards: tuple[Card, ...]
    trainings: tuple[TrainingLine, ...]
    pages: Pages


def overview(found: Sequence[VersionRow], under_way: Sequence[RunningTraining], pages: Pages) -> Overview:
    """found: current versions. under_way: trainings that have not ended."""
    return Overview(
        cards=tuple(_card(row) for row in found),
        trainings=tuple(
            TrainingLine(
                each.name,
                url_for("predictor_training.progress", id=each.job_id),
                words.share(each.progress) if each.progress else "waiting",
            )
            for each in under_way
        ),
        pages=pages,
    )


def _card(row: VersionRow) -> Card:
    return Card(
        name=row.name,
        href=url_for("predictor.show", name=row.name),
        task=task_words(row.task),
        takes=takes(row),
        gives=gives(row),
        headline=headline(row.metrics, target_unit(row)),
        rows=rows_words(row),
        day=words.day(row.created_at),
        iso=row.created_at.isoformat(),
    )


def task_words(task: Task) -> str:
    """What kind of question it answers."""
    return "estimates a number" if task is Task.REGRESSION else "tells apart"


def takes(row: VersionRow) -> str:
    """What goes in: `height (cm), weight (kg)`."""
    if row.kind is PredictorKind.IMAGE:
        return "a photo"
    # Features have their units in their names already.
    return listed([feature.name for feature in row.features], _MOST_FEATURES)


def gives(row: VersionRow) -> str:
    """What comes out: `species: setosa, versicolor or virginica`."""
    label = target_label(row)
    if isinstance(row.card, RegressionCard):
        low, high = row.card.range
        return f"{label}, {figure(low)} to {with_unit(figure(high), target_unit(row))} in training"
    labels = row.card.classes
    shown = listed(labels, _MOST_LABELS)
    if 2 <= len(labels) <= _MOST_LABELS:
        shown = f"{', '.join(labels[:-1])} or {labels[-1]}"
    return shown if label == "label" else f"{label}: {shown}"


def rows_words(row: VersionRow) -> str:
    """What it learned from: `150 rows`, `600 photos`."""
    if row.kind is PredictorKind.IMAGE:
        return words.count(row.rows, "photo", "photos")
    return words.count(row.rows, "row", "rows")
