"""Query and form values: only what is plainly right is taken, and a refusal names its field."""

from collections.abc import Sequence
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import BadParameter, ImageNotFound
from web.http.errors import BadParameters, UnknownFields
from web.http.parameter_sets import NoParameters, Parameters, fields_of, read_json, read_values
from web.http.parameters import (
    Choice,
    Color,
    ImageIds,
    Integer,
    Moment,
    Number,
    Tags,
    Text,
    clean_tags,
    moment_of,
)


class Everything(Parameters):
    """One parameter of each kind."""

    colors: Annotated[int, Integer("", 2, 16)] = 6
    shift: Annotated[int, Integer("", -9, 9)] = 0
    diversity: Annotated[float, Number("")] = 0.0
    format: Annotated[str, Choice("", ("json", "css"))] = "json"
    color: Annotated[str | None, Color("")] = None
    caption: Annotated[str | None, Text("", 20)] = None
    tags: Annotated[tuple[str, ...], Tags("")] = ()
    images: Annotated[tuple[int, ...] | None, ImageIds("", 3)] = None
    since: Annotated[str | None, Moment("")] = None


def read(**values: Sequence[str]) -> Everything:
    return read_values(Everything, values)


def colors(*values: str) -> int:
    return read(colors=values).colors


def diversity(*values: str) -> float:
    return read(diversity=values).diversity


def color(*values: str) -> str | None:
    return read(color=values).color


def caption(*values: str) -> str | None:
    return read(caption=values).caption


def tags(*values: str) -> list[str]:
    return list(read(tags=values).tags)


@pytest.mark.parametrize(("raw", "value"), [("2", 2), ("16", 16), ("007", 7)])
def test_a_whole_number_within_bounds_is_taken(raw: str, value: int) -> None:
    assert colors(raw) == value


@pytest.mark.parametrize(
    "raw",
    [
        *(
            "abc",
            "-1",
            "-6",
            "",
            " ",
            "1_0",
            "５",
            "٣",
            "+6",
            " 6",
            "6 ",
            "6\n",
            "6.0",
            "6e0",
            "0x6",
            "1",
            "17",
        ),
        *(str(10**20), "10^20", "9" * 5000, "0" * 5000 + "6", "-", "--6", "six", "6,7", "²", "Ⅵ"),
    ],
)
def test_anything_else_is_no_whole_number(raw: str) -> None:
    with pytest.raises(BadParameter) as refusal:
        colors(raw)
    assert refusal.value.field == "colors"
    assert refusal.value.message == "colors must be a whole number from 2 to 16."


def test_a_negative_number_is_taken_where_the_bounds_allow_it() -> None:
    assert read(shift=["-5"]).shift == -5


@pytest.mark.parametrize(("raw", "value"), [("0", 0.0), ("1", 1.0), ("0.25", 0.25), ("1.000", 1.0)])
def test_a_number_within_bounds_is_taken(raw: str, value: float) -> None:
    assert diversity(raw) == value


@pytest.mark.parametrize(
    "raw",
    [
        *(
            "",
            " ",
            "nan",
            "NaN",
            "inf",
            "-inf",
            "infinity",
            "1e5",
            "1e-1",
            "0_1",
            "0.1_0",
            "+0.5",
            " 0.5",
            "0.5 ",
        ),
        *(".5", "1.", "0,5", "٠.٥", "-0.1", "1.01", "0.5\n", "0." + "1" * 5000, "0x1", "half"),
    ],
)
def test_anything_else_is_no_number(raw: str) -> None:
    with pytest.raises(BadParameter) as refusal:
        diversity(raw)
    assert refusal.value.field == "diversity"
    assert refusal.value.message == "diversity must be a number from 0 to 1, such as 0.5."


def test_a_choice_is_taken_as_written_and_no_other_way() -> None:
    assert read(format=["css"]).format == "css"
    for raw in ("CSS", " css", "", "xml"):
        with pytest.raises(BadParameter, match="format must be one of json, css") as refusal:
            read(format=[raw])
        assert refusal.value.field == "format"


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("  a cat \t", "a cat"),
        ("", None),
        ("e\u0301te\u0301", "été"),
        ("x" * 20, "x" * 20),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("e\u0301" * 20, "é" * 20),
    ],
)
def test_text_is_stripped_and_normalised(raw: str, value: str | None) -> None:
    assert caption(raw) == value


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("a\0b", "control characters"),
        ("a\nb", "control characters"),
        ("a\x1bb", "control characters"),
        ("a\x85b", "control characters"),
        ("a\u2028b", "control characters"),
        ("a\u2029b", "control characters"),
        ("a\ud800b", "control characters"),
        ("x" * 21, "at most 20 characters"),
        ("\u0301\u0316" * 500_000, "at most 20 characters"),
    ],
)
def test_text_that_cannot_be_kept_is_refused(raw: str, reason: str) -> None:
    with pytest.raises(BadParameter, match=reason) as refusal:
        caption(raw)
    assert refusal.value.field == "caption"


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("one,two", ["one", "two"]),
        (" one , two,one ,", ["one", "two"]),
        ("", []),
        (",,", []),
        ("Katze,été,e\u0301te\u0301", ["Katze", "été"]),
        ("x" * 64, ["x" * 64]),
        (",".join(f"tag {n}" for n in range(32)), [f"tag {n}" for n in range(32)]),
        (",".join(["same"] * 500), ["same"]),
    ],
)
def test_tags_come_apart_at_commas_once_each(raw: str, value: list[str]) -> None:
    assert tags(raw) == value


