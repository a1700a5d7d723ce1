"""The upload guard against what is built to cost too much, and against bytes that nobody planned."""

import io
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import MetadataTooLarge, TooComplex, TooManyFrames, TooManyPixels, VitrineError
from tests.support import headers as raw
from tests.support import hostile_files as hostile
from tests.support import pictures
from web.photos.guard import DEFAULT_LIMITS, Header, inspect
from web.photos.guard.reader import WINDOW

MEBIBYTE = 1024 * 1024


def look_at(data: bytes) -> Header:
    return inspect(io.BytesIO(data))


def test_a_jpeg_of_a_thousand_scans_is_too_complex() -> None:
    with pytest.raises(TooComplex):
        look_at(hostile.jpeg_of_scans(1000))


def test_a_jpeg_may_have_64_scans_and_no_more() -> None:
    look_at(raw.jpeg(raw.jpeg_scan() * 64))
    with pytest.raises(TooComplex):
        look_at(raw.jpeg(raw.jpeg_scan() * 65))


def test_a_marker_is_seen_across_the_edge_of_a_window() -> None:
    for shift in range(64):
        scan = raw.jpeg_scan(bytes(WINDOW - 64 + shift))
        with pytest.raises(TooManyPixels):
            look_at(raw.jpeg(scan, raw.jpeg_frame(60_000, 60_000)))


def test_restarts_and_stuffed_bytes_are_no_markers() -> None:
    data = b"\xff\x00\xff\xd0\xff\xd7" * 50_000
    assert look_at(raw.jpeg(raw.jpeg_scan(data))).format == "JPEG"


COSTLY: dict[str, tuple[Callable[[], bytes], type[VitrineError]]] = {
    "jpeg of tiny segments": (lambda: raw.jpeg(raw.jpeg_segment(0xFE) * 100_000), TooComplex),
    "jpeg of starts": (lambda: b"\xff\xd8" * 100_000, TooComplex),
    "png of empty chunks": (lambda: raw.png(raw.png_chunk(b"IDAT") * 100_000), TooComplex),
    "gif of one-byte blocks": (
        lambda: raw.gif()[:13] + raw.gif_frame()[:11] + b"\1\1" * 600_000,
        TooComplex,
    ),
    "gif of empty extensions": (lambda: raw.gif(raw.gif_extension(0xF9) * 100_000), TooComplex),
    "webp of empty chunks": (
        lambda: raw.webp(raw.webp_canvas(9, 9), raw.webp_chunk(b"JUNK", b"") * 100_000),
        TooComplex,
    ),
    "png with a text bomb": (hostile.png_with_text_bomb, MetadataTooLarge),
    "png with a profile bomb": (hostile.png_with_profile_bomb, MetadataTooLarge),
    "png with an international text bomb": (
        lambda: raw.png(raw.png_chunk(b"iTXt", b"k\0\1\0en\0t\0" + zlib.compress(bytes(9 * MEBIBYTE)))),
        MetadataTooLarge,
    ),
    "png with many small text bombs": (
        lambda: raw.png(raw.png_chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(MEBIBYTE))) * 3),
        MetadataTooLarge,
    ),
    "png with plain text": (lambda: raw.png(raw.png_chunk(b"tEXt", bytes(2 * MEBIBYTE))), MetadataTooLarge),
    "png with a profile": (
        lambda: raw.png(raw.png_chunk(b"iCCP", b"icc\0\0" + zlib.compress(bytes(4 * MEBIBYTE + 1)))),
        MetadataTooLarge,
    ),
    "jpeg with a profile": (
        lambda: raw.jpeg(raw.jpeg_segment(0xE2, b"ICC_PROFILE\0\1\1" + bytes(65_000)) * 65),
        MetadataTooLarge,
    ),
    "webp with a profile": (
        lambda: raw.webp(raw.webp_canvas(9, 9), raw.webp_chunk(b"ICCP", bytes(4 * MEBIBYTE + 1))),
        MetadataTooLarge,
    ),
    "gif with comments": (
        lambda: raw.gif(raw.gif_extension(0xFE, *[bytes(255)] * 9000)),
        MetadataTooLarge,
    ),
    "gif of 5000 frames": (lambda: raw.gif(raw.gif_frame() * 5000), TooManyFrames),
    "gif of 501 frames": (lambda: raw.gif(raw.gif_frame() * 501), TooManyFrames),
    "webp of 501 frames behind an odd chunk": (
        lambda: raw.webp(raw.webp_canvas(9, 9), raw.webp_chunk(b"XYZ ", b"odd"), raw.webp_frame() * 501),
        TooManyFrames,
    ),
    "webp of 501 frames": (
        lambda: raw.webp(raw.webp_canvas(9, 9), raw.webp_frame() * 501),
        TooManyFrames,
    ),
    "apng of 501 frames": (lambda: raw.png(raw.png_chunk(b"fcTL", bytes(26)) * 501), TooManyFrames),
}


