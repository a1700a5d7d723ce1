"""What the palette studio works out: themes, palettes in addresses, and the bars of charts beside it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.colour import Swatch, contrast_ratio, hex_to_rgb
from shared.errors import BadParameter
from web.jobs.view_models.chart import HEIGHT, WIDTH, make_chart
from web.palettes.view_models.studio import parse_swatches
from web.palettes.view_models.theme import grade, ratio_in_words, themes

channels = st.integers(0, 255)
codes = st.tuples(channels, channels, channels).map(lambda rgb: "#{:02x}{:02x}{:02x}".format(*rgb))
palettes = st.lists(codes, min_size=1, max_size=16, unique=True).map(
    lambda hexes: [Swatch(code, 1 / len(hexes)) for code in hexes]
)


@given(palettes)
def test_everything_in_a_theme_can_be_read(swatches: list[Swatch]) -> None:
    for theme in themes(swatches):
        written = [
            (theme.ink, theme.ground),
            (theme.link, theme.ground),
            (theme.button_text, theme.button),
            (theme.tag_text, theme.tag),
        ]
        for text, ground in written:
            assert contrast_ratio(hex_to_rgb(text), hex_to_rgb(ground)) >= 4.5
        assert {pair.grade for pair in theme.pairs} <= {"AA", "AAA"}


@given(palettes)
def test_grounds_are_the_palettes_own_lightest_and_darkest_colour(swatches: list[Swatch]) -> None:
    light, dark = themes(swatches)
    own = {swatch.hex for swatch in swatches}
    assert {light.ground, dark.ground, light.button, dark.button, light.tag, dark.tag} <= own


def test_a_colour_that_had_to_be_moved_says_what_it_was() -> None:
    light, _ = themes([Swatch("#ffffff", 0.6), Swatch("#222222", 0.3), Swatch("#ff5050", 0.1)])
    links = next(pair for pair in light.pairs if pair.words == "Links")
    assert links.moved
    assert links.before == ratio_in_words(contrast_ratio((255, 255, 255), (255, 80, 80)))
    text = next(pair for pair in light.pairs if pair.words == "Text")
    assert (text.moved, text.text, text.before) == (False, "#222222", "")


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [(7.0, "AAA"), (6.99, "AA"), (4.5, "AA"), (4.49, "large text only"), (2.9, "not for text")],
)
def test_contrast_is_graded_as_wcag_has_it(ratio: float, expected: str) -> None:
    assert grade(ratio) == expected


def test_what_falls_short_never_reads_as_if_it_did_not() -> None:
    assert ratio_in_words(4.4999) == "4.49:1"
    assert ratio_in_words(21.0) == "21:1"


# --- addresses --------------------------------------------------------------------------------------------------


def test_an_address_carries_colours_and_shares() -> None:
    found = parse_swatches("1E90ff-ffd700", "3-1")
    assert found == [Swatch("#1e90ff", 0.75), Swatch("#ffd700", 0.25)]
    assert [swatch.proportion for swatch in parse_swatches("1e90ff-ffd700", None)] == [0.5, 0.5]


@given(st.text(max_size=40), st.none() | st.text(max_size=40))
def test_any_other_address_is_refused(colors: str, shares: str | None) -> None:
    try:
        found = parse_swatches(colors, shares)
    except BadParameter:
        return
    assert sum(swatch.proportion for swatch in found) == pytest.approx(1)


# --- charts -----------------------------------------------------------------------------------------------------


def test_bars_stand_at_their_time_and_are_as_high_as_their_count() -> None:
    since, step = datetime(2026, 3, 1, 12, tzinfo=UTC), timedelta(minutes=5)
    counts = {since: 50, since + 11 * step: 100, since + 5 * step: 1}
    chart = make_chart("Done", "done", counts, since=since, step=step, steps=12)
    first, small, last = sorted(chart.bars, key=lambda bar: bar.x)
    assert (first.height, last.height) == (HEIGHT / 2, HEIGHT)
    assert 0 <= first.x < WIDTH / 12
    assert WIDTH * 11 / 12 <= last.x < last.x + last.width <= WIDTH
    assert small.height >= 2, "what is there is seen"
    assert all(bar.y + bar.height == pytest.approx(HEIGHT, abs=0.02) for bar in chart.bars)
    assert (chart.total, chart.most, chart.begin) == ("151", "100", "12:00")
    assert chart.words == "Done since 12:00 UTC: 151 in all, at most 100 in 5 minutes."


def test_a_chart_of_nothing_has_no_bars() -> None:
    since = datetime(2026, 3, 1, tzinfo=UTC)
    chart = make_chart("Failed", "failed", {}, since=since, step=timedelta(minutes=1), steps=60)
    assert (chart.bars, chart.total, chart.most) == ((), "0", "0")
