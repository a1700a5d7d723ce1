"""Whether a table can be learned from or predicted for, seen row by row before it is kept.

What this refuses, nobody needs to wait for. Types of columns are the worker's business.
"""

from collections.abc import Sequence
from typing import BinaryIO, Final

from shared.errors import BadData
from shared.predictors.documents import Task
from shared.predictors.tables import Row, Table
from shared.predictors.values import is_missing, read_number

# Below this nothing can be held out. The classic demonstrations have ten.
MIN_ROWS: Final = 5


def inspect_training_table(file: BinaryIO, target: str, task: str) -> None:
    """Raises BadData with a sentence that says what to change."""
    table = Table(file)
    position = _position_of(table.columns, target)
    if len(table.columns) < 2:
        raise BadData("data", f"The table has no column beside {target}, so there is nothing to learn from.")
    seen = _Seen(len(table.columns), position)
    for row in table.rows():
        seen.take(row)
        if task == Task.REGRESSION:
            _check_number(row, position, target)
    _check_rows(seen.rows, target)
    empty = [table.columns[column] for column in seen.empty]
    if empty:
        has, it = ("has", "it") if len(empty) == 1 else ("have", "them")
        raise BadData("data", f"{_listed(empty)} {has} no value in any row. Fill {it} or leave {it} out.")
    if len(seen.targets) < 2:
        only = next(iter(seen.targets))
        raise BadData(
            "target",
            f"{target} is {only[:100]} in every row. There must be at least two different values to tell apart.",
        )


class _Seen:
    """What has been met so far; of the target's values the first two."""

    def __init__(self, columns: int, target: int) -> None:
        self.empty = list(range(columns))
        self.targets: set[str] = set()
        self.rows = 0
        self._target = target

    def take(self, row: Row) -> None:
        if self.empty:
            self.empty = [column for column in self.empty if is_missing(row.cells[column])]
        value = row.cells[self._target]
        if is_missing(value):
            return
        self.rows += 1
        if len(self.targets) < 2:
            self.targets.add(value.strip())


def _position_of(columns: Sequence[str], target: str) -> int:
    if not target:
        raise BadData("target", f"Name the column to predict in target. The table has {_listed(columns)}.")
    if target not in columns:
        raise BadData("target", f"The table has no column called {target}. It has {_listed(columns)}.")
    return columns.index(target)


def _check_number(row: Row, position: int, target: str) -> None:
    cell = row.cells[position].strip()
    if not is_missing(cell) and read_number(cell) is None:
        raise BadData(
            "target",
            f"{target} is {cell[:100]!r} in line {row.line}, which is not a number. A regression predicts numbers, "
            "written like 1234.5; choose classification to predict words.",
        )


def _check_rows(rows: int, target: str) -> None:
    if rows < MIN_ROWS:
        counted = "1 row" if rows == 1 else f"{rows} rows"
        raise BadData(
            "data", f"The table has {counted} with a value of {target}. At least {MIN_ROWS} are needed."
        )


def inspect_batch_table(file: BinaryIO, features: Sequence[str]) -> None:
    """Raises BadData unless every feature has a column and every row can be read."""
    table = Table(file)
    lacking = [name for name in features if name not in table.columns]
    if lacking:
        raise BadData(
            "data", f"The table has no column called {_listed(lacking)}. Add what is missing, named just so."
        )
    # All of them, so that a bad one at the end is found.
    if sum(1 for _ in table.rows()) == 0:
        raise BadData("data", "The table names columns but has no rows.")


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:20])
    return shown if len(names) <= 20 else f"{shown} and {len(names) - 20} more"
