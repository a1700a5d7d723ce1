"""Cursors: what they keep, and that nothing else passes for one."""

import base64
from datetime import UTC, datetime
from itertools import permutations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.db.queries.photos.listing import Order, Position
from shared.errors import BadCursor
from web.http.cursors import decode_image, decode_job, encode_image, encode_job

IDS = st.integers(1, 2**63 - 1)
VALUES = {
    Order.NEWEST: st.none(),
    Order.COLOR: st.floats(0, 3),
    Order.TAKEN: st.none() | st.datetimes(datetime(1826, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    Order.NAME: st.text(
        st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=120
    ),
}


@pytest.mark.parametrize("order", Order)
@given(data=st.data())
def test_an_image_cursor_comes_back_as_it_was(order: Order, data: st.DataObject) -> None:
    position = Position(data.draw(IDS), data.draw(VALUES[order]))
    assert decode_image(encode_image(position, order), order) == position


@given(st.uuids())
def test_a_job_cursor_comes_back_as_it_was(job_id: UUID) -> None:
    assert decode_job(encode_job(job_id)) == job_id


def test_no_position_is_no_cursor() -> None:
    assert encode_image(None, Order.NEWEST) is None
    assert encode_job(None) is None
    assert decode_image(None, Order.NEWEST) is None
    assert decode_job(None) is None


def test_a_cursor_of_a_list_in_another_order_is_refused() -> None:
    positions = {
        Order.NEWEST: Position(5),
        Order.COLOR: Position(5, 0.25),
        Order.TAKEN: Position(5, datetime(2026, 3, 9, tzinfo=UTC)),
        Order.NAME: Position(5, "a.jpg"),
    }
    for order, other in permutations(Order, 2):
        with pytest.raises(BadCursor):
            decode_image(encode_image(positions[order], order), other)
    with pytest.raises(BadCursor):
        decode_job(encode_image(Position(5), Order.NEWEST))


FORGED = [
    *(
        "i0",
        "i-1",
        "i1x",
        "i9223372036854775808",
        "i5:1",
        "c5:nan",
        "c5:1e999",
        "c5:..",
        "c5",
        "j12",
        "",
        "\x00",
    ),
    *("t5:", "t5:yesterday", "t5:0001-01-01T00:00:00+14:00", "a5", "a5:", "a5:\0", "x5"),
]


@pytest.mark.parametrize("text", FORGED)
def test_a_forged_cursor_is_refused(text: str) -> None:
    cursor = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    for order in Order:
        with pytest.raises(BadCursor):
            decode_image(cursor, order)
    with pytest.raises(BadCursor):
        decode_job(cursor)


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    for order in Order:
        try:
            found = decode_image(text, order)
        except BadCursor:
            continue
        assert found is not None
