"""The structure of a GIF (GIF89a specification): its blocks are walked, its frames are counted, nothing is decoded."""

import re
import struct
from typing import Final

from shared.errors import MetadataTooLarge, TooComplex
from web.photos.guard.limits import Header, Limits, check_frames, check_size
from web.photos.guard.reader import Reader

# Extension, image, end. Decoders skip whatever else stands between blocks, and so does this.
_BLOCK: Final = re.compile(rb"[\x21\x2c\x3b]")
_IMAGE, _TRAILER = b",", b";"
# Behind the introducer, left, top, width and height.
_IMAGE_FLAGS: Final = 9


def read_header(reader: Reader, limits: Limits) -> Header:
    """The header of a GIF, whose size is that of its logical screen.

    A frame outside the screen, and a file without a whole frame, are left to the decoder. Raises Unreadable when there
    is no size, and the errors of the limits.
    """
    width, height, flags = struct.unpack("<HHB", reader.need(6, 5))
    check_size(width, height, limits)
    walk = _Walk(reader, limits)
    position = 13 + _colour_table_bytes(flags)
    frames = metadata = 0
    for _ in range(limits.max_chunks):
        found = reader.find(_BLOCK, position)
        if found is None or (introducer := reader.at(found, 1)) == _TRAILER:
            return Header("GIF", width, height, max(1, frames))
        if introducer == _IMAGE:
            frames += 1
            check_frames(frames, limits)
            flags = int.from_bytes(reader.at(found + _IMAGE_FLAGS, 1), "big")
            # One byte after the colour table says how wide the codes are.
            position = walk.past_sub_blocks(found + _IMAGE_FLAGS + 1 + _colour_table_bytes(flags) + 1)
        else:
            position = walk.past_sub_blocks(found + 2)
            metadata += min(position, reader.size) - found
            if metadata > limits.max_metadata_bytes:
                raise MetadataTooLarge
    raise TooComplex


def _colour_table_bytes(flags: int) -> int:
    """Bytes of the colour table that follows, by the flags of a screen or image descriptor."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


class _Walk:
    """Steps over sub-blocks, counting them over the whole file: 20 MiB of one-byte blocks are ten million steps."""

    def __init__(self, reader: Reader, limits: Limits) -> None:
        self._reader = reader
        self._left = limits.max_blocks

    def past_sub_blocks(self, position: int) -> int:
        """The position after a chain of sub-blocks and its end, or past the end of a file that is cut off."""
        while True:
            self._left -= 1
            if self._left < 0:
                raise TooComplex
            length = self._reader.at(position, 1)
            if not length:
                return position
            position += 1 + length[0]
            if length[0] == 0:
                return position
