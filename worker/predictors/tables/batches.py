"""A table in, the same table with predictions out."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from shared.predictors.features import Feature
from shared.predictors.tables import Row, Table, defused
from shared.predictors.values import Value, is_missing, read_value, warn_of
from worker.lifecycle import Progress
from worker.predictors.tables.matrix import matrix_of

# A model answers a thousand rows in about the time of one; more at a time only costs memory.
AT_ONCE: Final = 1_000
# Beyond these the table would be mostly probabilities.
MAX_PROBABILITIES: Final = 20

Predict = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Predictor:
    """What a table is answered with. classes: none for a regression, which has the offsets of its interval."""

    features: Sequence[Feature]
    classes: Sequence[str]
    offsets: tuple[float, float] | None
    predict: Predict


@dataclass(frozen=True, slots=True)
class Batch:
    """rows: all; failed: those that could not be answered, with the reason in the column error."""

    csv: bytes
    rows: int
    failed: int
    warned: int
    ignored: list[str]


@dataclass(frozen=True, slots=True)
class _Read:
    """A row as it was read; problem: why it cannot be answered."""

    row: Row
    values: dict[str, Value]
    warnings: list[str]
    problem: str | None


def answer_table(file: BinaryIO, predictor: Predictor, progress: Progress) -> Batch:
    """Answers each row that has a good value of every feature, and says in each other what is wrong with it.

    Cells that a spreadsheet would take for formulas are defused. Raises BadData for a table that cannot be read.
    """
    total = sum(1 for _ in Table(file).rows())
    table = Table(file)
    out = StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([defused(name) for name in [*table.columns, *_new_columns(table.columns, predictor)]])
    places = {feature.name: table.columns.index(feature.name) for feature in predictor.features}
    rows = table.rows()
    done = failed = warned = 0
    while chunk := [_read(row, places, predictor.features) for row in islice(rows, AT_ONCE)]:
        answers = _answers(chunk, predictor)
        for read in chunk:
            answer = _blank(predictor) if read.problem else next(answers)
            cells = [*read.row.cells, *answer, " ".join(read.warnings), read.problem or ""]
            writer.writerow([defused(cell) for cell in cells])
        done += len(chunk)
        failed += sum(read.problem is not None for read in chunk)
        warned += sum(bool(read.warnings) for read in chunk)
        progress(done / total)
    ignored = [name for name in table.columns if name not in places]
    # The mark has spreadsheets read it as UTF-8.
    return Batch(out.getvalue().encode("utf-8-sig"), done, failed, warned, ignored)


def _new_columns(taken: Sequence[str], predictor: Predictor) -> list[str]:
    """Names of the columns that are added: none that the table has already."""
    names = ["prediction"]
    if predictor.classes:
        names.append("probability")
        if len(predictor.classes) <= MAX_PROBABILITIES:
            names += [f"probability of {label}" for label in predictor.classes]
    else:
        names += ["lowest", "highest"]
    names += ["warnings", "error"]
    return [f"{name} (predicted)" if name in taken else name for name in names]


def _read(row: Row, places: Mapping[str, int], features: Sequence[Feature]) -> _Read:
    values: dict[str, Value] = {}
    warnings: list[str] = []
    for feature in features:
        cell = row.cells[places[feature.name]]
        try:
            value = read_value(feature, "" if is_missing(cell) else cell)
        except ValueError as error:
            return _Read(row, {}, [], str(error))
        values[feature.name] = value
        warning = warn_of(feature, value)
        if warning is not None:
            warnings.append(warning)
    return _Read(row, values, warnings, None)


def _answers(chunk: Sequence[_Read], predictor: Predictor) -> Iterator[list[str]]:
    """The new cells of each row that can be answered."""
    good = [read.values for read in chunk if read.problem is None]
    if not good:
        return
    for predicted in predictor.predict(matrix_of(predictor.features, good)):
        yield _cells(predicted, predictor)


def _cells(predicted: NDArray[np.float64], predictor: Predictor) -> list[str]:
    """predicted: (classes,) probabilities, or a number."""
    if predictor.classes:
        best = int(predicted.argmax())
        shown = predicted[: len(predicted) if len(predicted) <= MAX_PROBABILITIES else 0]
        return [predictor.classes[best], f"{predicted[best]:.6g}", *(f"{each:.6g}" for each in shown)]
    low, high = predictor.offsets or (0.0, 0.0)
    number = float(predicted)
    return [repr(number), repr(number + low), repr(number + high)]


def _blank(predictor: Predictor) -> list[str]:
    return [""] * (len(_new_columns((), predictor)) - 2)