@pytest.mark.parametrize(
    "raw", ["x" * 65, "a\0", "one,tw\no", ",".join(f"tag {n}" for n in range(33)), "a," * 500_000]
)
def test_tags_that_cannot_be_kept_are_refused(raw: str) -> None:
    with pytest.raises(BadParameter) as refusal:
        tags(raw)
    assert refusal.value.field == "tags"


def test_a_tag_from_a_json_list_may_hold_no_comma() -> None:
    assert clean_tags("tags", ["one ", "two", "one"]) == ("one", "two")
    with pytest.raises(BadParameter, match="without commas"):
        clean_tags("tags", ["one,two"])


@pytest.mark.parametrize("raw", ["#1e90ff", "1e90ff", "#1E90FF", "%231e90FF"])
def test_a_colour_is_taken_with_or_without_its_sign_in_either_case(raw: str) -> None:
    assert color(raw) == "#1e90ff"


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "#",
        "#fff",
        "red",
        "#1e90f",
        "#1e90ff0",
        "##1e90ff",
        "#1e90fg",
        " #1e90ff",
        "#１e90ff",
        "#1e90ff\n",
    ],
)
def test_anything_else_is_no_colour(raw: str) -> None:
    with pytest.raises(BadParameter, match="color must be a colour such as #1e90ff") as refusal:
        color(raw)
    assert refusal.value.field == "color"


@pytest.mark.parametrize(
    ("raw", "first", "last"),
    [
        ("2026-03-09", "2026-03-09T00:00:00+00:00", "2026-03-09T23:59:59.999999+00:00"),
        ("2026-03-09T14:05:00Z", "2026-03-09T14:05:00+00:00", "2026-03-09T14:05:00+00:00"),
        ("2026-03-09t14:05:00.25z", "2026-03-09T14:05:00.250000+00:00", "2026-03-09T14:05:00.250000+00:00"),
        ("2026-03-09T14:05:00+02:00", "2026-03-09T12:05:00+00:00", "2026-03-09T12:05:00+00:00"),
        ("2026-03-09T14:05:00 02:00", "2026-03-09T12:05:00+00:00", "2026-03-09T12:05:00+00:00"),
        ("2026-03-09T14:05", "2026-03-09T14:05:00+00:00", "2026-03-09T14:05:00+00:00"),
        ("9999-12-31", "9999-12-31T00:00:00+00:00", "9999-12-31T23:59:59.999999+00:00"),
    ],
)
def test_a_day_or_a_time_is_a_moment_in_utc(raw: str, first: str, last: str) -> None:
    since = read(since=[raw]).since
    assert since is not None
    assert moment_of(since).isoformat() == first
    assert moment_of(since, end=True).isoformat() == last


@pytest.mark.parametrize(
    "raw",
    [
        *(
            "",
            "yesterday",
            "2026",
            "2026-03",
            "20260309",
            "2026-W10-1",
            "2026-02-30",
            "09.03.2026",
            "0000-01-01",
        ),
        *("2026-03-09T25:00Z", "2026-03-09 14:05", "٢٠٢٦-03-09", "0001-01-01T00:00+14:00", "2026-03-09\n"),
        "9999-12-31T23:59-14:00",
    ],
)
def test_anything_else_is_no_moment(raw: str) -> None:
    with pytest.raises(BadParameter) as refusal:
        read(since=[raw])
    assert "such as 2026-03-09" in refusal.value.message


def test_a_parameter_that_is_absent_has_its_default() -> None:
    assert (colors(), diversity(), color(), caption(), tags()) == (6, 0.0, None, None, [])
    assert read() == Everything()


def test_a_parameter_given_twice_is_refused() -> None:
    for twice in (
        lambda: colors("6", "6"),
        lambda: diversity("0", "0"),
        lambda: color("#000000", "#000000"),
        lambda: caption("a", "a"),
        lambda: read(format=["css", "css"]),
    ):
        with pytest.raises(BadParameter, match="must be given once"):
            twice()


@given(raw=st.text(max_size=12) | st.integers().map(str) | st.floats().map(str))
def test_any_text_gives_a_value_within_bounds_or_our_error(raw: str) -> None:
    for parse, low, high in ((colors, 2, 16), (diversity, 0, 1)):
        try:
            value = parse(raw)
        except BadParameter:
            continue
        assert low <= value <= high
        assert raw.isascii()


