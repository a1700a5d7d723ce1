"""The upload guard: what a file is and what it would cost to decode, from its structure alone.

Standard library only. Reads by seeking, in time linear in the file's size and memory bounded by the metadata limit,
and trusts no length that the file states. What only a decoder can tell (a bad checksum, half a picture) passes here
and fails in the worker's limited child.
"""

from collections.abc import Callable
from typing import BinaryIO, Final

from shared.errors import EmptyFile, Unreadable, UnsupportedType
from shared.file_types import Format, picture_format
from web.photos.guard import gif, jpeg, png, sniff, webp
from web.photos.guard.limits import DEFAULT_LIMITS, Header, Limits
from web.photos.guard.reader import CUT_OFF, Reader

__all__ = ["DEFAULT_LIMITS", "Header", "Limits", "inspect"]

_PARSERS: Final[dict[Format, Callable[[Reader, Limits], Header]]] = {
    "JPEG": jpeg.read_header,
    "PNG": png.read_header,
    "WEBP": webp.read_header,
    "GIF": gif.read_header,
}


def inspect(stream: BinaryIO, limits: Limits = DEFAULT_LIMITS) -> Header:
    """The header of an uploaded picture. `stream` is seekable and is left at its start.

    Raises EmptyFile, UnsupportedType (naming what the file seems to be), Unreadable (no size can be found),
    TooManyPixels, BadDimensions, TooComplex, MetadataTooLarge or TooManyFrames, and nothing else.
    """
    reader = Reader(stream)
    try:
        if reader.size == 0:
            raise EmptyFile
        head = reader.at(0, sniff.HEAD_BYTES)
        found = picture_format(head)
        if found is None:
            raise _refusal(head)
        return _PARSERS[found](reader, limits)
    finally:
        stream.seek(0)


def _refusal(head: bytes) -> Unreadable | UnsupportedType:
    if sniff.is_cut_off(head):
        return Unreadable(CUT_OFF)
    kind = sniff.other_kind(head)
    if kind is None:
        return UnsupportedType()
    return UnsupportedType(f"This file is {kind}. Vitrine reads JPEG, PNG, WebP and GIF.")
