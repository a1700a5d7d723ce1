"""What colours are called."""

import csv
import json
import os
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.colour import RGB, Swatch, hex_to_rgb, rgb_to_hex
from shared.colour_names import (
    BASIC_TERMS,
    basic_term,
    basic_term_of_color,
    color_name,
    named_colors,
    palette_names,
)

DATA = Path(os.environ.get("VITRINE_TEST_DATA") or Path(__file__).parents[4] / "shared" / "data")

channels = st.integers(0, 255)
colors = st.tuples(channels, channels, channels)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("#ff0000", "red"),
        ("#0000ff", "blue"),
        ("#008000", "green"),
        ("#ffffff", "white"),
        ("#000000", "black"),
        ("#808080", "grey"),
        ("#ffa500", "orange"),
        ("#800000", "maroon"),
        ("#03719c", "ocean blue"),
        ("#c0c0c0", "silver"),
        ("#008080", "teal"),
    ],
)
def test_a_named_colour_bears_its_name(code: str, name: str) -> None:
    assert color_name(hex_to_rgb(code)) == name


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("#f5edda", {"cream"}),
        ("#faf0e6", {"linen"}),
        ("#e6daa6", {"beige"}),
        ("#dfe9f3", {"mist", "frost", "alice blue"}),
        ("#f0dbd5", {"rosewater", "blush"}),
        ("#0d2340", {"midnight", "midnight blue", "dark navy"}),
        ("#123a1c", {"myrtle", "forest", "dark forest green", "dark forest"}),
        ("#2d1b2e", {"sloe", "aubergine"}),
    ],
)
def test_pale_and_dark_tones_are_named_by_the_hue_that_is_seen(code: str, names: set[str]) -> None:
    assert color_name(hex_to_rgb(code)) in names


@pytest.mark.parametrize("level", range(0, 256, 5))
@pytest.mark.parametrize("cast", [(0, 0, 0), (1, 0, 0), (0, 1, 1), (0, 0, 2)])
def test_a_grey_bears_the_name_of_a_grey(level: int, cast: tuple[int, int, int]) -> None:
    red, green, blue = (min(level + part, 255) for part in cast)
    assert basic_term(color_name((red, green, blue))) in {"grey", "black", "white"}


@given(rgb=colors)
def test_every_colour_has_a_name_with_a_basic_term(rgb: RGB) -> None:
    assert basic_term(color_name(rgb)) in BASIC_TERMS


@pytest.mark.parametrize(
    ("name", "term"), [("pale yellow", "yellow"), ("cream", "yellow"), ("navy", "blue"), ("tan", "brown")]
)
def test_the_term_of_a_name_is_its_last_word_or_what_the_table_says(name: str, term: str) -> None:
    assert basic_term(name) == term


def test_names_that_are_not_there_have_no_term() -> None:
    with pytest.raises(KeyError):
        basic_term("quux")


@given(st.lists(colors, min_size=1, max_size=16, unique=True))
def test_no_two_swatches_of_a_palette_bear_one_name(palette: list[RGB]) -> None:
    names = palette_names([Swatch(rgb_to_hex(rgb), 1 / len(palette)) for rgb in palette])
    assert len(set(names)) == len(palette)
    assert names[0] == color_name(palette[0])


def test_the_first_of_two_alike_keeps_the_name() -> None:
    first, second = palette_names([Swatch("#c0c0c0", 0.5), Swatch("#c1c1c1", 0.5)])
    assert first == "silver"
    assert basic_term(second) == "grey"


def test_people_would_call_colours_as_their_names_do() -> None:
    """A twentieth of the colours that people were asked about."""
    file = DATA / "colour-terms.json"
    if not file.exists():
        pytest.skip("what people call colours is not here: set VITRINE_TEST_DATA")
    asked = json.loads(file.read_text())[::20]
    named = [basic_term(color_name(hex_to_rgb(each["hex"]))) for each in asked]
    told = [basic_term_of_color(hex_to_rgb(each["hex"])) for each in asked]
    terms = [each["term"] for each in asked]
    assert sum(map(str.__eq__, named, terms)) / len(asked) > 0.97
    assert sum(map(str.__eq__, told, terms)) / len(asked) > 0.99


def test_the_table_of_names_is_clean() -> None:
    table = files("shared").joinpath("data/colour_names.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(table.splitlines()))
    assert len(rows) > 800
    assert len({row["hex"] for row in rows}) == len(rows)
    assert rows == sorted(rows, key=lambda row: (row["name"], row["hex"]))
    rude = {
        "shit",
        "poo",
        "poop",
        "puke",
        "vomit",
        "snot",
        "booger",
        "piss",
        "diarrhea",
        "barf",
        "bile",
        "ugly",
    }
    for row in rows:
        assert row["name"].replace(" ", "").isalpha()
        assert row["name"].islower()
        assert not rude & set(row["name"].split())


def test_a_name_stands_under_one_term() -> None:
    terms = {(named.name, named.term) for named in named_colors()}
    assert len(terms) == len({name for name, _ in terms})
    assert {term for _, term in terms} == set(BASIC_TERMS)
    assert all(basic_term(name) == term for name, term in terms)
