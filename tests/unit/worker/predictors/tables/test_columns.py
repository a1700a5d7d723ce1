"""Columns of a table: types, units, and what is left out and why."""

import io

import pytest

from shared.errors import BadData
from shared.predictors.cards import LeftOut
from shared.predictors.documents import Task
from worker.predictors.tables.columns import Column, label_and_unit, read_column
from worker.predictors.tables.learning_table import infer_task, read_learning_table


def kind(*cells: str, name: str = "x") -> str:
    column = read_column(name, cells)
    return column.feature.type if isinstance(column, Column) else column.reason


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (("1", "2.5", "-3e2", ""), "number"),
        (("0", "1", "1", "0"), "number"),
        (("Yes", "no", "NO", "y"), "boolean"),
        (("true", "false", "?"), "boolean"),
        (("red", "blue", "red", "blue"), "category"),
        (("1", "1", "1.0", ""), "has the same value in every row"),
        (("a", "a", "", ""), "has the same value in every row"),
        (("yes", "Yes", "y", "yes"), "says the same in every row, in several spellings"),
        (("1", "2", "3", "4"), "only numbers the rows"),
        (("0", "1", "2", "3"), "only numbers the rows"),
        (("5", "6", "7", "8"), "number"),
        (("ann", "bob", "cid", "dan"), "has a text of its own in nearly every row"),
        (("a" * 101, "b", "b", "b"), "is free text"),
        (("1,200", "900", "800"), "looks like numbers, but '1,200' is none: write numbers like 1234.5"),
        (
            tuple(f"t{place}" for place in range(101)) * 2,
            "has 101 different texts, more than can be learned from",
        ),
    ],
)
def test_the_type_of_a_column_follows_from_its_cells(cells: tuple[str, ...], expected: str) -> None:
    assert kind(*cells) == expected


@pytest.mark.parametrize("name", ["id", "ID", "customer_id", "row index", "column 1"])
def test_a_column_that_is_called_an_identifier_and_is_one_is_left_out(name: str) -> None:
    assert "identifier" in kind("17", "4", "9", name=name)
    assert kind("17", "4", "4", name=name) == "number"


def test_units_come_from_headers() -> None:
    assert label_and_unit("area (sqft)") == ("area", "sqft")
    assert label_and_unit("weight [kg]") == ("weight", "kg")
    assert label_and_unit("beds") == ("beds", None)
    assert label_and_unit("(x)") == ("(x)", None)


def test_a_feature_knows_its_training_data() -> None:
    column = read_column("area (sqft)", ["10", "20", "", "60"])
    assert isinstance(column, Column)
    known = column.feature
    assert (known.label, known.unit, known.required, known.missing) == ("area", "sqft", False, 1)
    assert (known.min, known.max, known.mean, known.default) == (10, 60, 30, 20)
    assert known.histogram
    assert sum(known.histogram.counts) == 3


def test_infinite_and_enormous_numbers_cannot_be_learned_from() -> None:
    for cells, words in (
        (["1", "inf", "2", "-Infinity"], "Infinite"),
        (["1", "2e30", "2"], "beyond 1e\\+30"),
    ):
        with pytest.raises(BadData, match=words) as refused:
            read_column("x", cells)
        assert refused.value.field == "x"


@pytest.mark.parametrize(
    ("targets", "task"),
    [
        (["cat", "dog"] * 5, Task.CLASSIFICATION),
        (["0", "1", "1"] * 5, Task.CLASSIFICATION),
        (["1.5", "2.5"] * 5, Task.REGRESSION),
        ([str(price) for price in range(100_000, 100_010)], Task.REGRESSION),
        (["1", "2", "3", "4"], Task.REGRESSION),
    ],
)
def test_the_task_follows_from_the_target(targets: list[str], task: Task) -> None:
    assert infer_task(targets) is task


def test_rows_without_a_target_are_left_out_and_counted() -> None:
    table = read_learning_table(io.BytesIO(b"a,y\n1,c\n2,\n3,d\n9,c\n4,d\n7,NA\n"), "y", "auto")
    assert (table.skipped, len(table.y), table.classes) == (2, 4, ["c", "d"])


@pytest.mark.parametrize(
    ("data", "task", "words"),
    [
        (b"a,y\n1,c\n2,d\n5,c\n", "auto", "y is d in one row only"),
        (b"a,y\n1,c\n1,d\n1,c\n1,d\n", "auto", "No column is left to learn from: a has the same value"),
        (b"a,y\n1,1\n2,d\n5,3\n", "regression", "'d' in a row, which is not a number"),
        (b"a,y\n" + b"".join(b"%d,c%d\n" % (i * i, i) for i in range(60)) * 2, "auto", "60 different values"),
    ],
)
def test_what_only_shows_when_the_whole_table_is_read_ends_in_a_sentence(
    data: bytes, task: str, words: str
) -> None:
    with pytest.raises(BadData, match=words):
        read_learning_table(io.BytesIO(data), "y", task)


def test_left_out_columns_bear_their_reason() -> None:
    table = read_learning_table(io.BytesIO(b"id,a,b,y\n7,1,5,c\n8,1,6,d\n3,1,9,c\n4,1,2,d\n"), "y", "auto")
    assert [feature.name for feature in table.features] == ["b"]
    assert table.left_out == [
        LeftOut("id", "is an identifier: every row has a value of its own"),
        LeftOut("a", "has the same value in every row"),
    ]
