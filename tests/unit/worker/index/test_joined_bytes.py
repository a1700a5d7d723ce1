"""Several pieces of memory as one stream."""

import io

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from worker.index.joined_bytes import JoinedBytes


@given(st.lists(st.binary(max_size=20)), st.lists(st.tuples(st.integers(0, 120), st.integers(0, 40))))
def test_reading_anywhere_is_reading_the_whole_there(
    parts: list[bytes], reads: list[tuple[int, int]]
) -> None:
    stream, plain = io.BufferedReader(JoinedBytes(parts), 8), io.BytesIO(b"".join(parts))
    assert stream.seek(0, io.SEEK_END) == plain.seek(0, io.SEEK_END)
    for place, count in reads:
        assert stream.seek(place) == plain.seek(place)
        assert stream.read(count) == plain.read(count)
    assert stream.seek(0) == 0
    assert stream.read() == plain.getvalue()


def test_a_part_may_be_an_array_of_any_kind() -> None:
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert JoinedBytes([b"ab", array.data]).read() == b"ab" + array.tobytes()
