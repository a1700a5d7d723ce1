"""Files that are damaged where browsers do not mind: read all the same. And how much is missing where they would."""

import io
import struct
import zlib
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from shared.file_types import FORMATS, JPEG_MAGIC, PNG_MAGIC

JPEG_END: Final = b"\xff\xd9"

_CHUNK: Final = struct.Struct(">I4s")
_CRC_BYTES: Final = 4
# Of the ancillary chunks of PNG, those that say something of the picture, and the lengths that they can have. The others
# are left out: text, times, and animation, of which the first frame is the picture itself.
_LENGTHS: Final = {b"cHRM": 32, b"gAMA": 4, b"sRGB": 1, b"cICP": 4}
_KEPT: Final = {*_LENGTHS, b"iCCP", b"tRNS", b"eXIf"}

# Bytes after a scan that is whole are passed over; those after one that is not become pixels.
_NOISE: Final = bytes(range(0, 251, 3)) * 8  # zero first, without which a last 0xff would begin a marker

_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN: Final = 0xDA
_COEFFICIENTS: Final = 64


def without_odd_chunks(data: bytes) -> bytes:
    """A PNG without ancillary chunks that are damaged or say nothing of the picture (other data as they are)."""
    if not data.startswith(PNG_MAGIC):
        return data
    kept, at, begun = [PNG_MAGIC], len(PNG_MAGIC), len(PNG_MAGIC)
    while at + _CHUNK.size <= len(data):
        length, kind = _CHUNK.unpack_from(data, at)
        end = at + _CHUNK.size + length + _CRC_BYTES
        if kind[:1].islower() and not _is_of_use(data[at:end], length, kind):
            kept.append(data[begun:at])
            begun = end
        at = end
    return b"".join([*kept, data[begun:]]) if len(kept) > 1 else data


def _is_of_use(chunk: bytes, length: int, kind: bytes) -> bool:
    if kind not in _KEPT or length != _LENGTHS.get(kind, length):
        return False
    crc = int.from_bytes(chunk[-_CRC_BYTES:])
    return zlib.crc32(chunk[4:-_CRC_BYTES]) == crc and (kind != b"iCCP" or _is_deflated(chunk))


def _is_deflated(chunk: bytes) -> bool:
    """Whether an iCCP chunk names the one method of compression that there is."""
    return chunk[_CHUNK.size : -_CRC_BYTES].partition(b"\0")[2].startswith(b"\0")


def missing_share(data: bytes) -> float | None:
    """How much of the picture is not in a file that ends early: 0..1; None if that cannot be told.

    A progressive JPEG of which all passes have begun misses nothing but detail. Raises anything for damaged files.
    """
    if data.startswith(b"RIFF"):
        return max(0.0, 1 - len(data) / (8 + int.from_bytes(data[4:8], "little")))
    with Image.open(io.BytesIO(data), formats=FORMATS) as file:
        if file.info.get("progressive"):
            return 0.0 if _has_all_passes(data) else None
        if file.info.get("interlace"):
            return None
    if data.startswith(JPEG_MAGIC) and _is_same_with_noise(data):
        return 0.0
    # Rows that keep what was there before have not been decoded.
    first, second = (_decoded_on(data, fill) for fill in (0, 255))
    untouched = (first != second).reshape(len(first), -1).any(axis=1)
    return float(untouched.mean())


def _is_same_with_noise(data: bytes) -> bool:
    plain, noisy = (
        np.asarray(Image.open(io.BytesIO(data + more + JPEG_END), formats=FORMATS)) for more in (b"", _NOISE)
    )
    return np.array_equal(plain, noisy)


def _decoded_on(data: bytes, fill: int) -> NDArray[np.generic]:
    """As many rows of a file as there are, on pixels of one value."""
    whole, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, True
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as file:
            # Or Pillow would end a JPEG by itself, and paint the rest grey.
            file._ended = True  # type: ignore[attr-defined] # noqa: SLF001
            file.load_prepare()
            bands = len(file.getbands())
            file.im.paste(fill if bands == 1 else (fill,) * bands, (0, 0, *file.size))
            file.load()
            return np.asarray(file)
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = whole


def _has_all_passes(data: bytes) -> bool:
    """Whether each coefficient of each component has come in full precision, as far as the heads of passes tell."""
    complete: dict[int, set[int]] = {}
    at = 2
    while (at := data.find(b"\xff", at)) >= 0 and at + 4 < len(data):
        code, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4])
        head = data[at + 4 : at + 2 + length]
        if code in _FRAMES and len(head) >= 6:
            complete = {head[6 + 3 * n]: set() for n in range(head[5]) if 6 + 3 * n < len(head)}
        elif code == _SCAN and head and len(head) >= 4 + 2 * head[0]:
            first, last, precision = head[-3:]
            if precision & 15 == 0:
                for component in head[1 : 1 + 2 * head[0] : 2]:
                    complete.get(component, set()).update(range(first, last + 1))
        at += 2 + length if code not in {0x00, 0xFF, *range(0xD0, 0xDA)} else 1 if code == 0xFF else 2
    return bool(complete) and all(len(found) == _COEFFICIENTS for found in complete.values())
