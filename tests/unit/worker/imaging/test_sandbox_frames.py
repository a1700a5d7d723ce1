import json
from typing import Any

import numpy as np
import pytest

from tests.support.pictures import make_jpeg
from worker.imaging.algorithms.analysis import analyse, view_from
from worker.imaging.sandbox.frames import (
    MAX_BODY,
    PREFIX,
    BadFrame,
    Header,
    Part,
    analysis_of_frame,
    frame_of_analysis,
    frame_of_view,
    head_of,
    header_length,
    histogram_of_frame,
    parse_header,
    view_of_frame,
)


@pytest.fixture
def frame() -> tuple[Header, list[Part]]:
    return frame_of_analysis(analyse(make_jpeg(300, 200), 4))


def test_an_analysis_survives_the_way(frame: tuple[Header, list[Part]]) -> None:
    sent = analyse(make_jpeg(300, 200), 4)
    head = head_of(*frame)
    header, lengths = parse_header(head[PREFIX.size : PREFIX.size + header_length(head[: PREFIX.size])])
    assert lengths == [len(part) for part in frame[1]]
    received = analysis_of_frame(header, [memoryview(part) for part in frame[1]])
    assert (received.width, received.height, received.format) == (300, 200, "JPEG")
    assert (received.display, received.thumbnails) == (sent.display, sent.thumbnails)
    assert (received.palette, received.facts) == (sent.palette, sent.facts)
    assert received.histogram.to_bytes() == sent.histogram.to_bytes()
    assert np.array_equal(received.model_view, sent.model_view)
    assert received.model_view.flags.c_contiguous


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("width", 0),
        ("width", True),
        ("height", 1.5),
        ("format", "SVG"),
        ("format", ["JPEG"]),
        ("facts", {"perceptual_hash": 1 << 63}),
        ("palette", []),
        ("palette", [["#000000", 0.05]] * 17),
        ("palette", [["#00000g", 1.0]]),
        ("palette", [["#000000", float("nan")]]),
        ("palette", [["#000000", 1.0, 1]]),
        ("palette", 7),
        ("renditions", [["image/jpeg", 1, 1]] * 3),
        ("renditions", [["text/html", 1, 1]] * 4),
        ("renditions", [["image/jpeg", "1", 1]] * 4),
        ("renditions", None),
    ],
)
def test_a_field_that_can_not_be_is_refused(frame: tuple[Header, list[Part]], field: str, value: Any) -> None:
    header, parts = frame
    with pytest.raises(BadFrame):
        analysis_of_frame(header | {field: value}, parts)


@pytest.mark.parametrize("field", ["width", "palette", "renditions"])
def test_a_missing_field_is_refused(frame: tuple[Header, list[Part]], field: str) -> None:
    header, parts = frame
    del header[field]
    with pytest.raises(BadFrame):
        analysis_of_frame(header, parts)


@pytest.mark.parametrize("change", ["no parts", "a part too few", "a short view", "a strange histogram"])
def test_parts_that_can_not_be_are_refused(frame: tuple[Header, list[Part]], change: str) -> None:
    header, parts = frame
    changed = {
        "no parts": [],
        "a part too few": parts[1:],
        "a short view": [*parts[:-1], parts[-1][:-1]],
        "a strange histogram": [*parts[:-2], b"histogram", parts[-1]],
    }
    with pytest.raises(BadFrame):
        analysis_of_frame(header, changed[change])


def test_a_strange_histogram_is_refused() -> None:
    with pytest.raises(BadFrame):
        histogram_of_frame([b"histogram"])
    with pytest.raises(BadFrame):
        histogram_of_frame([])


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"7",
        b"{}",
        b"\xff",
        b"[" * 60_000,
        json.dumps({"parts": 3}).encode(),
        json.dumps({"parts": [-1]}).encode(),
        json.dumps({"parts": [1.0]}).encode(),
        json.dumps({"parts": [MAX_BODY, 1]}).encode(),
    ],
)
def test_a_header_that_can_not_be_is_refused(text: bytes) -> None:
    with pytest.raises(BadFrame):
        parse_header(text)


@pytest.mark.parametrize("length", [0, 1 << 17, (1 << 32) - 1])
def test_a_header_of_strange_length_is_refused(length: int) -> None:
    with pytest.raises(BadFrame):
        header_length(PREFIX.pack(length))


def test_a_view_survives_the_way_and_a_strange_one_is_refused() -> None:
    sent = view_from(make_jpeg(300, 200))
    header, parts = frame_of_view(sent)
    received = view_of_frame(header, parts)
    assert (received.width, received.height, received.thumbnail) == (300, 200, sent.thumbnail)
    assert np.array_equal(received.model_view, sent.model_view)
    strange: list[tuple[Header, list[Part]]] = [
        (header | {"width": 0}, parts),
        (header | {"thumbnail": ["text/html", 1, 1]}, parts),
        (header, parts[:1]),
        (header, [parts[0], parts[1][:-1]]),
    ]
    for about, pieces in strange:
        with pytest.raises(BadFrame):
            view_of_frame(about, pieces)
