"""What browsers show although it is damaged is read, and of what is not whole it is said how much is missing."""

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from shared.errors import Unreadable
from tests.support.hostile_files import gif_with_tile_outside, png_chunks, png_of
from tests.support.pictures import draw_picture, encode
from worker.imaging.algorithms.decode import DecodeError, decode
from worker.imaging.algorithms.mercy import without_odd_chunks
from worker.imaging.decode_errors import translated_decode_errors

PICTURE = draw_picture(160, 200)
JPEGS: dict[str, dict[str, Any]] = {
    "baseline": {},
    "of full colour": {"subsampling": 0},
    "with restarts": {"restart_marker_rows": 1},
    "progressive": {"progressive": True},
}


def jpeg(kind: str, picture: Image.Image = PICTURE) -> bytes:
    return encode(picture, "JPEG", quality=90, **JPEGS[kind])


def pixels(data: bytes) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.asarray(decode(data).pixels)


@pytest.mark.parametrize("kind", JPEGS)
@pytest.mark.parametrize("lost", [1, 2])
def test_a_jpeg_without_its_end_is_read(kind: str, lost: int) -> None:
    whole = jpeg(kind)
    assert np.array_equal(pixels(whole[:-lost]), pixels(whole))


def test_a_grey_jpeg_and_one_of_print_without_their_ends_are_read() -> None:
    for mode in ("L", "CMYK"):
        whole = jpeg("baseline", PICTURE.convert(mode))
        assert np.array_equal(pixels(whole[:-2]), pixels(whole))


def test_what_stands_behind_the_end_or_fills_between_markers_says_nothing() -> None:
    whole = jpeg("baseline")
    for odd in (whole + b"more" * 99, whole[:2] + b"\xff" * 7 + whole[2:]):
        assert np.array_equal(pixels(odd), pixels(whole))


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
@pytest.mark.parametrize(
    "whole",
    [
        *(jpeg(kind) for kind in JPEGS if kind != "progressive"),
        encode(PICTURE, "PNG"),
        encode(PICTURE, "GIF", interlace=False),
        encode(PICTURE, "GIF"),
        encode(PICTURE, "WEBP"),
    ],
    ids=[*(kind for kind in JPEGS if kind != "progressive"), "PNG", "GIF", "interlaced GIF", "WebP"],
)
def test_of_a_part_it_is_told_how_much_is_missing(whole: bytes, share: float) -> None:
    with pytest.raises(DecodeError) as refusal:
        decode(whole[: int(len(whole) * share)])
    assert refusal.value.code == "unreadable"
    assert refusal.value.missing_percent == pytest.approx(100 * (1 - share), abs=20)


def test_the_part_that_is_missing_is_told_in_words() -> None:
    with pytest.raises(Unreadable, match=r"^\d\d? % of the picture is missing"), translated_decode_errors():
        decode(jpeg("baseline")[:-1500])


def test_a_progressive_jpeg_may_lack_its_last_detail_and_no_more() -> None:
    whole = jpeg("progressive")
    assert np.abs(pixels(whole[: int(len(whole) * 0.95)]).astype(int) - pixels(whole)).mean() < 8
    with pytest.raises(DecodeError):
        decode(whole[: len(whole) // 2])


def with_chunk(kind: bytes, body: bytes, *, crc: int | None = None) -> bytes:
    """A PNG with one more chunk before its pixels."""
    header, *rest = png_chunks(encode(PICTURE, "PNG"))
    whole = png_of([header, *rest])
    crc = zlib.crc32(kind + body) if crc is None else crc
    return whole[:33] + struct.pack(">I4s", len(body), kind) + body + struct.pack(">I", crc) + whole[33:]


@pytest.mark.parametrize(
    "damaged",
    [
        with_chunk(b"cHRM", bytes(7)),
        with_chunk(b"cHRM", bytes(32), crc=1),
        with_chunk(b"gAMA", b"\0"),
        with_chunk(b"gAMA", struct.pack(">I", 100_000), crc=1),
        with_chunk(b"sRGB", b""),
        with_chunk(b"cICP", bytes([12, 13, 0, 1]), crc=1),
        with_chunk(b"iCCP", b"name\0\x07nothing"),
        with_chunk(b"iCCP", b"name"),
        with_chunk(b"pHYs", b"\1"),
        with_chunk(b"tIME", b"\1"),
        with_chunk(b"zTXt", b"key\0\x09odd"),
        with_chunk(b"iTXt", b"key"),
        with_chunk(b"eXIf", b"odd", crc=1),
        with_chunk(b"acTL", b""),
        with_chunk(b"fcTL", b"odd"),
        with_chunk(b"prVt", b"private", crc=1),
    ],
)
def test_a_damaged_ancillary_chunk_of_a_png_is_passed_over(damaged: bytes) -> None:
    assert np.array_equal(pixels(damaged), np.asarray(PICTURE))


def test_a_png_whose_pixels_are_damaged_is_refused() -> None:
    whole = encode(PICTURE, "PNG")
    at = whole.index(b"IDAT") + 60
    with pytest.raises(DecodeError):
        decode(whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :])


def test_a_png_that_says_nothing_odd_is_left_as_it_is() -> None:
    whole = encode(PICTURE, "PNG")
    assert without_odd_chunks(whole) is whole


def test_a_frame_beyond_the_screen_of_a_gif_makes_the_picture_larger() -> None:
    decoded = decode(gif_with_tile_outside())
    assert (decoded.width, decoded.height) == (364, 248)
    with Image.open(io.BytesIO(gif_with_tile_outside())) as file:
        assert file.size == (364, 248)
