"""What the sandbox and its child say to each other: a JSON header and binary parts, never pickle.

A frame is the header's length and the header (JSON; its "parts" lists the parts' lengths), then the parts. The child has
touched a stranger's bytes, so whatever comes from it is checked here before anything believes it.
"""

import json
import struct
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from shared.colour import Swatch
from shared.file_types import FORMATS
from shared.limits import MAX_COLORS, THUMBNAIL_SIDES, VIEW_SIDE
from shared.photo_facts import Facts
from worker.imaging.algorithms.analysis import Analysis, PhotoView
from worker.imaging.algorithms.facts import checked_facts
from worker.imaging.algorithms.palette import ColourHistogram
from worker.imaging.algorithms.renditions import CONTENT_TYPES, Rendition

Header: TypeAlias = dict[str, Any]
Part: TypeAlias = bytes | memoryview

PREFIX = struct.Struct("<I")
# What the child exits with when it has no memory left.
OUT_OF_MEMORY = 86
MAX_HEADER = 1 << 16
# Renditions of the most detailed 40 Mpx picture stay below 10 MB; an upload has at most 20 MiB.
MAX_BODY = 64 << 20


class BadFrame(ValueError):
    """What the other side sent is not what it should send."""


def head_of(header: Header, parts: Sequence[Part]) -> bytes:
    """A frame up to its parts, which follow it as they are."""
    text = json.dumps(header | {"parts": [len(part) for part in parts]}).encode()
    return PREFIX.pack(len(text)) + text


def header_length(prefix: bytes | bytearray) -> int:
    """The length of the header behind this prefix."""
    (length,) = PREFIX.unpack(prefix)
    if not 0 < length <= MAX_HEADER:
        raise BadFrame(f"a header of {length} bytes")
    return int(length)


def parse_header(text: bytes | bytearray) -> tuple[Header, list[int]]:
    """A header and the lengths of the parts behind it."""
    try:
        header = json.loads(text)
        lengths = [_whole(length, 0, MAX_BODY) for length in header.pop("parts")]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadFrame("an unreadable header") from error
    if sum(lengths) > MAX_BODY:
        raise BadFrame(f"{sum(lengths)} bytes in one frame")
    return header, lengths


def frame_of_analysis(analysis: Analysis) -> tuple[Header, list[Part]]:
    """An analysis as a frame."""
    renditions = [analysis.display, *(analysis.thumbnails[side] for side in THUMBNAIL_SIDES)]
    header = {
        "width": analysis.width,
        "height": analysis.height,
        "format": analysis.format,
        "facts": dict(analysis.facts),
        "palette": [[swatch.hex, swatch.proportion] for swatch in analysis.palette],
        "renditions": [[r.content_type, r.width, r.height] for r in renditions],
    }
    parts: list[Part] = [r.bytes for r in renditions]
    return header, [*parts, part_of_histogram(analysis.histogram), analysis.model_view.tobytes()]


def analysis_of_frame(header: Header, parts: Sequence[Part]) -> Analysis:
    """The analysis in a frame; BadFrame if there is none."""
    try:
        *images, histogram, view = parts
        display, *thumbnails = (
            _rendition(bytes(image), *about)
            for image, about in zip(images, header["renditions"], strict=True)
        )
        return Analysis(
            width=_whole(header["width"], 1),
            height=_whole(header["height"], 1),
            format=_one_of(FORMATS, header["format"]),
            display=display,
            thumbnails=dict(zip(THUMBNAIL_SIDES, thumbnails, strict=True)),
            histogram=_histogram(histogram),
            palette=_palette(header["palette"]),
            facts=checked_facts(header["facts"]),
            model_view=np.frombuffer(view, np.uint8).reshape(VIEW_SIDE, VIEW_SIDE, 3),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise BadFrame("an unreadable analysis") from error


def frame_of_view(view: PhotoView) -> tuple[Header, list[Part]]:
    """A photo's view as a frame."""
    thumbnail = view.thumbnail
    header = {
        "width": view.width,
        "height": view.height,
        "thumbnail": [thumbnail.content_type, thumbnail.width, thumbnail.height],
    }
    return header, [thumbnail.bytes, view.model_view.tobytes()]


def view_of_frame(header: Header, parts: Sequence[Part]) -> PhotoView:
    """The view in a frame; BadFrame if there is none."""
    try:
        thumbnail, view = parts
        return PhotoView(
            width=_whole(header["width"], 1),
            height=_whole(header["height"], 1),
            thumbnail=_rendition(bytes(thumbnail), *header["thumbnail"]),
            model_view=np.frombuffer(view, np.uint8).reshape(VIEW_SIDE, VIEW_SIDE, 3),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise BadFrame("an unreadable view") from error


def facts_of_frame(header: Header) -> Facts:
    """The facts in a frame; BadFrame if there are none."""
    try:
        return checked_facts(header["facts"])
    except (ValueError, KeyError) as error:
        raise BadFrame("unreadable facts") from error


def histogram_of_frame(parts: Sequence[Part]) -> ColourHistogram:
    """The histogram in a frame; BadFrame if there is none."""
    try:
        (histogram,) = parts
        return _histogram(histogram)
    except ValueError as error:
        raise BadFrame("an unreadable histogram") from error


def part_of_histogram(histogram: ColourHistogram) -> Part:
    """Seven bytes a bin: packing it for the pipe as it is stored would cost a millisecond on either side."""
    return histogram.colours.tobytes() + histogram.counts.astype("<u4").tobytes()


def _histogram(part: Part) -> ColourHistogram:
    bins, rest = divmod(len(part), 7)
    if rest:
        raise ValueError("a colour histogram of the wrong size")
    colours = np.frombuffer(part, np.uint8, 3 * bins).reshape(bins, 3)
    return ColourHistogram(colours, np.frombuffer(part, "<u4", bins, 3 * bins).astype(np.uint32))


def _rendition(image: bytes, content_type: object, width: object, height: object) -> Rendition:
    return Rendition(image, _one_of(CONTENT_TYPES, content_type), _whole(width, 1), _whole(height, 1))


def _palette(rows: Sequence[Sequence[object]]) -> tuple[Swatch, ...]:
    swatches = []
    for code, proportion in rows:
        if not isinstance(code, str) or not isinstance(proportion, float):
            raise ValueError("a swatch is a code and a proportion")  # noqa: TRY004
        swatches.append(Swatch(code, proportion))
    if not 1 <= len(swatches) <= MAX_COLORS:
        raise ValueError(f"a palette of {len(swatches)} colours")
    return tuple(swatches)


def _whole(value: object, least: int, most: int = 1 << 31) -> int:
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{value!r} is no whole number from {least} to {most}")
    return value


def _one_of(choices: Sequence[str], value: object) -> str:
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{value!r} is none of {choices}")
    return value
