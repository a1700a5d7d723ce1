"""The structure of a PNG (W3C PNG, third edition): its chunks are walked, its metadata is weighed, no pixel is decoded."""

import struct
import zlib
from typing import Final

from shared.errors import MetadataTooLarge, TooComplex, Unreadable
from web.photos.guard.limits import Header, Limits, check_frames, check_size
from web.photos.guard.reader import Reader

_SIGNATURE_BYTES: Final = 8
# Length, type and CRC around the data of every chunk.
_CHUNK_OVERHEAD: Final = 12
_IHDR_BYTES: Final = 13
_PIXELS: Final = frozenset({b"IDAT", b"fdAT"})


def read_header(reader: Reader, limits: Limits) -> Header:
    """The header of a PNG or APNG.

    Metadata is everything but pixel data, and counts by what it unfolds to. CRCs, a missing end and pixel data that
    cannot be inflated are left to the decoder. Raises Unreadable when there is no size, and the errors of the limits.
    """
    length, kind, width, height = struct.unpack(">I4sII", reader.need(_SIGNATURE_BYTES, 16))
    if kind != b"IHDR" or length != _IHDR_BYTES:
        raise Unreadable
    check_size(width, height, limits)
    frames = metadata = 0
    position = _SIGNATURE_BYTES + _CHUNK_OVERHEAD + _IHDR_BYTES
    for _ in range(limits.max_chunks):
        head = reader.at(position, 8)
        if len(head) < 8 or head[4:] == b"IEND":
            return Header("PNG", width, height, max(1, frames))
        length, kind = struct.unpack(">I4s", head)
        if kind == b"fcTL":
            frames += 1
            check_frames(frames, limits)
        if kind not in _PIXELS:
            unfolded = _unfolded_bytes(reader, kind, position + 8, length, limits)
            # A profile has a limit of its own.
            if kind != b"iCCP":
                metadata += min(_CHUNK_OVERHEAD + length, reader.size - position) + unfolded
                _check(metadata, limits)
        position += _CHUNK_OVERHEAD + length
    raise TooComplex


def _check(metadata: int, limits: Limits) -> None:
    if metadata > limits.max_metadata_bytes:
        raise MetadataTooLarge


def _unfolded_bytes(reader: Reader, kind: bytes, position: int, length: int, limits: Limits) -> int:
    """How many bytes a compressed text or colour profile inflates to; 0 for any other chunk and for broken data.

    Inflates one byte more than the limit at most, so a bomb costs no more than an honest file.
    """
    if kind not in {b"zTXt", b"iTXt", b"iCCP"}:
        return 0
    compressed = _compressed_part(kind, reader.at(position, length))
    limit = limits.max_icc_bytes if kind == b"iCCP" else limits.max_metadata_bytes
    try:
        unfolded = len(zlib.decompressobj().decompress(compressed, limit + 1))
    except zlib.error:
        return 0
    if unfolded > limit:
        what = "a colour profile" if kind == b"iCCP" else "text"
        raise MetadataTooLarge(
            f"The picture carries {what} that unfolds to too many bytes. Save it again without metadata."
        )
    return unfolded


def _compressed_part(kind: bytes, data: bytes) -> bytes:
    """The zlib stream of a zTXt or iCCP (keyword, 0, method, stream) or of an iTXt that says it is compressed."""
    _, _, rest = data.partition(b"\0")
    if kind != b"iTXt":
        return rest[1:]
    if not rest.startswith(b"\1"):
        return b""
    # compression flag and method, then language tag, 0, translated keyword, 0
    return rest[2:].partition(b"\0")[2].partition(b"\0")[2]
