"""Figures, forms and plots of predictors as their pages show them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.predictors.features import Feature
from shared.predictors.metrics import CalibrationBin
from shared.predictors.values import check_values
from web.http.errors import FieldProblem
from web.predictors.view_models import figures, plots
from web.predictors.view_models.form import MOST_IN_SIGHT, make_form

finite = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (165.0, "165"),
        (0.0123, "0.0123"),
        (0.000012345, "0.00001234"),
        (1582.5, "1,582"),
        (23410.4, "23,410"),
        (-3.5, "−3.5"),
        (1.5e13, "1.5e+13"),
        (2e-9, "2e−09"),
    ],
)
def test_figures_have_four_digits_that_count(value: float, text: str) -> None:
    assert figures.figure(value) == text


@given(finite)
def test_every_number_has_a_short_figure(value: float) -> None:
    assert 0 < len(figures.figure(value)) <= 20


@given(finite)
def test_a_value_in_a_field_is_read_back_as_it_was(value: float) -> None:
    checked = check_values([number("x")], {"x": figures.exact(value)})
    assert checked.values["x"] == value


@pytest.mark.parametrize(
    ("share", "text"), [(1.0, "> 99 %"), (0.0, "< 1 %"), (0.996, "> 99 %"), (0.5, "50 %"), (0.004, "< 1 %")]
)
def test_a_model_is_never_certain(share: float, text: str) -> None:
    assert figures.probability(share).replace("\N{NO-BREAK SPACE}", " ") == text


def test_what_was_counted_may_be_all_or_none() -> None:
    counted = [
        figures.percent(share).replace("\N{NO-BREAK SPACE}", " ") for share in (1.0, 0.0, 0.999, 0.001)
    ]
    assert counted == ["100 %", "0 %", "> 99 %", "< 1 %"]


def number(name: str, importance: float = 0.0) -> Feature:
    return Feature(
        name=name,
        label=name,
        type="number",
        min=0.0,
        max=2.0,
        default=1.0,
        required=True,
        missing=0,
        importance=importance,
    )


def test_what_matters_least_is_folded_away_and_opened_where_it_has_a_problem() -> None:
    features = [number(f"f{place}", importance=float(place)) for place in range(MOST_IN_SIGHT + 2)]
    form = make_form(features, 10)
    assert [field.name for field in form.more] == ["f0", "f1"]
    assert [field.name for field in form.fields] == [f"f{place}" for place in range(2, MOST_IN_SIGHT + 2)]
    assert not form.open
    assert make_form(features, 10, {}, [FieldProblem("f1", "f1 is missing.")]).open
    assert len({field.id for field in (*form.fields, *form.more)}) == len(features)


def test_a_problem_of_no_field_is_said_for_the_whole_form() -> None:
    form = make_form([number("a")], 10, {"a": "1"}, [FieldProblem("b", "b is not a feature.")])
    assert form.problems == ("b is not a feature.",)


# Training refuses numbers beyond 1e30; answers to the rows may lie somewhat further out.
@given(st.lists(st.tuples(st.floats(-1e36, 1e36), st.floats(-1e36, 1e36)), min_size=1, max_size=20))
def test_every_point_of_a_plot_lies_within_its_axes(pairs: list[tuple[float, float]]) -> None:
    for plot in (plots.pairs_plot(pairs, "x"), plots.residuals_plot(pairs, "x")):
        for dot in plot.dots:
            assert plots.LEFT <= dot.x <= plots.RIGHT
            assert plots.TOP <= dot.y <= plots.BOTTOM


def test_a_perfect_curve_runs_along_the_left_and_the_top() -> None:
    plot = plots.roc_plot("cat", [(0.0, 0.0), (0.0, 1.0), (1.0, 1.0)])
    assert plot.line == f"{plots.LEFT},{plots.BOTTOM} {plots.LEFT},{plots.TOP} {plots.RIGHT},{plots.TOP}"
    assert "1.000" in plot.summary


def test_the_areas_of_calibration_dots_are_as_their_counts() -> None:
    bins = [
        CalibrationBin(low=0.6, high=0.7, confidence=0.6, accuracy=0.5, rows=25),
        CalibrationBin(low=0.9, high=1, confidence=0.9, accuracy=0.9, rows=100),
    ]
    small, large = plots.calibration_plot(bins).dots
    assert large.radius / small.radius == 2


def test_the_highest_column_fills_its_place_and_empty_ones_are_left_out() -> None:
    drawn = plots.columns([0, 5, 10])
    assert [column.height for column in drawn] == [50, 100]
    assert plots.columns([0, 0]) == ()
