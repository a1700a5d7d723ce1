"""What the columns of a table are: features with a type, a unit and a range, or of no use, with the reason told."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Final

import msgspec

from shared.errors import BadData
from shared.predictors.cards import LeftOut
from shared.predictors.features import ChoiceCount, Feature, FeatureType, Histogram
from shared.predictors.values import FALSE, TRUE, is_missing, read_number, read_word

# A form with a longer list would be no help, and one-hot encoding would outgrow the memory.
MAX_CHOICES: Final = 100
MAX_CHOICE_CHARACTERS: Final = 100
# Squares of larger numbers are no longer exact to look at, and trees compute in float32, which ends at 3.4e38.
LARGEST: Final = 1e30
HISTOGRAM_BINS: Final = 12

_UNIT: Final = re.compile(r"(.*\S)\s*[(\[]([^()\[\]]{1,20})[)\]]")
_IDENTIFIER: Final = re.compile(r"(?:.*[ _-])?(?:id|uuid|guid|index)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Column:
    """A column that can be learned from.

    feature: with a histogram (numbers) or counts (others); cells: each as a number, a position among the choices, 0 or 1; NaN where there is none.
    """

    feature: Feature
    cells: list[float]


def label_and_unit(name: str) -> tuple[str, str | None]:
    """The two parts of a header: `area (sqft)` is an area in sqft."""
    found = _UNIT.fullmatch(name)
    return (found[1], found[2].strip() or None) if found else (name, None)


def read_column(name: str, raw: Sequence[str]) -> Column | LeftOut:
    """What the cells of a column are. Raises BadData for numbers that cannot be learned from."""
    cells = [None if is_missing(cell) else cell.strip() for cell in raw]
    present = [cell for cell in cells if cell is not None]
    distinct = Counter(present)
    if len(distinct) < 2:
        return LeftOut(name, "has the same value in every row")
    reason = _identifies(name, cells, distinct)
    if reason is not None:
        return LeftOut(name, reason)
    if all(cell.casefold() in TRUE | FALSE for cell in distinct):
        return _boolean(name, cells)
    numbers = [read_number(cell) for cell in distinct]
    if all(number is not None for number in numbers):
        return _number(name, cells)
    _refuse_infinite(name, distinct)
    return _category(name, cells, distinct, numbers)


def _identifies(name: str, cells: Sequence[str | None], distinct: Counter[str]) -> str | None:
    """Why a column tells rows apart and no more, if so."""
    if len(distinct) < len(cells):
        return None
    if _IDENTIFIER.fullmatch(name) or re.fullmatch(r"column \d+", name):
        return "is an identifier: every row has a value of its own"
    if all(cell is not None and cell.isascii() and cell.isdigit() and len(cell) < 18 for cell in cells):
        first = int(cells[0] or 0)
        if first in {0, 1} and [int(cell or 0) for cell in cells] == list(range(first, first + len(cells))):
            return "only numbers the rows"
    return None


def _refuse_infinite(name: str, distinct: Counter[str]) -> None:
    for cell in distinct:
        if cell.casefold().lstrip("+-") in {"inf", "infinity"}:
            raise BadData(
                name, f"{name} has the value {cell}. Infinite numbers cannot be learned from: empty the cell."
            )


def _number(name: str, cells: Sequence[str | None]) -> Column | LeftOut:
    values = [math.nan if cell is None else float(cell) for cell in cells]
    present = sorted(value for value in values if not math.isnan(value))
    if present[0] == present[-1]:
        return LeftOut(name, "has the same value in every row")
    if max(abs(present[0]), abs(present[-1])) > LARGEST:
        raise BadData(
            name,
            f"{name} has numbers beyond {LARGEST:g}, which cannot be learned from. Give it in a larger unit.",
        )
    feature = msgspec.structs.replace(
        _feature(name, "number", cells),
        min=present[0],
        max=present[-1],
        mean=fmean(present),
        default=median(present),
        whole=all(value.is_integer() for value in present),
        histogram=histogram(present),
    )
    return Column(feature, values)


def histogram(present: Sequence[float]) -> Histogram:
    """Counts in bins of equal width: a bin for each of a few whole numbers, else a fixed number of bins.

    edges: one more than counts; present: sorted, not all the same.
    """
    low, high, bins = present[0], present[-1], HISTOGRAM_BINS
    if high - low < HISTOGRAM_BINS and all(value.is_integer() for value in present):
        low, high, bins = low - 0.5, high + 0.5, round(high - low) + 1
    span = high - low
    counts = [0] * bins
    for value in present:
        counts[min(int((value - low) / span * bins), bins - 1)] += 1
    return Histogram((*(low + span * edge / bins for edge in range(bins)), high), tuple(counts))


def _boolean(name: str, cells: Sequence[str | None]) -> Column | LeftOut:
    values = [math.nan if cell is None else float(read_word(cell) or False) for cell in cells]
    yes = sum(value == 1 for value in values)
    no = sum(value == 0 for value in values)
    if not yes or not no:
        return LeftOut(name, "says the same in every row, in several spellings")
    counts = (ChoiceCount(True, yes), ChoiceCount(False, no))
    feature = msgspec.structs.replace(_feature(name, "boolean", cells), default=yes > no, counts=counts)
    return Column(feature, values)


def _category(
    name: str, cells: Sequence[str | None], distinct: Counter[str], numbers: Sequence[float | None]
) -> Column | LeftOut:
    readable = sum(number is not None for number in numbers)
    if 2 * readable > len(numbers):
        odd = next(cell for cell, number in zip(distinct, numbers, strict=True) if number is None)
        return LeftOut(name, f"looks like numbers, but {odd[:40]!r} is none: write numbers like 1234.5")
    if max(map(len, distinct)) > MAX_CHOICE_CHARACTERS:
        return LeftOut(name, "is free text")
    if len(distinct) > MAX_CHOICES:
        return LeftOut(name, f"has {len(distinct):,} different texts, more than can be learned from")
    if 2 * len(distinct) > distinct.total():
        return LeftOut(name, "has a text of its own in nearly every row")
    choices = [choice for choice, _ in sorted(distinct.items(), key=lambda item: (-item[1], item[0]))]
    places = {choice: float(place) for place, choice in enumerate(choices)}
    feature = msgspec.structs.replace(
        _feature(name, "category", cells),
        choices=tuple(choices),
        default=choices[0],
        counts=tuple(ChoiceCount(choice, distinct[choice]) for choice in choices),
    )
    return Column(feature, [math.nan if cell is None else places[cell] for cell in cells])


def _feature(name: str, kind: FeatureType, cells: Sequence[str | None]) -> Feature:
    label, unit = label_and_unit(name)
    missing = sum(cell is None for cell in cells)
    return Feature(
        name=name,
        label=label,
        type=kind,
        unit=unit,
        required=missing == 0,
        missing=missing,
    )
