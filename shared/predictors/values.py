"""Reading the values that a predictor is asked about, by what it knows of its features. Standard library only.

The front end reads a form with it before anything is recorded, the worker each row of a table.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from shared.predictors.features import Feature

# Far longer than any number that is meant as one.
MAX_NUMBER_CHARACTERS: Final = 400
MAX_TEXT_CHARACTERS: Final = 1000

# [0-9] and not \d: the latter, and float() itself, take digits of every script, underscores, and words.
NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")

# What people and programs write for a cell without a value.
MISSING: Final = frozenset({"", "na", "n/a", "nan", "null", "?"})
TRUE: Final = frozenset({"true", "yes", "y", "t"})
FALSE: Final = frozenset({"false", "no", "n", "f"})

Value = float | bool | str | None


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a value cannot be used, in a sentence that names its field."""

    field: str
    message: str


@dataclass(slots=True)
class Checked:
    """values: one for each feature, None where it is missing and may be; only whole where there are no problems."""

    values: dict[str, Value] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def check_values(features: Sequence[Feature], given: Mapping[str, Any]) -> Checked:
    """Reads a value for each feature. given: JSON values, or text as forms and tables have it, by name of feature.

    A feature that was missing now and then in the training data may be null or empty, but must be named.
    """
    checked = Checked()
    known = {feature.name for feature in features}
    for name in given:
        if name not in known:
            checked.problems.append(
                Problem(name, f"{name} is not a feature of this predictor. It takes {_listed(features)}.")
            )
    for feature in features:
        name = feature.name
        if name not in given:
            checked.problems.append(Problem(name, f"{name} is missing. Give {_expected(feature)}."))
            continue
        try:
            value = read_value(feature, given[name])
        except ValueError as error:
            checked.problems.append(Problem(name, str(error)))
            continue
        checked.values[name] = value
        warning = warn_of(feature, value)
        if warning is not None:
            checked.warnings.append(warning)
    return checked


def read_value(feature: Feature, raw: object) -> Value:
    """One value of a feature. Raises ValueError with a sentence."""
    name = feature.name
    if raw is None or (isinstance(raw, str) and not raw.strip()):
        if feature.required:
            raise ValueError(f"{name} is empty. Give {_expected(feature)}.")
        return None
    if isinstance(raw, str) and len(raw) > MAX_TEXT_CHARACTERS:
        raise ValueError(f"{name} is too long. Give {_expected(feature)}.")
    return _READERS[feature.type](feature, raw)


def warn_of(feature: Feature, value: Value) -> str | None:
    """What to say about a value that can be used but is unlike those that were learned from."""
    name = feature.name
    if value is None:
        return f"{name} was left empty. What is usual in the training data was taken in its place."
    if feature.type != "number" or not isinstance(value, float):
        return None
    low, high = feature.range
    if low <= value <= high:
        return None
    # How far is far: by as much again as all of the training data span.
    far = not (2 * low - high <= value <= 2 * high - low)
    unit = f" {feature.unit}" if feature.unit else ""
    return (
        f"{name} is {value:g}{unit}, {'far ' if far else ''}outside of the {low:g} to {high:g}{unit} "
        "that this predictor has seen. Its answer is a guess there."
    )


def read_number(text: str) -> float | None:
    """A number as tables and forms write it, in ASCII, with a decimal point; None if it is not one or not finite."""
    if len(text) > MAX_NUMBER_CHARACTERS or not NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def read_word(text: str) -> bool | None:
    """A boolean by any of its usual words."""
    word = text.casefold()
    if word in TRUE:
        return True
    return False if word in FALSE else None


def is_missing(cell: str) -> bool:
    """Whether a cell of a table stands for no value."""
    return cell.strip().casefold() in MISSING


def _number(feature: Feature, raw: object) -> Value:
    value: float | None = None
    if isinstance(raw, str):
        value = read_number(raw.strip())
    elif isinstance(raw, int | float) and not isinstance(raw, bool):
        value = float(raw) if math.isfinite(raw) else None
    if value is None:
        raise ValueError(f"{feature.name} must be {_expected(feature)}.")
    return value


def _boolean(feature: Feature, raw: object) -> Value:
    value = raw if isinstance(raw, bool) else None
    if isinstance(raw, str):
        value = read_word(raw.strip())
    if value is None:
        raise ValueError(f"{feature.name} must be {_expected(feature)}.")
    return value


def _category(feature: Feature, raw: object) -> Value:
    if not isinstance(raw, str) or raw.strip() not in (feature.choices or ()):
        raise ValueError(f"{feature.name} must be {_expected(feature)}.")
    return raw.strip()


_READERS: Final = {"number": _number, "boolean": _boolean, "category": _category}


def _expected(feature: Feature) -> str:
    """What a feature takes, to end a sentence with."""
    if feature.type == "boolean":
        return "true or false"
    if feature.type == "category":
        choices = feature.choices or ()
        shown = choices[:12]
        more = len(choices) - len(shown)
        return f"one of {', '.join(shown)}{f' or {more} more' if more else ''}"
    return f"a number, such as {feature.default:g}"


def _listed(features: Sequence[Feature]) -> str:
    names = [feature.name for feature in features]
    shown = ", ".join(names[:20])
    return shown if len(names) <= 20 else f"{shown} and {len(names) - 20} more"
