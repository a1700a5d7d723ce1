"""What a predictor answered: the prediction, how sure it is, what drove it, and what it was asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.db.queries.predictors.predictors import VersionRow
from shared.predictors import results
from shared.predictors.cards import PhotoCard, RegressionCard
from shared.predictors.documents import PredictorKind, Task
from shared.predictors.features import Feature
from web.photos import Picture
from web.predictors import documents
from web.predictors.view_models.figures import change, figure, percent, points, probability, spoken, with_unit
from web.predictors.view_models.measures import target_unit

# More bars than these are a list to search in, not a picture to look at.
MOST_BARS: Final = 8
MOST_REASONS: Final = 8


@dataclass(frozen=True, slots=True)
class Bar:
    """part: how long the bar is, 0 to 1."""

    label: str
    words: str
    part: float


@dataclass(frozen=True, slots=True)
class Interval:
    """Where the number probably lies, drawn over what was seen in training.

    words: the interval itself; about: what it means. Percent of the drawn line: left, right of the interval, at of the
    prediction, seen_left and seen_right of the training data.
    """

    words: str
    about: str
    left: float
    right: float
    at: float
    seen_left: float
    seen_right: float
    low: str
    high: str


@dataclass(frozen=True, slots=True)
class Reason:
    """What a value did. start, part: of the bar, which grows from the middle, 0 to 1."""

    label: str
    words: str
    effect: str
    start: float
    part: float


@dataclass(frozen=True, slots=True)
class Input:
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where in the photo the evidence is. photo: of the gallery, under the overlay; None if the photo was uploaded for this prediction.

    blended: a picture of the middle of the photo with the evidence on it.
    """

    photo: Picture | None
    overlay: str
    blended: str


@dataclass(frozen=True, slots=True)
class AnswerView:
    """bars: of the probabilities; more_bars: those that fold away. caption: a sentence about how sure it is."""

    prediction: str
    caption: str
    bars: tuple[Bar, ...]
    more_bars: tuple[Bar, ...]
    interval: Interval | None
    reasons: tuple[Reason, ...]
    reasons_about: str
    inputs: tuple[Input, ...]
    warnings: tuple[str, ...]
    evidence: Evidence | None


def make_answer(row: VersionRow, result: documents.Prediction, photo: Picture | None) -> AnswerView:
    """result: of the job. photo: the one of the gallery that was asked about."""
    unit = target_unit(row)
    bars = _bars(result.probabilities or {})
    explanation = result.explanation
    return AnswerView(
        prediction=_prediction(row, result.prediction, unit),
        caption=_caption(result),
        bars=bars[:MOST_BARS],
        more_bars=bars[MOST_BARS:],
        interval=_interval(row, result, unit),
        reasons=_reasons(row, result, unit),
        reasons_about=result.reasons_about or "",
        inputs=tuple(
            Input(
                each.label,
                with_unit(spoken(each.value), each.unit if each.value is not None else None),
            )
            for each in result.inputs
        )
        if row.kind is PredictorKind.TABULAR
        else (),
        warnings=_warnings(row, result),
        evidence=None
        if explanation is None
        else Evidence(photo, f"{explanation}?layer=overlay", f"{explanation}?layer=photo"),
    )


def _warnings(row: VersionRow, result: documents.Prediction) -> tuple[str, ...]:
    """Those of this answer first, then those of every answer; the notice stands on the page already."""
    warnings = dict.fromkeys([*result.warnings, *row.card.warnings])
    notice = row.card.notice if isinstance(row.card, PhotoCard) else None
    return tuple(each for each in warnings if each != notice)


def _prediction(row: VersionRow, prediction: Any, unit: str | None) -> str:
    return with_unit(figure(prediction), unit) if row.task is Task.REGRESSION else str(prediction)


def _caption(result: documents.Prediction) -> str:
    if result.probabilities is None:
        return ""
    sure = probability(result.probabilities[str(result.prediction)])
    return f"with a probability of {sure}"


def _bars(probabilities: Mapping[str, float]) -> tuple[Bar, ...]:
    ranked = sorted(probabilities.items(), key=lambda item: -item[1])
    return tuple(Bar(label, probability(share), round(share, 4)) for label, share in ranked)


def _interval(row: VersionRow, result: documents.Prediction, unit: str | None) -> Interval | None:
    card = row.card
    if result.interval is None or not isinstance(card, RegressionCard):
        return None
    low, high = result.interval
    seen_low, seen_high = card.range
    at = float(result.prediction)
    first: float = min(low, seen_low, at)
    last: float = max(high, seen_high, at)
    span = (last - first) or 1.0

    def place(value: float) -> float:
        return round(100 * (value - first) / span, 2)

    coverage = percent(card.interval.coverage)
    return Interval(
        words=f"{figure(low)} to {with_unit(figure(high), unit)}",
        about=f"{coverage} of the answers to rows that it had not seen were no further off than this.",
        left=place(low),
        right=round(100 - place(high), 2),
        at=place(at),
        seen_left=place(seen_low),
        seen_right=round(100 - place(seen_high), 2),
        low=figure(first),
        high=with_unit(figure(last), unit),
    )


def _reasons(row: VersionRow, result: documents.Prediction, unit: str | None) -> tuple[Reason, ...]:
    features = {feature.name: feature for feature in row.features}
    shown = result.reasons[:MOST_REASONS]
    largest = max((abs(reason.effect) for reason in shown), default=0) or 1.0
    return tuple(_reason(features[each.name], each, row.task, unit, largest) for each in shown)


def _reason(feature: Feature, reason: results.Reason, task: Task, unit: str | None, largest: float) -> Reason:
    effect = reason.effect
    part = round(abs(effect) / largest / 2, 4)
    own = feature.unit
    usual = with_unit(spoken(reason.usual), own)
    given = "nothing" if reason.value is None else with_unit(spoken(reason.value), own)
    return Reason(
        label=feature.label,
        words=f"{given} in place of {usual}",
        effect=change(effect, unit) if task is Task.REGRESSION else points(effect),
        start=0.5 if effect >= 0 else 0.5 - part,
        part=part,
    )
