"""Cursors: what they keep, and that nothing else passes for one."""

import base64
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.db.queries.photos.images import Position
from shared.errors import BadCursor
from web.http.cursors import decode_image, decode_job, encode_image, encode_job


@given(st.integers(1, 2**63 - 1))
def test_an_image_cursor_comes_back_as_it_was(image_id: int) -> None:
    position = Position(image_id)
    assert decode_image(encode_image(position), by_color=False) == position


@given(st.integers(1, 2**63 - 1), st.floats(0, 3))
def test_a_colour_cursor_keeps_the_distance_to_the_last_bit(image_id: int, distance: float) -> None:
    position = Position(image_id, distance)
    assert decode_image(encode_image(position), by_color=True) == position


@given(st.uuids())
def test_a_job_cursor_comes_back_as_it_was(job_id: UUID) -> None:
    assert decode_job(encode_job(job_id)) == job_id


def test_no_position_is_no_cursor() -> None:
    assert encode_image(None) is None
    assert encode_job(None) is None
    assert decode_image(None, by_color=False) is None
    assert decode_job(None) is None


def test_a_cursor_of_a_list_in_another_order_is_refused() -> None:
    with pytest.raises(BadCursor):
        decode_image(encode_image(Position(5)), by_color=True)
    with pytest.raises(BadCursor):
        decode_image(encode_image(Position(5, 0.25)), by_color=False)
    with pytest.raises(BadCursor):
        decode_job(encode_image(Position(5)))


FORGED = ["i0", "i-1", "i1x", "i9223372036854775808", "c5:nan", "c5:1e999", "c5:..", "c5", "j12", "", "\x00"]


@pytest.mark.parametrize("text", FORGED)
def test_a_forged_cursor_is_refused(text: str) -> None:
    cursor = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    for by_color in (False, True):
        with pytest.raises(BadCursor):
            decode_image(cursor, by_color=by_color)
    with pytest.raises(BadCursor):
        decode_job(cursor)


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    for by_color in (False, True):
        try:
            found = decode_image(text, by_color=by_color)
        except BadCursor:
            continue
        assert found is not None
