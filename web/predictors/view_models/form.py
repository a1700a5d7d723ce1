"""The form that asks a predictor of tables, made from what is known of its features."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared.predictors.features import Feature
from shared.predictors.values import FALSE, TRUE
from web.http.errors import FieldProblem
from web.layout import words
from web.predictors.view_models.figures import exact, figure, spoken, with_unit

# What matters most comes first; beyond these the rest folds away, filled with what is usual.
MOST_IN_SIGHT: Final = 40


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    words: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Field:
    """A question of the form.

    type: number, category or boolean; value: what stands in it; low, high: what was seen in training, of numbers.
    """

    id: str
    name: str
    label: str
    unit: str | None
    type: str
    value: str
    options: tuple[Option, ...]
    required: bool
    help: str
    problem: str | None
    low: str
    high: str


@dataclass(frozen=True, slots=True)
class Form:
    """more: fields that are folded away; open: whether they are shown all the same. problems: of no field of it."""

    fields: tuple[Field, ...]
    more: tuple[Field, ...]
    open: bool
    problems: tuple[str, ...]


def make_form(
    features: Sequence[Feature],
    rows: int,
    given: Mapping[str, Any] | None = None,
    problems: Sequence[FieldProblem] = (),
) -> Form:
    """given: the values that stand in it, what is usual by default. rows: how many were learned from."""
    # The first problem of a field is the one to solve first.
    messages = {each.field: each.message for each in reversed(problems)}
    order = {feature.name: place for place, feature in enumerate(features)}
    ranked = sorted(features, key=lambda feature: -(feature.importance or 0.0))
    sight = {feature.name for feature in ranked[:MOST_IN_SIGHT]}
    fields = [
        _field(feature, order[feature.name], rows, given, messages.pop(feature.name, None))
        for feature in features
    ]
    more = tuple(field for field in fields if field.name not in sight)
    return Form(
        fields=tuple(field for field in fields if field.name in sight),
        more=more,
        open=any(field.problem for field in more),
        problems=tuple(messages.values()),
    )


def _field(
    feature: Feature, place: int, rows: int, given: Mapping[str, Any] | None, problem: str | None
) -> Field:
    value = exact(_usual(feature) if given is None else given.get(feature.name))
    is_number = feature.type == "number"
    return Field(
        id=f"field-{place}",
        name=feature.name,
        label=feature.label,
        unit=feature.unit,
        type=feature.type,
        value=value,
        options=() if is_number else _options(feature, value),
        required=feature.required,
        help=_help(feature, rows),
        problem=problem,
        low=exact(feature.min) if is_number else "",
        high=exact(feature.max) if is_number else "",
    )


def _usual(feature: Feature) -> Any:
    """What stands in an untouched form. A median may have a tail of digits that nobody measured."""
    usual = feature.default
    return float(f"{usual:.12g}") if feature.type == "number" else usual


def _options(feature: Feature, value: str) -> tuple[Option, ...]:
    if feature.type == "boolean":
        word = value.strip().casefold()
        options = [
            Option("true", "yes", chosen=word in TRUE),
            Option("false", "no", chosen=word in FALSE),
        ]
    else:
        options = [Option(choice, choice, chosen=choice == value) for choice in feature.choices or ()]
    if not feature.required:
        options.append(Option("", "not known", chosen=not value.strip()))
    return tuple(options)


def _help(feature: Feature, rows: int) -> str:
    """What the training data say about a feature, in a line."""
    sentences = []
    if feature.type == "number":
        least, most = feature.range
        low, high = figure(least), with_unit(figure(most), feature.unit)
        sentences.append(f"{low} to {high} in training, typically {figure(feature.median)}.")
    else:
        sentences.append(f"Most often {spoken(feature.default)} in training{_of_all(feature, rows)}.")
    if not feature.required:
        sentences.append(f"May be left empty, as in {words.count(feature.missing, 'row', 'rows')} there.")
    return " ".join(sentences)


def _of_all(feature: Feature, rows: int) -> str:
    counts = [each.count for each in (feature.counts or ()) if each.choice == feature.default]
    return f", {words.share(counts[0] / rows)} of rows" if counts and rows else ""
