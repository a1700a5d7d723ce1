"""Names in the order in which a person looks for them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.natural_order import natural_key


@pytest.mark.parametrize(
    "names",
    [
        ["a.jpg", "B.jpg", "c.jpg"],
        ["img2.jpg", "IMG10.jpg"],
        ["IMG_9.jpg", "IMG_0010.jpg", "IMG_11.jpg"],
        ["1.jpg", "20260309_140500.jpg", "a.jpg", "Île.jpg", "z.jpg"],
    ],
)
def test_names_are_ordered_as_a_person_would(names: list[str]) -> None:
    assert sorted(set(names), key=natural_key) == names


def test_case_and_accents_make_no_difference() -> None:
    assert natural_key("Éclair.JPG") == natural_key("e\u0301clair.jpg") == natural_key("eclair.jpg")


@given(st.text(max_size=300))
def test_any_name_has_a_short_key(name: str) -> None:
    assert len(natural_key(name)) <= 200
