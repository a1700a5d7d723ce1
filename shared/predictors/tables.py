"""Tables from strangers: CSV in UTF-8, read row by row within limits. Standard library only.

The front end reads a whole table with this before it is kept, the worker again to learn from it. No row, and so no
memory, is larger than the limits below, whatever the file is.
"""

import csv
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from shared.errors import BadData
from shared.limits import MAX_COLUMN_NAME
from shared.predictors.values import MAX_NUMBER_CHARACTERS, read_number

# More than any table that people fill in; a form with as many fields is no form.
MAX_COLUMNS: Final = 1_000
# Together with the size of an upload these keep a table within some 200 MB while it is learned from.
MAX_ROWS: Final = 200_000
MAX_CELLS: Final = 2_000_000
# A thousand columns of long numbers; what is longer is not a table of values.
MAX_ROW_BYTES: Final = 256 * 1024

_SEPARATORS: Final = ",;\t"
# What spreadsheets write where the decimal sign is a comma: 1,5 and 1.234,5, and for that reason semicolons between cells.
_DECIMAL_COMMA: Final = re.compile(r"\s*[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+),\d+\s*", re.ASCII)
_WIDE: Final = (b"\xff\xfe", b"\xfe\xff")
_SAVE: Final = 'Save it as "CSV UTF-8" and send that.'


@dataclass(frozen=True, slots=True)
class Row:
    """line: where it ends in the file, counted from 1; cells: as many as the table has columns."""

    line: int
    cells: list[str]


class Table:
    """A table that is being read from a seekable file, once."""

    def __init__(self, file: BinaryIO) -> None:
        """Reads the header. Raises BadData."""
        file.seek(0)
        self._lines = _Lines(file)
        first = self._lines.peek()
        separator = max(_SEPARATORS, key=first.count) if first else ","
        self._has_decimal_commas = separator == ";"
        self._reader = csv.reader(self._lines, delimiter=separator, strict=True)
        self.columns = _column_names(self._next() or [])

    def rows(self) -> Iterator[Row]:
        """Every row that is not blank, with decimal points. Raises BadData for a table that is ragged or too large."""
        count = 0
        most = min(MAX_ROWS, MAX_CELLS // len(self.columns))
        while (cells := self._next()) is not None:
            if not cells:
                continue
            line = self._reader.line_num
            if len(cells) != len(self.columns):
                raise BadData(
                    "data",
                    f"Line {line} has {_cells(len(cells))}, but the header names {_columns(len(self.columns))}. "
                    "Give every row as many cells as there are columns; put text with commas in quotes.",
                )
            count += 1
            if count > most:
                raise BadData(
                    "data",
                    f"The table has more than {most:,} rows of {_columns(len(self.columns))}, "
                    f"or {MAX_CELLS:,} cells. Send fewer rows or columns.",
                )
            yield Row(line, [_with_point(cell) for cell in cells] if self._has_decimal_commas else cells)

    def _next(self) -> list[str] | None:
        self._lines.begin_row()
        try:
            return next(self._reader, None)
        except csv.Error as error:
            raise BadData(
                "data", f"Line {self._reader.line_num} is not CSV: {self._lines.what_is_wrong()}"
            ) from error


def _with_point(cell: str) -> str:
    if "," not in cell or len(cell) > MAX_NUMBER_CHARACTERS or not _DECIMAL_COMMA.fullmatch(cell):
        return cell
    return cell.replace(".", "").replace(",", ".")


class _Lines:
    """The lines of a file as text, each row of them bounded."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._number = 0
        self._row_bytes = 0
        self._peeked: str | None = None
        self._last = ""
        self._ended = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._peeked is not None:
            line, self._peeked = self._peeked, None
            return line
        return self._read()

    def peek(self) -> str:
        """The first line; empty where there is none."""
        try:
            self._peeked = self._read()
        except StopIteration:
            return ""
        return self._peeked

    def begin_row(self) -> None:
        self._row_bytes = 0

    def what_is_wrong(self) -> str:
        """Why the reader stopped at a row, by what was read of it: the csv module says so in prose alone."""
        if self._ended:
            return "a quote is opened and never closed."
        if "\r" in self._last.rstrip("\r\n"):
            return f"its line ends are of an old kind. {_SAVE}"
        if self._row_bytes > csv.field_size_limit():
            return "a quote is opened and never closed, or a cell is far too long."
        return "a quote in the middle of a cell must be doubled, and the whole cell be in quotes."

    def _read(self) -> str:
        raw = self._file.readline(MAX_ROW_BYTES + 1 - self._row_bytes)
        if not raw:
            self._ended = True
            raise StopIteration
        self._number += 1
        self._row_bytes += len(raw)
        if self._number == 1:
            raw = _without_mark(raw)
        if self._row_bytes > MAX_ROW_BYTES:
            raise BadData(
                "data",
                f"The row at line {self._number} is longer than {MAX_ROW_BYTES // 1024} kB. "
                f"A table has at most {MAX_COLUMNS:,} columns; check quotes and line ends.",
            )
        if b"\0" in raw:
            raise BadData("data", f"Line {self._number} has NUL bytes, so this is no text file. {_SAVE}")
        try:
            self._last = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise BadData("data", f"Line {self._number} is not valid UTF-8. {_SAVE}") from error
        return self._last


def _without_mark(first: bytes) -> bytes:
    """The first line without its byte order mark. Raises BadData for what is plainly another kind of file."""
    if first.startswith(_WIDE):
        raise BadData("data", f"The file is text in UTF-16. {_SAVE}")
    if first.startswith(b"PK\x03\x04"):
        raise BadData("data", f"The file is a workbook or a zip, not CSV. {_SAVE}")
    return first.removeprefix(b"\xef\xbb\xbf")


def _column_names(header: list[str]) -> list[str]:
    if not any(name.strip() for name in header):
        raise BadData("data", "The table is empty. Its first line must name the columns.")
    if len(header) > MAX_COLUMNS:
        raise BadData(
            "data",
            f"The table has {len(header):,} columns. Leave out what is not needed: at most {MAX_COLUMNS:,}.",
        )
    names = [_column_name(raw, position) for position, raw in enumerate(header, 1)]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise BadData("data", f"Two columns are called {twice}. Give each a name of its own.")
    return names


def _column_name(raw: str, position: int) -> str:
    """A name without blanks around it; an index that a program wrote without one is named by its place."""
    name = raw.strip() if len(raw) <= 4 * MAX_COLUMN_NAME else raw
    if len(name) > MAX_COLUMN_NAME:
        raise BadData(
            "data", f"The name of column {position} is longer than {MAX_COLUMN_NAME} characters. Shorten it."
        )
    name = unicodedata.normalize("NFC", name)
    if any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in name):
        raise BadData("data", f"The name of column {position} has a line break or a control character in it.")
    return name or f"column {position}"


def _cells(count: int) -> str:
    return f"{count:,} cell{'' if count == 1 else 's'}"


def _columns(count: int) -> str:
    return f"{count:,} column{'' if count == 1 else 's'}"


def defused(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, "CSV injection"): with an apostrophe before it.

    Numbers that begin with a sign stay as they are.
    """
    risky = cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{cell}" if risky and read_number(cell) is None else cell