def test_all_that_is_wrong_is_reported_at_once() -> None:
    with pytest.raises(BadParameters) as refusal:
        read(colors=["1"], format=["xml"], caption=["fine"])
    assert [problem.field for problem in refusal.value.problems] == ["colors", "format"]


def test_an_empty_field_of_a_form_counts_as_left_out_where_that_is_said() -> None:
    assert read_values(Everything, {"colors": [""], "color": [""]}, blank_is_absent=True) == Everything()


def test_tags_may_be_repeated_as_well_as_separated_by_commas() -> None:
    assert tags("red, round", "round", "new") == ["red", "round", "new"]


@pytest.mark.parametrize(
    "raw",
    [
        '["a"]',
        '["red", "round"]',
        "['a', 'b']",
        "('a',)",
        "[]",
        "[ ]",
        "[1, 2]",
        "[a, b]",
        "{red,round}",
        '{"a": 1}',
        '["a", "b"',
        '"a","b"',
        "'a', 'b'",
        '"a"',
    ],
)
def test_a_list_as_a_program_writes_it_is_no_tags_of_a_form(raw: str) -> None:
    for values in ([raw], ["fine", raw], [f" {raw}\n"]):
        with pytest.raises(BadParameter, match="separate the tags by commas"):
            tags(*values)


@pytest.mark.parametrize(
    "raw", ["[draft]", "[draft], [final]", "a [b]", "(c)", 'the "old" one, a', "f(x)", "don't, can't"]
)
def test_a_tag_may_have_brackets_and_quotes(raw: str) -> None:
    assert tags(raw) == [tag.strip() for tag in raw.split(",")]


def test_names_that_are_not_declared_are_refused_in_a_query_where_that_is_said_along_with_all_else() -> None:
    assert read_values(Everything, {"other": ["1"]}) == Everything()
    with pytest.raises(BadParameters, match="It takes colors, shift, diversity") as refusal:
        read_values(Everything, {"other": ["1"], "colors": ["1"]}, refuse_unknown=True)
    assert [problem.field for problem in refusal.value.problems] == ["other", "colors"]
    with pytest.raises(BadParameters, match="It takes none"):
        read_values(NoParameters, {"other": ["1"]}, refuse_unknown=True)


def test_names_that_are_not_declared_are_refused_in_a_body() -> None:
    with pytest.raises(UnknownFields) as refusal:
        read_json(Everything, {"other": 1, "colors": 3})
    assert [problem.field for problem in refusal.value.problems] == ["other"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("colors", "6"),
        ("colors", 6.0),
        ("colors", True),
        ("colors", None),
        ("colors", 17),
        ("diversity", "0.5"),
        ("diversity", True),
        ("format", None),
        ("caption", 7),
        ("tags", "one,two"),
        ("tags", ["one", 2]),
        ("tags", None),
        ("images", []),
        ("images", ["1", "2", "3", "4"]),
        ("images", [1]),
    ],
)
def test_a_value_of_another_type_is_refused_in_a_body(name: str, value: Any) -> None:
    with pytest.raises(BadParameters) as refusal:
        read_json(Everything, {name: value})
    assert [problem.field for problem in refusal.value.problems] == [name]


def test_null_takes_a_text_away() -> None:
    assert read_json(Everything, {"caption": None}).caption is None


def test_ids_that_could_not_have_been_given_out_name_none_in_a_query_and_are_not_found_in_a_body() -> None:
    assert read(images=["1,x,2"]).images == (1, 2)
    with pytest.raises(ImageNotFound):
        read_json(Everything, {"images": ["x"]})


class Needed(Parameters):
    mode: Annotated[str, Choice("", ("full", "incremental"))]


def test_what_may_not_be_left_out_is_named() -> None:
    with pytest.raises(BadParameters, match="mode is missing"):
        read_json(Needed, {})
    with pytest.raises(BadParameters, match="mode is missing"):
        read_values(Needed, {})


def test_a_set_describes_itself_by_what_it_checks() -> None:
    described = {field.name: field.schema() for field in fields_of(Everything)}
    assert described["colors"] == {"type": "integer", "minimum": 2, "maximum": 16, "default": 6}
    assert described["format"] == {"type": "string", "enum": ["json", "css"], "default": "json"}
    assert "default" not in described["color"]


def test_a_set_describes_what_json_may_hold_as_json() -> None:
    described = {field.name: field.schema(in_json=True) for field in fields_of(Everything)}
    assert described["caption"]["type"] == ["string", "null"]
    assert described["tags"] == {"type": "array", "items": {"type": "string"}}
    assert described["images"]["items"] == {"type": "string"}
    assert described["colors"]["type"] == "integer"
