"""Values for a predictor: what is taken, what is refused with its name, what is answered with a warning."""

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.predictors.features import Feature, features_from
from shared.predictors.values import check_values, is_missing, read_number
from worker.predictors.tables.columns import Column, read_column
from worker.predictors.tables.matrix import matrix_of, usual_values


def feature(name: str, *cells: str) -> Feature:
    column = read_column(name, cells)
    assert isinstance(column, Column)
    return column.feature


AREA = feature("area (sqft)", "500", "1000", "1500", "1200", "")
BEDS = feature("beds", "1", "2", "3", "3")
GARDEN = feature("garden", "yes", "no", "no", "no")
TOWN = feature("town", "York", "Leeds", "York", "Leeds", "York")
FEATURES = [AREA, BEDS, GARDEN, TOWN]
GOOD: dict[str, Any] = {"area (sqft)": 900, "beds": 2, "garden": True, "town": "York"}


def test_json_and_text_are_read_to_the_same_values() -> None:
    text = {"area (sqft)": " 9e2", "beds": "2.0", "garden": "Yes", "town": "York "}
    assert check_values(FEATURES, GOOD).values == check_values(FEATURES, text).values
    assert check_values(FEATURES, text).problems == []


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("beds", "two", "must be a number, such as 2.5"),
        ("beds", "NaN", "must be a number"),
        ("beds", math.nan, "must be a number"),
        ("beds", math.inf, "must be a number"),
        ("beds", "inf", "must be a number"),
        ("beds", "1e999", "must be a number"),
        ("beds", "1_0", "must be a number"),
        ("beds", "５", "must be a number"),
        ("beds", "1,5", "must be a number"),
        ("beds", "0x10", "must be a number"),
        ("beds", "9" * 500, "must be a number"),
        ("beds", "9" * 5000, "too long"),
        ("beds", True, "must be a number"),
        ("beds", [2], "must be a number"),
        ("beds", {}, "must be a number"),
        ("beds", None, "is empty"),
        ("beds", "", "is empty"),
        ("beds", "  ", "is empty"),
        ("garden", "maybe", "must be true or false"),
        ("garden", 1, "must be true or false"),
        ("town", "Paris", "must be one of York, Leeds"),
        ("town", "york", "must be one of York, Leeds"),
        ("town", 3, "must be one of York, Leeds"),
        ("town", ["York"], "must be one of York, Leeds"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_its_name(field: str, value: object, words: str) -> None:
    (problem,) = check_values(FEATURES, {**GOOD, field: value}).problems
    assert problem.field == field
    assert problem.message.startswith(f"{field} ")
    assert words in problem.message


def test_what_is_missing_and_what_is_unknown_is_named_all_at_once() -> None:
    problems = check_values(FEATURES, {"beds": 2, "tail": 1, "town": "York"}).problems
    assert {problem.field for problem in problems} == {"tail", "area (sqft)", "garden"}


def test_what_was_missing_in_training_may_be_left_empty_but_must_be_named() -> None:
    for empty in (None, "", " "):
        checked = check_values(FEATURES, {**GOOD, "area (sqft)": empty})
        assert checked.problems == []
        assert checked.values["area (sqft)"] is None
        assert "left empty" in checked.warnings[0]
    without = {name: value for name, value in GOOD.items() if name != "area (sqft)"}
    assert [problem.field for problem in check_values(FEATURES, without).problems] == ["area (sqft)"]


def test_a_number_outside_of_the_training_data_is_taken_with_a_warning() -> None:
    near, far = (check_values(FEATURES, {**GOOD, "area (sqft)": value}) for value in (1600, 50_000))
    assert near.problems == far.problems == []
    assert near.warnings[0].startswith("area (sqft) is 1600 sqft, outside of the 500 to 1500 sqft")
    assert far.warnings[0].startswith("area (sqft) is 50000 sqft, far outside")


def test_missing_values_are_known_by_their_usual_spellings() -> None:
    assert all(map(is_missing, ("", " ", "NA", "n/a", "NaN", "null", "?")))
    assert not any(map(is_missing, ("0", "none", "-")))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_number_is_read_as_itself(value: float) -> None:
    assert read_number(repr(value)) == value


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from([*GOOD, "tail", "", "\0"]), JSON),
)
def test_whatever_is_sent_is_taken_whole_or_refused_by_name(values: dict[str, Any]) -> None:
    checked = check_values(FEATURES, {**GOOD, **values})
    for problem in checked.problems:
        assert problem.field in {**GOOD, **values}
        assert problem.field in problem.message
    if not checked.problems:
        matrix = matrix_of(FEATURES, [checked.values])
        assert matrix.shape == (1, 4)
        # Only what may be missing is; and trees compute in float32.
        assert not math.isnan(matrix[0, 1])
        assert abs(matrix[0, 1]) < 3e38


def test_usual_values_are_medians_and_what_is_most_frequent() -> None:
    assert usual_values(FEATURES).tolist() == [1100, 2.5, 0, 0]


def test_the_features_of_versions_that_were_stored_before_they_had_a_type_are_read() -> None:
    stored: list[dict[str, Any]] = [
        {
            "name": "area (sqft)", "label": "area", "type": "number", "unit": "sqft", "min": 500.0, "max": 1500,
            "mean": 1050.0, "choices": None, "required": False, "missing": 1, "default": 1100.0, "whole": True,
            "histogram": {"edges": [500.0, 1000.0, 1500.0], "counts": [1, 3]}, "importance": 0.25,
        },
        {
            "name": "garden", "label": "garden", "type": "boolean", "unit": None, "min": None, "max": None, "mean": None,
            "choices": None, "required": True, "missing": 0, "default": False,
            "counts": [{"choice": True, "count": 1}, {"choice": False, "count": 3}], "importance": -0.01,
        },
        {
            "name": "file", "label": "photo", "type": "image", "unit": None, "min": None, "max": None, "mean": None,
            "choices": None, "default": None, "required": True, "missing": 0,
        },
    ]  # fmt: skip
    area, garden, photo = features_from(stored)
    assert (area.range, area.median, area.importance) == ((500, 1500), 1100, 0.25)
    assert garden.counts
    assert (garden.counts[1].choice, garden.default) == (False, False)
    assert photo.type == "image"
    assert msgspec.to_builtins(garden) == {
        **stored[1],
        "counts": ({"choice": True, "count": 1}, {"choice": False, "count": 3}),
    }
