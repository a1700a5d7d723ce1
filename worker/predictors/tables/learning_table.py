"""A whole table made ready to be learned from."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from shared.errors import BadData
from shared.predictors.cards import LeftOut, Target
from shared.predictors.documents import AUTO, Task
from shared.predictors.features import Feature
from shared.predictors.tables import Table
from shared.predictors.values import is_missing, read_number
from worker.predictors.tables.algorithms.folds import sample
from worker.predictors.tables.algorithms.pipelines import most_rows
from worker.predictors.tables.columns import LARGEST, Column, label_and_unit, read_column

MAX_CLASSES: Final = 50
# A whole number with at most so many values is taken for a class when nobody says.
CLASSES_BY_NUMBER: Final = 10


@dataclass(frozen=True, slots=True)
class LearningTable:
    """X: (n, d) float64, NaN where a value is missing; y: (n,) int64 positions among `classes`, or float64.

    skipped: rows without a value of the target; unused: rows beyond those that can be learned from at a time.
    """

    task: Task
    features: Sequence[Feature]
    left_out: list[LeftOut]
    target: Target
    classes: list[str]
    X: NDArray[np.float64]
    y: NDArray[Any]
    skipped: int
    unused: int

    @property
    def categories(self) -> list[int]:
        """The columns of X that hold positions among choices."""
        return [place for place, feature in enumerate(self.features) if feature.type == "category"]


def read_learning_table(file: BinaryIO, target: str, task: str) -> LearningTable:
    """Reads a table. Raises BadData with a sentence that says what to change."""
    table = Table(file)
    if target not in table.columns:
        raise BadData("target", f"The table has no column called {target}.")
    place = table.columns.index(target)
    rows = [row.cells for row in table.rows()]
    known = [cells for cells in rows if not is_missing(cells[place])]
    targets = [cells[place].strip() for cells in known]
    chosen = infer_task(targets) if task == AUTO else Task(task)
    columns, left_out = _columns(table.columns, known, place)
    if not columns:
        reasons = "; ".join(f"{each.name} {each.reason}" for each in left_out[:10])
        raise BadData("data", f"No column is left to learn from: {reasons}.")
    classes, y = _classes(target, targets) if chosen is Task.CLASSIFICATION else _numbers(target, targets)
    features = [column.feature for column in columns]
    choices = [len(feature.choices or ()) for feature in features if feature.type == "category"]
    kept = sample(len(y), most_rows(len(features), choices), y, len(classes))
    label, unit = label_and_unit(target)
    return LearningTable(
        task=chosen,
        features=features,
        left_out=left_out,
        target=Target(target, label, unit),
        classes=classes,
        X=np.column_stack([np.array(column.cells)[kept] for column in columns]),
        y=y[kept],
        skipped=len(rows) - len(known),
        unused=len(y) - len(kept),
    )


def infer_task(targets: Sequence[str]) -> Task:
    """Words are classes; so are a few whole numbers that come again and again. Other numbers are a regression."""
    distinct = Counter(targets)
    numbers = [read_number(value) for value in distinct]
    if any(number is None for number in numbers):
        return Task.CLASSIFICATION
    whole = all(number is not None and number.is_integer() for number in numbers)
    few = len(distinct) <= CLASSES_BY_NUMBER and 3 * len(distinct) <= len(targets)
    return Task.CLASSIFICATION if whole and few else Task.REGRESSION


def _columns(
    names: Sequence[str], rows: Sequence[Sequence[str]], target: int
) -> tuple[list[Column], list[LeftOut]]:
    columns: list[Column] = []
    left_out: list[LeftOut] = []
    for place, name in enumerate(names):
        if place == target:
            continue
        found = read_column(name, [cells[place] for cells in rows])
        if isinstance(found, Column):
            columns.append(found)
        else:
            left_out.append(found)
    return columns, left_out


def _classes(target: str, targets: Sequence[str]) -> tuple[list[str], NDArray[np.int64]]:
    counts = Counter(targets)
    if len(counts) < 2:
        raise BadData("target", f"{target} has only one class. There must be at least two to tell apart.")
    if len(counts) > MAX_CLASSES:
        raise BadData(
            "target",
            f"{target} has {len(counts):,} different values, and at most {MAX_CLASSES} classes are taken. "
            "Group them, or choose regression if they are numbers.",
        )
    lonely = [label for label, count in counts.items() if count < 2]
    if lonely:
        raise BadData(
            "target",
            f"{target} is {lonely[0][:100]} in one row only. Every class needs two rows, "
            "one to learn from and one to test with.",
        )
    labels = sorted(counts, key=_order)
    places = {label: place for place, label in enumerate(labels)}
    return labels, np.array([places[value] for value in targets], np.int64)


def _order(label: str) -> tuple[float, str]:
    """Numbers by size, words by alphabet."""
    number = read_number(label)
    return (number if number is not None else 0.0, label)


def _numbers(target: str, targets: Sequence[str]) -> tuple[list[str], NDArray[np.float64]]:
    numbers = [read_number(value) for value in targets]
    values = np.array([np.nan if number is None else number for number in numbers])
    if np.isnan(values).any():
        odd = targets[int(np.isnan(values).argmax())]
        raise BadData(
            "target", f"{target} is {odd[:100]!r} in a row, which is not a number. Choose classification."
        )
    if np.abs(values).max() > LARGEST:
        raise BadData("target", f"{target} has numbers beyond {LARGEST:g}. Give it in a larger unit.")
    if values.min() == values.max():
        raise BadData("target", f"{target} is the same number in every row. There is nothing to predict.")
    return [], values
