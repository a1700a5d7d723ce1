"""What pages show, worked out from colours and numbers alone; and what the site's files may weigh."""

import math
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import web.app
from shared.colour import OKLCH, Swatch, contrast_ratio, hex_to_rgb, rgb_to_oklab, rgb_to_oklch
from web.layout import words
from web.layout.error_view import error_heading
from web.palettes.view_models.accent import DARK_GROUND, LIGHT_GROUND, accent_of, oklch_to_rgb
from web.photos.view_models.picture import gradient

STATIC = Path(web.app.__file__).parent / "static"
channels = st.integers(0, 255)
colors = st.tuples(channels, channels, channels)


# --- the accent -------------------------------------------------------------------------------------------------


@given(colors)
def test_every_accent_can_be_read_on_the_grounds_of_both_themes(rgb: tuple[int, int, int]) -> None:
    accent = accent_of([Swatch("#{:02x}{:02x}{:02x}".format(*rgb), 1.0)])
    if accent is None:
        assert rgb_to_oklch(rgb).c < 0.03
        return
    assert contrast_ratio(hex_to_rgb(accent.light), oklch_to_rgb(LIGHT_GROUND)) >= 4.5
    assert contrast_ratio(hex_to_rgb(accent.dark), oklch_to_rgb(DARK_GROUND)) >= 4.5


@given(colors)
def test_a_colour_survives_the_way_to_oklch_and_back(rgb: tuple[int, int, int]) -> None:
    assert oklch_to_rgb(rgb_to_oklch(rgb)) == rgb


# From 0.15 on, since nearer to black the steps of 8 bits are larger than this looks for.
@given(st.floats(0.15, 1), st.floats(0, 0.4), st.floats(0, 359))
def test_colours_beyond_srgb_lose_chroma_and_keep_their_lightness(
    lightness: float, chroma: float, hue: float
) -> None:
    found = rgb_to_oklch(oklch_to_rgb(OKLCH(lightness, chroma, hue)))
    assert found.l == pytest.approx(lightness, abs=0.02)
    assert found.c <= chroma + 0.02


def test_the_accent_keeps_the_hue_of_the_strongest_colour() -> None:
    palette = [Swatch("#808080", 0.6), Swatch("#e08010", 0.3), Swatch("#00ff00", 0.001)]
    accent = accent_of(palette)
    assert accent is not None
    orange = rgb_to_oklch(hex_to_rgb("#e08010")).h
    assert rgb_to_oklch(hex_to_rgb(accent.light)).h == pytest.approx(orange, abs=6)
    assert rgb_to_oklch(hex_to_rgb(accent.dark)).h == pytest.approx(orange, abs=6)


def test_a_colour_that_can_be_read_already_stays_as_it_is() -> None:
    accent = accent_of([Swatch("#7a1f1f", 1.0)])
    assert accent is not None
    assert accent.light == "#7a1f1f"


def test_photos_without_colour_have_no_accent() -> None:
    assert accent_of([Swatch("#101010", 0.5), Swatch("#f0f0f0", 0.5)]) is None
    assert accent_of([]) is None


def test_the_accent_is_reckoned_on_the_grounds_of_the_style_sheet() -> None:
    tokens = (STATIC / "css/tokens.css").read_text()
    for name in ("ground", "sunken"):
        found = re.search(rf"--{name}: light-dark\(oklch\((.+?)\), oklch\((.+?)\)\)", tokens)
        assert found is not None
        light, dark = (_oklch(each) for each in found.groups())
        # The ground that is nearer to the text in lightness is the one that text can be read on least well.
        assert light.l >= LIGHT_GROUND.l
        assert dark.l <= DARK_GROUND.l
        assert math.dist(rgb_to_oklab(oklch_to_rgb(light)), rgb_to_oklab(oklch_to_rgb(LIGHT_GROUND))) < 0.05


def _oklch(text: str) -> OKLCH:
    lightness, chroma, hue = text.split()
    return OKLCH(float(lightness.rstrip("%")) / 100, float(chroma), float(hue))


# --- pictures ---------------------------------------------------------------------------------------------------


def test_a_ground_can_be_made_of_any_number_of_colours() -> None:
    assert gradient([]) == "none"
    assert gradient(["#111111"]).count("#111111") == 2
    assert gradient(["#111111", "#222222", "#333333"]).endswith("#222222, #111111, #333333)")


# --- words ------------------------------------------------------------------------------------------------------


def test_numbers_are_written_as_people_write_them() -> None:
    assert words.count(1, "photo", "photos") == "1 photo"
    assert words.count(2608, "photo", "photos") == "2,608 photos"
    assert [words.file_size(size) for size in (1, 999, 48_200, 3_420_000)] == [
        "1 byte",
        "999 bytes",
        "48 kB",
        "3.4 MB",
    ]
    assert [words.share(part) for part in (0.0, 0.001, 0.341, 1.0)] == ["0 %", "< 1 %", "34 %", "100 %"]


def test_times_are_written_in_utc() -> None:
    eastern = datetime.fromisoformat("2026-03-03T09:05:00-05:00")
    assert words.moment(eastern) == "3 March 2026, 14:05 UTC"
    assert words.moment(datetime(2026, 11, 21, 6, 8, tzinfo=UTC)) == "21 November 2026, 06:08 UTC"


@pytest.mark.parametrize(
    ("offset", "text"),
    [
        (120, "4 March 2026, 00:30 (UTC+02:00)"),
        (-210, "3 March 2026, 19:00 (UTC-03:30)"),
        (0, "3 March 2026, 22:30 (UTC)"),
        (None, "3 March 2026, 22:30 (time zone unknown)"),
    ],
)
def test_a_time_is_shown_as_its_clock_had_it(offset: int | None, text: str) -> None:
    assert words.clock_time(datetime(2026, 3, 3, 22, 30, tzinfo=UTC), offset) == text


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-1, "0.0 s"),
        (0.44, "0.4 s"),
        (12.4, "12 s"),
        (59.7, "1 min 0 s"),
        (200, "3 min 20 s"),
        (7530, "2 h 5 min"),
    ],
)
def test_durations_are_written_in_two_units_at_most(seconds: float, expected: str) -> None:
    assert words.duration(timedelta(seconds=seconds)) == expected


def test_every_error_has_a_heading() -> None:
    assert error_heading(404) == "There is nothing here"
    assert error_heading(418) == error_heading(400)
    assert error_heading(502) == error_heading(500)


# --- what the site's files may weigh ------------------------------------------------------------------------------


def test_the_font_stays_small() -> None:
    sizes = [path.stat().st_size for path in STATIC.glob("fonts/*.woff2")]
    assert 0 < sum(sizes) <= 120_000


def test_type_and_icons_come_with_their_licences() -> None:
    assert "SIL OPEN FONT LICENSE" in (STATIC / "fonts/LICENSE").read_text()
    assert "ISC License" in (STATIC / "icons/LICENSE").read_text()


def test_templates_use_only_icons_that_are_there() -> None:
    kept = set(re.findall(r'<symbol id="([a-z0-9-]+)"', (STATIC / "icons/lucide.svg").read_text()))
    templates = [path.read_text() for path in (STATIC.parent / "templates").rglob("*.html")]
    used = {name for text in templates for name in re.findall(r'icon\("([a-z0-9-]+)"\)', text)}
    assert used
    assert used <= kept
