"""Tables from strangers: what is read, what is refused, and in which words."""

import io
import tracemalloc

import pytest

from shared.errors import BadData
from shared.predictors.tables import MAX_COLUMNS, MAX_ROW_BYTES, Table, defused
from web.predictors.table_guard import inspect_batch_table, inspect_training_table


def rows(data: bytes) -> list[list[str]]:
    table = Table(io.BytesIO(data))
    return [table.columns, *(row.cells for row in table.rows())]


@pytest.mark.parametrize(
    ("data", "expected"),
    {
        "commas": (b"a,b\n1,2\n", [["a", "b"], ["1", "2"]]),
        "semicolons": (b"a;b\r\n1.5;2\r\n", [["a", "b"], ["1.5", "2"]]),
        "decimal commas": (
            b"a;b;c\n1,5;-1.234,25; 7,0 \n1,5,0;red, blue;12.34,5\n",
            [["a", "b", "c"], ["1.5", "-1234.25", " 7.0 "], ["1,5,0", "red, blue", "12.34,5"]],
        ),
        "commas in quotes": (b'a,b\n"1,5",2\n', [["a", "b"], ["1,5", "2"]]),
        "tabs": (b"a\tb\n1\t2", [["a", "b"], ["1", "2"]]),
        "a byte order mark": (b"\xef\xbb\xbfa,b\n1,2\n", [["a", "b"], ["1", "2"]]),
        "quotes": (b'"a, b",c\n"x ""y""",2\n', [["a, b", "c"], ['x "y"', "2"]]),
        "a line break in quotes": (b'a,b\n"x\ny",2\n', [["a", "b"], ["x\ny", "2"]]),
        "blank lines": (b"a,b\n\n1,2\n\n", [["a", "b"], ["1", "2"]]),
        "an index without a name": (b",a\n0,1\n", [["column 1", "a"], ["0", "1"]]),
        "blanks around names": (b" a , b\n1,2\n", [["a", "b"], ["1", "2"]]),
    }.values(),
)
def test_tables_are_read_as_programs_write_them(data: bytes, expected: list[list[str]]) -> None:
    assert rows(data) == expected


GOOD = b"a,y\n1,c\n2,d\n3,c\n4,d\n5,c\n"

BAD = {
    "empty": (b"", "data", "The table is empty"),
    "blank": (b"\n\n", "data", "The table is empty"),
    "header only": (b"a,y\n", "data", "0 rows with a value of y"),
    "few rows": (b"a,y\n1,c\n2,d\n", "data", "At least 5"),
    "ragged": (GOOD + b"6,c,7\n", "data", "Line 7 has 3 cells"),
    "short": (GOOD + b"6\n", "data", "Line 7 has 1 cell,"),
    "latin-1": (GOOD + "é,c\n".encode("latin-1"), "data", "Line 7 is not valid UTF-8"),
    "utf-16": (GOOD.decode().encode("utf-16"), "data", "UTF-16"),
    "workbook": (b"PK\x03\x04" + GOOD, "data", "workbook"),
    "mixed encodings": ("é,y\n".encode() + "é,c\n".encode("latin-1"), "data", "Line 2 is not valid UTF-8"),
    "nul": (GOOD + b"\0,c\n", "data", "Line 7 has NUL"),
    "without the target": (b"a,b\n1,2\n", "target", "no column called y. It has a, b."),
    "one class": (b"a,y\n" + b"1,c\n" * 9, "target", "y is c in every row"),
    "empty column": (b"a,b,y\n" + b"1,,c\n2,NA,d\n" * 5, "data", "b has no value in any row"),
    "empty columns": (b"a,b,y\n" + b",,c\n,,d\n" * 5, "data", "a, b have no value in any row. Fill them"),
    "one row": (b"a,y\n1,c\n", "data", "The table has 1 row with"),
    "one column": (b"y\n" + b"c\nd\n" * 5, "data", "no column beside y"),
    "10,000 columns": (",".join(map(str, range(10_000))).encode() + b",y\n", "data", "10,001 columns"),
    "a million columns": (b"," * 1_000_000 + b"y\n", "data", "longer than 256 kB"),
    "one long line": (b"a" * 20_000_000, "data", "longer than 256 kB"),
    "an open quote": (b'a,y\n"' + b"1,c\n" * 1_000_000, "data", "a quote is opened and never closed"),
    "a row of many lines": (b"a,y\n" + b'"\n",' * 1_000_000, "data", "longer than 256 kB"),
    "too many cells": (b"a,y\n" + b"1,c\n2,d\n" * 200_000, "data", "more than 200,000 rows"),
    "the same name twice": (b"a,a,y\n", "data", "Two columns are called a"),
    "a name with a line break": (b'"a\nb",y\n', "data", "line break"),
    "a long name": (b"a" * 101 + b",y\n", "data", "longer than 100 characters"),
    "old line ends": (b"a,y\r1,c\r2,d\r", "data", "line ends"),
}


@pytest.mark.parametrize(("data", "field", "words"), BAD.values(), ids=BAD)
def test_what_cannot_be_learned_from_is_refused_in_a_sentence(data: bytes, field: str, words: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(BadData) as refused:
            inspect_training_table(io.BytesIO(data), "y", "auto")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert refused.value.field == field
    assert words in refused.value.message
    assert refused.value.message.endswith(".")
    assert len(refused.value.message) < 1000
    # Whatever is sent, no more than a few rows of it are in memory.
    assert peak < 64 * MAX_ROW_BYTES


def test_a_regression_needs_numbers() -> None:
    inspect_training_table(io.BytesIO(b"a,y\n1,1\n2,2\n3,3\n4,\n5,5\n6,6\n"), "y", "regression")
    with pytest.raises(BadData, match="'d' in line 3, which is not a number"):
        inspect_training_table(io.BytesIO(b"a,y\n1,1\n2,d\n"), "y", "regression")


def test_a_table_that_can_be_learned_from_passes() -> None:
    inspect_training_table(io.BytesIO(GOOD), "y", "auto")
    formulas = b"=1+1,y\n" + b"=cmd|' /C calc'!A0,c\n@x,d\n" * 3
    inspect_training_table(io.BytesIO(formulas), "y", "auto")


def test_the_columns_of_a_batch_are_looked_for_by_name() -> None:
    inspect_batch_table(io.BytesIO(b"b,a\n1,2\n"), ["a", "b"])
    with pytest.raises(BadData, match="no column called c"):
        inspect_batch_table(io.BytesIO(b"b,a\n1,2\n"), ["a", "c"])
    with pytest.raises(BadData, match="no rows"):
        inspect_batch_table(io.BytesIO(b"b,a\n"), ["a"])
    with pytest.raises(BadData, match="Line 3 has 1 cell"):
        inspect_batch_table(io.BytesIO(b"b,a\n1,2\n3\n"), ["a"])


def test_as_many_columns_as_are_allowed_pass() -> None:
    names = ",".join(f"x{place}" for place in range(MAX_COLUMNS)).encode()
    assert len(Table(io.BytesIO(names)).columns) == MAX_COLUMNS
    with pytest.raises(BadData):
        Table(io.BytesIO(names + b",one"))


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("\tx", "'\tx"),
        ("-2.5", "-2.5"),
        ("+1e3", "+1e3"),
        ("a=b", "a=b"),
        ("", ""),
    ],
)
def test_no_cell_of_an_answer_is_a_formula(cell: str, expected: str) -> None:
    assert defused(cell) == expected
