"""The model card: what a predictor learned from, how good it is, and where its limits are.

Source of the idea: Mitchell et al., "Model cards for model reporting", FAT* 2019.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import url_for

from shared.db.queries.predictors.predictors import VersionRow, VersionSummary
from shared.predictors.cards import ClassificationCard, LabelCard, PhotoCard, RegressionCard
from shared.predictors.documents import PredictorKind, Task
from shared.predictors.features import Feature
from shared.predictors.metrics import RocCurve
from web.layout import words
from web.predictors.view_models.figures import exact, figure, spoken, with_unit
from web.predictors.view_models.measures import (
    Measure,
    measures,
    model_title,
    short_figure,
    target_label,
    target_unit,
)
from web.predictors.view_models.overview import rows_words
from web.predictors.view_models.plots import (
    Column,
    Plot,
    calibration_plot,
    columns,
    pairs_plot,
    residuals_plot,
    roc_plot,
)

# Curves beside each other on a desk; with more labels the table of figures says it better.
_MOST_CURVES: Final = 8
_MOST_CHOICES: Final = 12

_TABLE_LIMITS: Final = (
    "It knows only what its rows show: where the world has changed since, its figures do not hold.",
    "It finds what goes together, not what causes what: a value changed in the form tells nothing of a change made.",
)


@dataclass(frozen=True, slots=True)
class FeatureView:
    """A column that goes in. figures: what is known of its values; columns: of its histogram, read out as `shape`."""

    label: str
    unit: str | None
    type: str
    figures: str
    columns: tuple[Column, ...]
    shape: str
    low: str
    high: str
    importance: float
    importance_words: str


@dataclass(frozen=True, slots=True)
class Candidate:
    title: str
    loss: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class CardFact:
    term: str
    words: str


@dataclass(frozen=True, slots=True)
class Line:
    """A version in the history. here: whether the card is of it; current: whether it answers unless another is asked."""

    version: int
    href: str
    here: bool
    current: bool
    day: str
    iso: str
    model: str
    rows: str
    figure: str


@dataclass(frozen=True, slots=True)
class ModelCard:
    facts: tuple[CardFact, ...]
    measures: tuple[Measure, ...]
    held_out: str
    loss_name: str
    candidates: tuple[Candidate, ...]
    curves: tuple[Plot, ...]
    plots: tuple[Plot, ...]
    features: tuple[FeatureView, ...]
    left_out: tuple[CardFact, ...]
    more_left_out: int
    warnings: tuple[str, ...]
    limits: tuple[str, ...]
    versions: tuple[Line, ...]
    libraries: str
    sha256: str


def model_card(row: VersionRow, versions: Sequence[VersionSummary]) -> ModelCard:
    """versions: the history, newest first."""
    card = row.card
    photo_card = card if isinstance(card, PhotoCard) else None
    return ModelCard(
        facts=tuple(_facts(row)),
        measures=tuple(measures(row)),
        held_out=_held_out(row),
        loss_name="log loss" if row.task is Task.CLASSIFICATION else "root mean squared error",
        candidates=_candidates(row),
        curves=tuple(roc_plot(each.label, each.points) for each in _curves(row)),
        plots=tuple(_plots(row)),
        features=_features(row),
        left_out=tuple(CardFact(each.name, each.reason) for each in card.left_out),
        more_left_out=photo_card.left_out_count - len(card.left_out) if photo_card else 0,
        warnings=card.warnings,
        limits=photo_card.limits if photo_card else _TABLE_LIMITS,
        versions=tuple(_line(row, each) for each in versions),
        libraries=", ".join(f"{name} {version}" for name, version in sorted(row.libraries.items())),
        sha256=row.sha256,
    )


def _facts(row: VersionRow) -> list[CardFact]:
    card = row.card
    facts = [
        CardFact("Learned from", _source(row)),
        CardFact("Predicts", _with_unit_in_brackets(target_label(row), target_unit(row))),
        CardFact("Model", model_title(row.model)),
        CardFact("Trained", words.moment(row.created_at)),
    ]
    if isinstance(card, RegressionCard):
        low, high = card.range
        facts.insert(
            2, CardFact("Range in training", f"{figure(low)} to {with_unit(figure(high), target_unit(row))}")
        )
    if isinstance(card, PhotoCard):
        facts.append(CardFact("Looks with", card.embedding_model))
    elif isinstance(card, ClassificationCard | RegressionCard) and card.skipped_rows:
        skipped = words.count(card.skipped_rows, "row", "rows")
        facts.append(CardFact("Left out", f"{skipped} without a value to learn"))
    return facts


def _with_unit_in_brackets(label: str, unit: str | None) -> str:
    return f"{label} ({unit})" if unit else label


def _source(row: VersionRow) -> str:
    count = rows_words(row)
    if isinstance(row.card, PhotoCard):
        return f"{count} of the gallery" if row.card.source == "gallery" else f"{count} in folders"
    features = words.count(len(row.features), "feature", "features")
    return f"{count} with {features}"


def _held_out(row: VersionRow) -> str:
    noun = "photos" if row.kind is PredictorKind.IMAGE else "rows"
    return f"Measured on {noun} that it had not seen: {row.card.held_out}."


def _candidates(row: VersionRow) -> tuple[Candidate, ...]:
    card = row.card
    if not isinstance(card, ClassificationCard | RegressionCard):
        return ()
    return tuple(
        Candidate(model_title(each.model), figure(each.loss), each.model == row.model)
        for each in sorted(card.candidates, key=lambda each: each.loss)
    )


def _curves(row: VersionRow) -> tuple[RocCurve, ...]:
    return row.card.roc[:_MOST_CURVES] if isinstance(row.card, LabelCard) else ()


def _plots(row: VersionRow) -> list[Plot]:
    card = row.card
    if isinstance(card, LabelCard):
        return [calibration_plot(card.calibration)]
    if isinstance(card, RegressionCard):
        name = target_label(row)
        return [pairs_plot(card.pairs, name), residuals_plot(card.pairs, name)]
    return []


def _features(row: VersionRow) -> tuple[FeatureView, ...]:
    if row.kind is PredictorKind.IMAGE:
        return ()
    most = max(((feature.importance or 0.0) for feature in row.features), default=0.0)
    ranked = sorted(row.features, key=lambda feature: -(feature.importance or 0.0))
    return tuple(_feature(feature, most, row.task) for feature in ranked)


def _feature(feature: Feature, most: float, task: Task) -> FeatureView:
    importance = max(0.0, (feature.importance or 0.0))
    is_number = feature.type == "number"
    counts = feature.histogram.counts if feature.histogram else [each.count for each in feature.counts or ()]
    return FeatureView(
        label=feature.label,
        unit=feature.unit,
        type=feature.type,
        figures=_figures(feature),
        columns=columns(counts[:_MOST_CHOICES]),
        shape=_shape(feature),
        low=figure(feature.range[0]) if is_number else "",
        high=figure(feature.range[1]) if is_number else "",
        importance=round(importance / most, 4) if most > 0 else 0.0,
        importance_words=_importance(importance, task),
    )


def _importance(importance: float, task: Task) -> str:
    if importance < 0.0005:
        return "none"
    if task is Task.REGRESSION:
        return f"{importance:.3f} of R²"
    return f"{100 * importance:.1f} points"


def _figures(feature: Feature) -> str:
    missing = feature.missing
    gaps = f"; empty in {words.count(missing, 'row', 'rows')}" if missing else ""
    if feature.type == "number":
        mean, usual = figure(feature.mean or 0.0), figure(feature.median)
        return f"mean {mean}, median {usual}{gaps}"
    every = feature.counts or ()
    shown = every[:4]
    listed = ", ".join(f"{spoken(each.choice)} {each.count:,}" for each in shown)
    more = len(every) - len(shown)
    return f"{listed}{f', {more} more' if more > 0 else ''}{gaps}"


def _shape(feature: Feature) -> str:
    if not feature.histogram:
        return _figures(feature)
    edges, counts = feature.histogram.edges, feature.histogram.counts
    top = counts.index(max(counts))
    return (
        f"From {exact(feature.min)} to {exact(feature.max)}, "
        f"most often between {figure(edges[top])} and {figure(edges[top + 1])}."
    )


def _line(row: VersionRow, each: VersionSummary) -> Line:
    version = None if each.version == row.current_version else each.version
    return Line(
        version=each.version,
        href=url_for("predictor_card.show", name=row.name, version=version),
        here=each.version == row.version,
        current=each.version == row.current_version,
        day=words.day(each.created_at),
        iso=each.created_at.isoformat(),
        model=model_title(each.model),
        rows=f"{each.rows:,}",
        figure=short_figure(each, target_unit(row)),
    )
