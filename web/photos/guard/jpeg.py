"""The structure of a JPEG (ITU-T T.81, annex B): its segments are walked, its scans are counted, nothing is decoded."""

import re
import struct
from typing import Final

from shared.errors import MetadataTooLarge, TooComplex, Unreadable
from shared.limits import MEBIBYTE
from web.photos.guard.limits import Header, Limits, check_size
from web.photos.guard.reader import Reader

# A marker is 0xFF and a code. Within a scan 0xFF00 is a data byte and D0 to D7 are restarts; 0xFF may be repeated.
_MARKER: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")

_TEM, _SOI, _EOI, _SOS, _APP2 = 0x01, 0xD8, 0xD9, 0xDA, 0xE2
# Start of frame, of any kind: C4, C8 and CC lie among them and mean other things.
_SOF: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}

_ICC: Final = b"ICC_PROFILE\0"


def read_header(reader: Reader, limits: Limits) -> Header:
    """The header of a JPEG, or of the first picture of an MPO: what follows the first end of image is never looked at.

    Raises Unreadable when no size is found, and the errors of the limits. A file that ends early passes when its size
    is known: only a decoder can say how much of the picture is there.
    """
    size: tuple[int, int] | None = None
    segments = scans = icc_bytes = 0
    position = 2
    while (found := reader.find(_MARKER, position)) is not None:
        code = reader.at(found, 2)[1]
        position = found + 2
        segments += 1
        if segments > limits.max_segments:
            raise TooComplex
        if code == _EOI:
            break
        if code in {_TEM, _SOI}:
            continue
        head = reader.at(position, 2 + len(_ICC))
        length = int.from_bytes(head[:2], "big")
        if length < 2:
            break
        if code in _SOF:
            size = _frame_size(reader, position, limits)
        elif code == _SOS:
            scans += 1
            _check_scans(scans, limits)
        elif code == _APP2 and head[2:] == _ICC:
            icc_bytes += min(length, reader.size - position)
            _check_icc(icc_bytes, limits)
        position += length
    if size is None:
        raise Unreadable
    return Header("JPEG", *size)


def _frame_size(reader: Reader, position: int, limits: Limits) -> tuple[int, int]:
    height, width = struct.unpack(">HH", reader.need(position + 3, 4))
    check_size(width, height, limits, is_jpeg=True)
    return width, height


def _check_scans(scans: int, limits: Limits) -> None:
    if scans > limits.max_scans:
        raise TooComplex(
            f"This JPEG draws itself in more than {limits.max_scans} passes, which takes too long to read. "
            "Save it again as a plain JPEG."
        )


def _check_icc(icc_bytes: int, limits: Limits) -> None:
    if icc_bytes > limits.max_icc_bytes:
        raise MetadataTooLarge(
            f"The picture carries a colour profile of more than {limits.max_icc_bytes // MEBIBYTE} MiB. "
            "Save it again with the profile sRGB, or without."
        )
