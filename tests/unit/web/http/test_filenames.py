"""Names of uploaded files: whatever comes, one short visible line goes out."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.http.filenames import MAX_CHARACTERS, decode_name, display_name

BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
NAMES = {
    "cat.jpg": "cat.jpg",
    "../../etc/passwd": "passwd",
    "C:\\Users\\me\\Pictures\\cat.jpg": "cat.jpg",
    "/tmp/a\\b/cat.jpg": "cat.jpg",
    "cat\0.jpg": "cat.jpg",
    "cat\r\nSet-Cookie: x.jpg": "catSet-Cookie: x.jpg",
    "gpj.\u202etac.exe": "gpj.tac.exe",
    "\u2066c\u200ba\u200dt\ufeff.jpg\u2069": "cat.jpg",
    "e\u0301te\u0301.png": "été.png",
    "  my \t holiday\u00a0 photo .jpg ": "my holiday photo .jpg",
    "a\u2028b\u2029c.jpg": "abc.jpg",
    "half\ud800.jpg": "half.jpg",
    "猫 😺.webp": "猫 😺.webp",
    "/home/me/DCIM/cat.jpg": "cat.jpg",
    "\\\\server\\share\\cat.jpg": "cat.jpg",
    "👩\u200d👩\u200d👧.jpg": "👩\u200d👩\u200d👧.jpg",
    "🏳\ufe0f\u200d🌈 🧑🏽\u200d🦰 1\ufe0f\u20e3.png": "🏳\ufe0f\u200d🌈 🧑🏽\u200d🦰 1\ufe0f\u20e3.png",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f.jpg": (
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f.jpg"
    ),
    "می\u200cخواهم.jpg": "می\u200cخواهم.jpg",
    "ක්\u200dෂ क्\u200dष.jpg": "ක්\u200dෂ क्\u200dष.jpg",
    "\u200d👩\u200d.jpg": "👩.jpg",
    "می\u200c\u200c.jpg": "می\u200c.jpg",
    "gar\u00adden \u3164\U000e0041.jpg": "garden .jpg",
    "v1.2 final": "v1.2 final",
    "<script>.svg": "<script>.svg",
    ".jpg": ".jpg",
    "archive.tar.gz": "archive.tar.gz",
}


@pytest.mark.parametrize("raw", NAMES)
def test_a_name_is_made_fit_to_be_shown(raw: str) -> None:
    assert display_name(raw) == NAMES[raw]


@pytest.mark.parametrize("raw", [None, "", " ", ".", "..", "../..", "folder/", "\0\0", "\u200b", "\\", ". ."])
def test_a_name_of_nothing_is_untitled(raw: str | None) -> None:
    assert display_name(raw) == "untitled"


def test_a_long_name_is_cut_and_keeps_its_extension() -> None:
    assert display_name("x" * 10_000 + ".jpeg") == "x" * 115 + ".jpeg"


def test_a_long_ending_is_no_extension() -> None:
    assert display_name("x." + "y" * 10_000) == "x." + "y" * 118


def test_hostile_combining_marks_do_not_hold_it_up() -> None:
    # Canonical ordering takes time that grows with the square of such a run: a million would never end.
    assert len(display_name("a" + "\u0301\u0316" * 500_000 + ".jpg")) == MAX_CHARACTERS


@pytest.mark.parametrize("cluster", ["👩\u200d👩\u200d👧\u200d👦", "e\u0323\u0304", "क्षि", "🇩🇪"])
def test_a_long_name_is_cut_between_what_a_reader_takes_for_characters(cluster: str) -> None:
    name = display_name("x" * 113 + cluster * 20 + ".jpg")
    whole = unicodedata.normalize("NFC", cluster)
    fit = (MAX_CHARACTERS - 113 - len(".jpg")) // len(whole)
    assert name == "x" * 113 + whole * fit + ".jpg"


def test_one_character_that_does_not_fit_is_cut_all_the_same() -> None:
    name = display_name("👩\u200d" * 200 + ".jpg")
    assert 100 < len(name) <= MAX_CHARACTERS
    assert name.endswith("👩.jpg")


def test_a_name_of_megabytes_does_not_hold_it_up() -> None:
    assert display_name("🏴" + "\U000e0041" * 5_000_000 + ".jpg") == "🏴.jpg"


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"caf\xc3\xa9.jpg", "café.jpg"),
        (b"caf\xe9.jpg", "café.jpg"),
        (b"\x93quoted\x94.jpg", "“quoted”.jpg"),
        (b"\x81.jpg", "\x81.jpg"),
    ],
)
def test_a_name_is_read_as_utf_8_or_as_what_was_before_it(raw: bytes, name: str) -> None:
    assert decode_name(raw) == name


@given(
    raw=st.text(max_size=300) | st.text("ab. /\\\0\u202e\u200b\u200c\u200d\u0301é\tم👩🏽\ufe0f", max_size=300)
)
def test_any_name_becomes_one_short_visible_line(raw: str) -> None:
    name = display_name(raw)
    assert 0 < len(name) <= MAX_CHARACTERS
    assert not any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in name)
    assert not set(name) & BIDI
    assert "/" not in name
    assert "\\" not in name
    assert name == name.strip()
    assert unicodedata.is_normalized("NFC", name)
    assert display_name(name) == name
