"""What a file says of its colours."""

import struct
import zlib
from collections.abc import Iterator
from typing import Final

from PIL import Image

from worker.imaging.algorithms.colour_spaces.code_points import SRGB_PRIMARIES, SRGB_TRANSFER, profile_of
from worker.imaging.algorithms.colour_spaces.matrix_profile import Parametric, Primaries, matrix_profile

_PNG_SIGNATURE_BYTES: Final = 8
_CHUNK: Final = struct.Struct(">I4s")
_CHUNK_CRC_BYTES: Final = 4
_CICP: Final = struct.Struct("BBBB")
_FULL_RANGE: Final = 1

# What programs write for sRGB, whose curve is no power: libpng takes no gamma within 5 % of it for another, either.
_SRGB_GAMMA: Final = 1 / 2.2
_GAMMA_TOLERANCE: Final = 0.05
_CHROMATICITY_TOLERANCE: Final = 0.002


def declared_profiles(file: Image.Image, data: bytes) -> Iterator[bytes]:
    """ICC profiles of the colours of a file (opened from `data`), the one that counts first.

    Those after it count if it cannot be used. Of PNG, in the order of its specification (third edition, 4.3): cICP,
    iCCP, sRGB, gAMA with cHRM. Without any, colours are sRGB.
    """
    if file.format == "PNG":
        code_points = _png_code_points(data)
        if code_points is not None:
            yield code_points
    profile = file.info.get("icc_profile")
    # Pillow has None for what it could not unpack.
    if "icc_profile" in file.info:
        yield profile or b""
    if file.format == "PNG" and "srgb" not in file.info:
        stated = _gamma_and_primaries(file.info.get("gamma"), file.info.get("chromaticity"))
        if stated is not None:
            yield stated


def _png_code_points(data: bytes) -> bytes | None:
    """The profile of a cICP chunk, which Pillow does not read; None without one that is whole and known."""
    at = _PNG_SIGNATURE_BYTES
    while at + _CHUNK.size <= len(data):
        length, kind = _CHUNK.unpack_from(data, at)
        body = at + _CHUNK.size
        if kind == b"IDAT":
            return None
        if kind == b"cICP" and length == _CICP.size:
            end = body + length
            crc = int.from_bytes(data[end : end + _CHUNK_CRC_BYTES])
            primaries, transfer, matrix, video_range = _CICP.unpack_from(data, body)
            if crc == zlib.crc32(data[at + 4 : end]) and matrix == 0 and video_range == _FULL_RANGE:
                return profile_of(primaries, transfer)
        at = body + length + _CHUNK_CRC_BYTES
    return None


def _gamma_and_primaries(gamma: float | None, stated: tuple[float, ...] | None) -> bytes | None:
    """A profile of PNG's gAMA (what the light was raised to) and cHRM (white, red, green, blue); None: they say sRGB."""
    primaries = SRGB_PRIMARIES
    if stated is not None:
        white, red, green, blue = zip(stated[::2], stated[1::2], strict=True)
        primaries = Primaries(red, green, blue, white)
    is_srgb = _are_near(primaries, SRGB_PRIMARIES)
    if not gamma:
        curve = SRGB_TRANSFER
    elif is_srgb and abs(gamma / _SRGB_GAMMA - 1) <= _GAMMA_TOLERANCE:
        return None
    else:
        curve = Parametric((1 / gamma,))
    if is_srgb and curve is SRGB_TRANSFER:
        return None
    try:
        return matrix_profile(primaries, curve)
    except (ValueError, struct.error):
        return None


def _are_near(some: Primaries, others: Primaries) -> bool:
    pairs = zip(
        (*some.red, *some.green, *some.blue, *some.white),
        (*others.red, *others.green, *others.blue, *others.white),
        strict=True,
    )
    return all(abs(one - other) <= _CHROMATICITY_TOLERANCE for one, other in pairs)
