"""Palettes as Adobe Swatch Exchange (.ase), read by Photoshop, Illustrator, InDesign and Affinity.

Adobe has not published the format; this is its common description: big-endian, a header, then blocks of a type, a
length and a body. Names are UTF-16 with a closing NUL that their length counts.
"""

import struct
from collections.abc import Sequence
from typing import Final

from shared.colour import Swatch
from shared.colour_names import palette_names
from web.palettes.formats.format import Format

_GROUP_START, _GROUP_END, _COLOR = 0xC001, 0xC002, 0x0001
_VERSION: Final = (1, 0)
# Global, spot, normal: a normal swatch is a copy that editing elsewhere does not change.
_NORMAL: Final = 2


def ase(swatches: Sequence[Swatch], title: str) -> bytes:
    """One group named by the title with one RGB swatch a colour, each named "teal #008080"."""
    blocks = [_block(_GROUP_START, _name(title))]
    blocks += [_block(_COLOR, body) for body in map(_color, swatches, palette_names(swatches))]
    blocks.append(_block(_GROUP_END, b""))
    return struct.pack(">4sHHI", b"ASEF", *_VERSION, len(blocks)) + b"".join(blocks)


def _block(kind: int, body: bytes) -> bytes:
    return struct.pack(">HI", kind, len(body)) + body


def _name(text: str) -> bytes:
    encoded = text.replace("\0", "").encode("utf-16-be", "replace") + b"\0\0"
    return struct.pack(">H", len(encoded) // 2) + encoded


def _color(swatch: Swatch, name: str) -> bytes:
    channels = (channel / 255 for channel in swatch.rgb)
    return _name(f"{name} {swatch.hex}") + struct.pack(">4s3fH", b"RGB ", *channels, _NORMAL)


FORMATS: Final = (Format("ase", "Adobe", ase, "application/octet-stream", "ase", 5),)
