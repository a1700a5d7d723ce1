"""Bodies that come slowly or are refused."""

import io
from collections.abc import Iterable
from typing import Any

import pytest
from gunicorn.http.errors import InvalidChunkSize, NoMoreData  # type: ignore[import-untyped]
from werkzeug.exceptions import BadRequest, RequestTimeout

from web.http.bodies.bounded import BoundedBodies, TimedBody


class Stalling(io.BytesIO):
    """A body whose sender falls silent after what was given."""

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        if not data:
            raise TimeoutError
        return data


def test_a_stalled_body_is_a_request_timeout() -> None:
    body = TimedBody(Stalling(b"abc"), seconds=60)
    assert body.read(3) == b"abc"
    with pytest.raises(RequestTimeout):
        body.read(1)


class Broken(io.BytesIO):
    """A body that the server cannot read on after what was given."""

    def __init__(self, data: bytes, trouble: Exception) -> None:
        super().__init__(data)
        self._trouble = trouble

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        if not data:
            raise self._trouble
        return data


TROUBLES = [InvalidChunkSize(b"zz"), NoMoreData(), ConnectionResetError()]


@pytest.mark.parametrize("trouble", TROUBLES, ids=repr)
def test_a_body_with_bad_chunks_or_a_broken_connection_is_a_bad_request(trouble: Exception) -> None:
    body = TimedBody(Broken(b"abc", trouble), seconds=60)
    assert body.read(3) == b"abc"
    with pytest.raises(BadRequest, match="malformed or was cut off"):
        body.read(1)


@pytest.mark.parametrize("trouble", TROUBLES, ids=repr)
def test_draining_ends_with_a_body_that_breaks_off(trouble: Exception) -> None:
    stream = Broken(b"x" * 200_000, trouble)
    TimedBody(stream, seconds=60).drain(1_000_000, seconds=60)
    assert stream.tell() == 200_000


def test_a_body_that_takes_too_long_is_a_request_timeout() -> None:
    with pytest.raises(RequestTimeout):
        TimedBody(io.BytesIO(b"abc"), seconds=-1).read(1)


@pytest.mark.parametrize("stream", [io.BytesIO(b"x" * 200_000), Stalling(b"x" * 200_000)])
def test_draining_reads_to_the_end_and_ends_with_a_stall(stream: io.BytesIO) -> None:
    TimedBody(stream, seconds=60).drain(1_000_000, seconds=60)
    assert stream.tell() == 200_000


def test_draining_stops_at_a_size() -> None:
    stream = io.BytesIO(b"x" * 1_000_000)
    TimedBody(stream, seconds=60).drain(100_000, seconds=60)
    assert 100_000 <= stream.tell() < 200_000


def refusing(_environ: Any, _start_response: Any) -> Iterable[bytes]:
    return [b"no"]


def test_a_refused_body_is_read_before_the_answer_where_its_end_is_known() -> None:
    stream = io.BytesIO(b"x" * 1000)
    answer = BoundedBodies(refusing)({"wsgi.input": stream, "wsgi.input_terminated": True}, lambda *_: None)  # type: ignore[arg-type]
    assert list(answer) == [b"no"]
    assert stream.read() == b""


def test_a_body_without_a_known_end_is_left_alone() -> None:
    stream = io.BytesIO(b"x" * 1000)
    BoundedBodies(refusing)({"wsgi.input": stream}, lambda *_: None)  # type: ignore[arg-type]
    assert stream.tell() == 0