@pytest.mark.parametrize("name", COSTLY)
def test_what_would_cost_too_much_is_refused(name: str) -> None:
    make, error = COSTLY[name]
    with pytest.raises(error):
        look_at(make())


@pytest.mark.parametrize(
    "data",
    [
        raw.gif(raw.gif_frame() * 500),
        raw.gif(raw.gif_extension(0xFE, *[bytes(255)] * 8000)),
        raw.webp(raw.webp_canvas(9, 9), raw.webp_frame() * 500),
        raw.webp(raw.webp_canvas(9, 9), raw.webp_chunk(b"ICCP", bytes(MEBIBYTE))),
        raw.png(raw.png_chunk(b"tEXt", bytes(MEBIBYTE))),
        raw.png(raw.png_chunk(b"iCCP", b"icc\0\0" + zlib.compress(bytes(MEBIBYTE)))),
        raw.png(raw.png_chunk(b"fdAT", bytes(3 * MEBIBYTE))),
        raw.jpeg(raw.jpeg_segment(0xE2, b"ICC_PROFILE\0\1\1" + bytes(65_000)) * 16),
        raw.jpeg(raw.jpeg_segment(0xE1, bytes(65_000)) * 40),
    ],
)
def test_what_stays_within_the_limits_passes(data: bytes) -> None:
    look_at(data)


@pytest.mark.parametrize(
    "data",
    [
        raw.png()[:33] + struct.pack(">I4s", 2**32 - 1, b"tEXt") + bytes(100),
        raw.png()[:33] + struct.pack(">I4s", 2**31 - 1, b"zTXt") + bytes(100),
        raw.webp(raw.webp_canvas(9, 9), struct.pack("<4sI", b"ICCP", 2**32 - 1) + bytes(100)),
        raw.jpeg()[:-2] + b"\xff\xe2\xff\xffICC_PROFILE\0" + bytes(100),
    ],
)
def test_a_stated_length_beyond_the_end_is_not_believed(data: bytes) -> None:
    look_at(data)


def peak_memory(path: Path) -> int:
    """Bytes that the guard takes at most for a file on disk, as a large upload is one."""
    with path.open("rb") as stream:
        tracemalloc.start()
        with suppress(MetadataTooLarge):
            inspect(stream)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return peak


@pytest.mark.parametrize(
    "make",
    [
        hostile.png_with_text_bomb,
        lambda: raw.jpeg(raw.jpeg_scan(b"\x55" * (19 * MEBIBYTE))),
        lambda: raw.png()[:33] + struct.pack(">I4s", 2**31 - 1, b"zTXt") + bytes(100),
    ],
    ids=["a bomb", "a large file", "a chunk that says it is large"],
)
def test_memory_stays_small(make: Callable[[], bytes], tmp_path: Path) -> None:
    (tmp_path / "upload").write_bytes(make())
    assert peak_memory(tmp_path / "upload") < 8 * MEBIBYTE


SEEDS = [
    pictures.make_jpeg(progressive=True),
    pictures.make_mpo(16, 12),
    pictures.make_png(text="words"),
    pictures.make_apng(8, 8),
    pictures.make_webp(lossless=False),
    pictures.encode(
        pictures.flat_picture((1, 2, 3)),
        "WEBP",
        save_all=True,
        append_images=[pictures.flat_picture((9, 200, 3))],
    ),
    pictures.make_gif(frames=3),
    raw.png(raw.png_chunk(b"iTXt", b"k\0\1\0en\0t\0" + zlib.compress(b"words"))),
]
MAGIC = [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\xff\xff\xff\xffWEBPVP8X"]


def look_without_surprise(data: bytes) -> None:
    """Fails by any error that is not ours, and by a header beyond the limits."""
    try:
        header = look_at(data)
    except VitrineError:
        return
    assert header.width * header.height <= DEFAULT_LIMITS.max_pixels
    assert 1 <= header.width <= DEFAULT_LIMITS.max_side
    assert 1 <= header.height <= DEFAULT_LIMITS.max_side
    assert 1 <= header.frames <= DEFAULT_LIMITS.max_frames


@settings(max_examples=300, deadline=None)
@given(magic=st.sampled_from(MAGIC), rest=st.binary(max_size=400))
def test_random_bytes_raise_nothing_but_our_errors(magic: bytes, rest: bytes) -> None:
    look_without_surprise(magic + rest)


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_mutated_pictures_raise_nothing_but_our_errors(data: Any) -> None:
    picture = bytearray(data.draw(st.sampled_from(SEEDS)))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, min(len(picture), 400) - 1))
        patch = data.draw(st.binary(max_size=8))
        picture[at : at + data.draw(st.integers(0, 8))] = patch
    look_without_surprise(bytes(picture[: data.draw(st.integers(1, len(picture) or 1))]))
