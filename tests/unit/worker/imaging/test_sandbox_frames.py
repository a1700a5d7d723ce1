"""What the sandbox's child answers is built again from bytes, and refused unless it is what it should be."""

from dataclasses import fields
from typing import Any

import msgspec
import numpy as np
import pytest

from tests.support.pictures import make_jpeg
from worker.imaging.algorithms.analysis import Analysis, PhotoView, analyse, histogram_from, view_from
from worker.imaging.algorithms.facts import facts_from
from worker.imaging.algorithms.palette import ColourHistogram
from worker.imaging.sandbox.frames import (
    MAX_BODY,
    MAX_HEAD,
    PREFIX,
    AnswerHead,
    BadFrame,
    FactsAlone,
    Refusal,
    Request,
    Task,
    decode,
    encode,
    lengths_in,
    prefix_of,
)

PHOTO = make_jpeg(300, 200)


def wire_of(value: object) -> Any:
    """What `encode` writes of a value, as plain lists and dictionaries."""
    return msgspec.msgpack.decode(encode(value), strict=False)


def received(wire: object, kind: type[Any]) -> Any:
    return decode(msgspec.msgpack.encode(wire), kind)


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return analyse(PHOTO, 4)


def test_an_analysis_arrives_as_it_was_sent(analysis: Analysis) -> None:
    arrived = decode(encode(analysis), Analysis)
    for field in fields(Analysis):
        sent, found = getattr(analysis, field.name), getattr(arrived, field.name)
        if field.name not in {"histogram", "model_view"}:
            assert found == sent
            assert type(found) is type(sent)
    assert arrived.histogram.to_bytes() == analysis.histogram.to_bytes()
    assert np.array_equal(arrived.model_view, analysis.model_view)
    assert arrived.model_view.flags.c_contiguous


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("width", 0),
        ("width", True),
        ("width", 1 << 31),
        ("height", 1.5),
        ("format", "SVG"),
        ("format", ["JPEG"]),
        ("facts", {}),
        ("palette", []),
        ("palette", [{"hex": "#000000", "proportion": 0.05}] * 17),
        ("palette", [{"hex": "#00000g", "proportion": 1.0}]),
        ("palette", [{"hex": "#000000", "proportion": float("nan")}]),
        ("palette", [{"hex": "#000000", "proportion": 1.5}]),
        ("palette", [{"hex": "#000000"}]),
        ("palette", 7),
        ("display", None),
        ("thumbnails", {}),
        ("model_view", [[224, 224, 3], b"short"]),
        ("model_view", [[224 * 224 * 3], bytes(224 * 224 * 3)]),
        ("model_view", [["224", 224, 3], bytes(224 * 224 * 3)]),
        ("model_view", [[224, 224, 3], "text"]),
        ("model_view", bytes(224 * 224 * 3)),
        ("model_view", None),
        ("histogram", {"colours": [[1, 3], b"123"], "counts": [[1], b"1"]}),
        ("histogram", {"colours": [[0, 3], b""], "counts": [[0], b""]}),
        ("histogram", {"colours": [[1, 3], b"123"], "counts": [[1], bytes(4)]}),
    ],
)
def test_a_field_that_can_not_be_is_refused(analysis: Analysis, field: str, value: Any) -> None:
    with pytest.raises(BadFrame):
        received(wire_of(analysis) | {field: value}, Analysis)


@pytest.mark.parametrize(
    "change",
    [{"perceptual_hash": 1 << 63}, {"perceptual_hash": True}, {"perceptual_hash": "1"}, {"more": 1}],
    ids=str,
)
def test_facts_that_can_not_be_are_refused(analysis: Analysis, change: dict[str, Any]) -> None:
    facts = {**analysis.facts, **change}
    with pytest.raises(BadFrame):
        received(wire_of(analysis) | {"facts": facts}, Analysis)
    with pytest.raises(BadFrame):
        received({"facts": facts}, FactsAlone)


@pytest.mark.parametrize(
    "change", [{"content_type": "text/html"}, {"width": "1"}, {"height": 0}, {"bytes": 7}], ids=str
)
def test_a_rendition_that_can_not_be_is_refused(analysis: Analysis, change: dict[str, Any]) -> None:
    wire = wire_of(analysis)
    with pytest.raises(BadFrame):
        received(wire | {"display": wire["display"] | change}, Analysis)


@pytest.mark.parametrize("field", [field.name for field in fields(Analysis)])
def test_a_missing_field_is_refused(analysis: Analysis, field: str) -> None:
    wire = wire_of(analysis)
    del wire[field]
    with pytest.raises(BadFrame):
        received(wire, Analysis)


def test_a_view_arrives_as_it_was_sent_and_a_strange_one_is_refused() -> None:
    sent = view_from(PHOTO)
    arrived = decode(encode(sent), PhotoView)
    assert (arrived.width, arrived.height, arrived.thumbnail) == (300, 200, sent.thumbnail)
    assert np.array_equal(arrived.model_view, sent.model_view)
    wire = wire_of(sent)
    for strange in ({"width": 0}, {"thumbnail": None}, {"model_view": [[224, 224, 3], b""]}):
        with pytest.raises(BadFrame):
            received(wire | strange, PhotoView)


def test_a_histogram_arrives_as_it_was_sent() -> None:
    sent = histogram_from(PHOTO)
    assert decode(encode(sent), ColourHistogram).to_bytes() == sent.to_bytes()


@pytest.mark.parametrize(
    "value",
    [
        Request(Task.ANALYSIS, 7),
        AnswerHead(),
        AnswerHead(Refusal("unreadable", "a broken file")),
        FactsAlone(facts_from(PHOTO)),
    ],
    ids=str,
)
def test_every_other_message_arrives_as_it_was_sent(value: object) -> None:
    assert decode(encode(value), type(value)) == value


def test_a_refusal_of_any_length_is_none() -> None:
    with pytest.raises(BadFrame):
        received({"refusal": {"code": "unreadable", "message": "m" * 501}}, AnswerHead)


@pytest.mark.parametrize(
    "data",
    [b"", b"\xc1", b"\x91" * 60_000, b"{}", encode([]), encode({}), encode(7)],
    ids=lambda data: data[:3],
)
def test_bytes_that_are_no_answer_are_refused(data: bytes) -> None:
    with pytest.raises(BadFrame):
        decode(data, Analysis)


def test_what_no_type_foresees_does_not_leave_the_sandbox() -> None:
    with pytest.raises(NotImplementedError):
        encode({"picture": object()})


@pytest.mark.parametrize("lengths", [(MAX_HEAD + 1, 0), (0, MAX_BODY + 1), ((1 << 32) - 1, (1 << 32) - 1)])
def test_a_frame_of_strange_length_is_refused(lengths: tuple[int, int]) -> None:
    with pytest.raises(BadFrame):
        lengths_in(PREFIX.pack(*lengths))


def test_a_prefix_tells_the_lengths() -> None:
    assert lengths_in(prefix_of(b"head", b"")) == (4, 0)
