"""The structure of a WebP (RFC 9649): its chunks are walked, its frames are counted, nothing is decoded."""

import struct
from typing import Final

from shared.errors import MetadataTooLarge, TooComplex, Unreadable
from shared.limits import MEBIBYTE
from web.photos.guard.limits import Header, Limits, check_frames, check_size
from web.photos.guard.reader import Reader

_RIFF_HEADER_BYTES: Final = 12
_CHUNK_HEADER_BYTES: Final = 8
_DATA: Final = _RIFF_HEADER_BYTES + _CHUNK_HEADER_BYTES


def read_header(reader: Reader, limits: Limits) -> Header:
    """The header of a WebP: lossy, lossless or extended. Raises Unreadable when no size is found, and the errors of the
    limits. A file that ends early passes when its size is known.
    """
    kind = reader.need(_RIFF_HEADER_BYTES, 4)
    if kind == b"VP8 ":
        width, height = _lossy_size(reader)
    elif kind == b"VP8L":
        width, height = _lossless_size(reader)
    elif kind == b"VP8X":
        data = reader.need(_DATA + 4, 6)
        width, height = int.from_bytes(data[:3], "little") + 1, int.from_bytes(data[3:], "little") + 1
    else:
        raise Unreadable
    check_size(width, height, limits)
    frames = _walk_chunks(reader, limits) if kind == b"VP8X" else 1
    return Header("WEBP", width, height, frames)


def _lossy_size(reader: Reader) -> tuple[int, int]:
    """From the frame header of VP8 (RFC 6386, 9.1): a start code, then 14 bits a side under two bits of scaling."""
    start, width, height = struct.unpack("<3sHH", reader.need(_DATA + 3, 7))
    if start != b"\x9d\x01\x2a":
        raise Unreadable
    return width & 0x3FFF, height & 0x3FFF


def _lossless_size(reader: Reader) -> tuple[int, int]:
    """From the header of VP8L (RFC 9649, 3.4): a signature, then 14 bits a side, each less one."""
    signature, bits = struct.unpack("<BI", reader.need(_DATA, 5))
    if signature != 0x2F:
        raise Unreadable
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


def _walk_chunks(reader: Reader, limits: Limits) -> int:
    """Count the frames of an extended file, and weigh its colour profile."""
    end = min(reader.size, 8 + int.from_bytes(reader.at(4, 4), "little"))
    position = _RIFF_HEADER_BYTES
    frames = icc_bytes = 0
    for _ in range(limits.max_chunks):
        head = reader.at(position, _CHUNK_HEADER_BYTES)
        if len(head) < _CHUNK_HEADER_BYTES or position >= end:
            return max(1, frames)
        kind, length = struct.unpack("<4sI", head)
        position += _CHUNK_HEADER_BYTES
        if kind == b"ANMF":
            frames += 1
            check_frames(frames, limits)
        elif kind == b"ICCP":
            icc_bytes += min(length, reader.size - position)
            if icc_bytes > limits.max_icc_bytes:
                raise MetadataTooLarge(
                    f"The picture carries a colour profile of more than {limits.max_icc_bytes // MEBIBYTE} MiB. "
                    "Save it again without."
                )
        position += length + (length & 1)
    raise TooComplex
