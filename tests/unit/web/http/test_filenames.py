"""Names of uploaded files: whatever comes, one short visible line goes out."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.http.filenames import MAX_CHARACTERS, display_name

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


@given(raw=st.text(max_size=300) | st.text("ab. /\\\0\u202e\u200b\u0301é\t", max_size=300))
def test_any_name_becomes_one_short_visible_line(raw: str) -> None:
    name = display_name(raw)
    assert 0 < len(name) <= MAX_CHARACTERS
    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for char in name)
    assert "/" not in name
    assert "\\" not in name
    assert name == name.strip()
    assert unicodedata.is_normalized("NFC", name)
    assert display_name(name) == name
