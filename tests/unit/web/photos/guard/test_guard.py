"""The upload guard over the matrix of files: what passes, what is of another kind, what is too large."""

import io
from collections.abc import Callable

import pytest

from shared.errors import BadDimensions, EmptyFile, TooManyPixels, Unreadable, UnsupportedType, VitrineError
from tests.support import headers as raw
from tests.support import hostile_files as hostile
from tests.support import pictures
from web.photos.guard import Header, Limits, inspect


def look_at(data: bytes) -> Header:
    return inspect(io.BytesIO(data))


WHOLE: dict[str, tuple[Callable[[], bytes], Header]] = {
    "jpeg": (pictures.make_jpeg, Header("JPEG", 64, 48)),
    "progressive jpeg": (lambda: pictures.make_jpeg(progressive=True), Header("JPEG", 64, 48)),
    "cmyk jpeg": (lambda: pictures.make_jpeg(mode="CMYK"), Header("JPEG", 64, 48)),
    "grey jpeg": (lambda: pictures.make_jpeg(mode="L"), Header("JPEG", 64, 48)),
    "turned jpeg": (lambda: pictures.make_jpeg(orientation=6, gps=True), Header("JPEG", 48, 64)),
    "jpeg of orientation 9": (lambda: pictures.make_jpeg(orientation=9), Header("JPEG", 64, 48)),
    "mpo": (pictures.make_mpo, Header("JPEG", 64, 48)),
    "jpeg with profile": (
        lambda: pictures.make_jpeg(icc_profile=pictures.swapped_channels_profile()),
        Header("JPEG", 64, 48),
    ),
    "png": (pictures.make_png, Header("PNG", 64, 48)),
    "png with alpha": (lambda: pictures.make_png(mode="RGBA"), Header("PNG", 64, 48)),
    "bilevel png": (lambda: pictures.make_png(mode="1"), Header("PNG", 64, 48)),
    "palette png": (pictures.make_palette_png, Header("PNG", 64, 48)),
    "png with text": (lambda: pictures.make_png(text="a caption " * 50), Header("PNG", 64, 48)),
    "apng of 300 frames": (
        lambda: pictures.make_apng(4, 4, frames=300),
        Header("PNG", 4, 4, frames=300),
    ),
    "lossless webp": (pictures.make_webp, Header("WEBP", 64, 48)),
    "lossy webp": (lambda: pictures.make_webp(lossless=False), Header("WEBP", 64, 48)),
    "webp with alpha": (lambda: pictures.make_webp(alpha=True, lossless=False), Header("WEBP", 64, 48)),
    "animated webp": (
        lambda: pictures.encode(
            pictures.flat_picture((1, 2, 3)),
            "WEBP",
            save_all=True,
            append_images=[pictures.flat_picture((200, n * 90, 0)) for n in range(2)],
        ),
        Header("WEBP", 32, 24, frames=3),
    ),
    "gif": (pictures.make_gif, Header("GIF", 64, 48)),
    "animated gif": (lambda: pictures.make_gif(frames=7), Header("GIF", 64, 48, frames=7)),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_picture_passes_with_its_format_size_and_frames(name: str) -> None:
    make, expected = WHOLE[name]
    assert look_at(make()) == expected


DECODER_DECIDES: dict[str, Callable[[], bytes]] = {
    "half a jpeg": lambda: hostile.half_of(pictures.make_jpeg(200, 150)),
    "jpeg with a page behind it": hostile.jpeg_with_tail,
    "jpeg with scans in its tail": lambda: pictures.make_jpeg() + b"\0\2" + raw.jpeg_scan() * 200,
    "jpeg with corrupt exif": lambda: hostile.jpeg_with_exif(b"\xff" * 200),
    "jpeg with a broken profile": lambda: pictures.make_jpeg(icc_profile=b"not a profile"),
    "png with a bad checksum": hostile.png_with_bad_crc,
    "png with bad pixel data": hostile.png_with_bad_idat,
    "png without its end": hostile.png_without_iend,
    "png that is only a header": lambda: raw.png()[:33],
    "png with a broken compressed text": lambda: raw.png(raw.png_chunk(b"zTXt", b"Comment\0\0not zlib")),
    "apng without frame control": hostile.apng_without_fctl,
    "cut webp": hostile.webp_cut,
    "gif with a tile outside": hostile.gif_with_tile_outside,
    "gif without a frame": lambda: raw.gif()[:13],
}


@pytest.mark.parametrize("name", DECODER_DECIDES)
def test_what_only_a_decoder_can_tell_passes(name: str) -> None:
    look_at(DECODER_DECIDES[name]())


def test_the_stream_is_left_at_its_start() -> None:
    stream = io.BytesIO(pictures.make_png())
    stream.seek(17)
    inspect(stream)
    assert stream.tell() == 0


def test_the_stream_is_left_at_its_start_after_a_refusal() -> None:
    stream = io.BytesIO(b"hello")
    with pytest.raises(UnsupportedType):
        inspect(stream)
    assert stream.tell() == 0


KINDS = {
    "text": "a text file",
    "html": "an HTML page",
    "pdf": "a PDF",
    "exe": "a Windows program",
    "svg": "an SVG drawing",
    "eps": "an EPS or PostScript file",
    "tiff": "a TIFF picture",
    "bmp": "a BMP picture",
    "ico": "an icon (ICO)",
    "avif": "an AVIF picture",
    "heic": "a HEIC picture",
}


@pytest.mark.parametrize("name", KINDS)
def test_a_file_of_another_kind_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(UnsupportedType) as refusal:
        look_at(hostile.not_images()[name])
    assert refusal.value.message == f"This file is {KINDS[name]}. Vitrine reads JPEG, PNG, WebP and GIF."


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- x -->\n<svg>", "an SVG drawing"),
        (b"<?xml version='1.0'?><rss/>", "an XML file"),
        ("Ümläute, 漢字\n".encode() * 999, "a text file"),
        ("hello".encode("utf-16"), "a text file"),
        (b"BMW is a car maker.", "a text file"),
        (b"MZ and other letters", "a text file"),
        (b"PK\3\4" + bytes(40), "a ZIP archive"),
        (b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41", "a video"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "a sound file"),
        (b"junk\n%PDF-1.4\n" + bytes(range(256)), "a PDF"),
    ],
)
def test_other_kinds_are_told_apart(data: bytes, kind: str) -> None:
    with pytest.raises(UnsupportedType, match=kind):
        look_at(data)


def test_random_bytes_are_refused_without_a_guess() -> None:
    with pytest.raises(UnsupportedType) as refusal:
        look_at(hostile.not_images()["random"])
    assert refusal.value.message == UnsupportedType().message


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(EmptyFile):
        look_at(b"")


SIZES: list[tuple[str, bytes, type[VitrineError]]] = [
    ("12k x 12k PNG", raw.png(width=12_000, height=12_000), TooManyPixels),
    ("30k x 30k bilevel PNG", raw.png(width=30_000, height=30_000, bits=1), TooManyPixels),
    ("65535 x 65535 GIF", raw.gif(width=65_535, height=65_535), TooManyPixels),
    ("65535 x 65535 GIF, header only", raw.gif(width=65_535, height=65_535)[:13], TooManyPixels),
    ("110 Mpx JPEG", raw.jpeg(width=10_500, height=10_500), TooManyPixels),
    ("huge WebP canvas", raw.webp(raw.webp_canvas(1 << 24, 1 << 24)), TooManyPixels),
    ("16383 x 16383 lossy WebP", raw.webp(raw.webp_lossy(16_383, 16_383)), TooManyPixels),
    ("16384 x 16384 lossless WebP", raw.webp(raw.webp_lossless(16_384, 16_384)), TooManyPixels),
    ("PNG of 2^31 x 1", raw.png(width=2**31 - 1, height=1), TooManyPixels),
    ("1 x 60000 PNG", raw.png(width=1, height=60_000), BadDimensions),
    ("60000 x 1 JPEG", raw.jpeg(width=60_000, height=1), BadDimensions),
    ("1 x 16385 GIF", raw.gif(width=1, height=16_385), BadDimensions),
    ("1 x 60000 WebP", raw.webp(raw.webp_canvas(1, 60_000)), BadDimensions),
    ("0 x 0 PNG", raw.png(width=0, height=0), Unreadable),
    ("0 x 9 PNG", raw.png(width=0, height=9), Unreadable),
    ("0 x 0 JPEG", raw.jpeg(width=0, height=0), Unreadable),
    ("JPEG whose height comes later", raw.jpeg(width=9, height=0), Unreadable),
    ("0 x 0 GIF", raw.gif(raw.gif_frame(), width=0, height=0), Unreadable),
    ("0 x 0 WebP", raw.webp(raw.webp_lossy(0, 0)), Unreadable),
]


@pytest.mark.parametrize(("data", "error"), [case[1:] for case in SIZES], ids=[case[0] for case in SIZES])
def test_a_size_beyond_the_limits_is_refused(data: bytes, error: type[VitrineError]) -> None:
    with pytest.raises(error):
        look_at(data)


def test_a_large_picture_is_refused_with_its_size_and_what_to_do() -> None:
    with pytest.raises(TooManyPixels) as refusal:
        look_at(raw.png(width=12_000, height=12_000))
    assert refusal.value.message == (
        "The picture is 12,000 × 12,000 pixels (144 megapixels). Scale it down to 108 megapixels or less. "
        "Who runs this Vitrine may allow more by VITRINE_MAX_MEGAPIXELS."
    )


def test_what_cannot_be_shrunk_while_it_is_read_may_have_fewer_pixels() -> None:
    with pytest.raises(TooManyPixels) as refusal:
        look_at(raw.png(width=8_000, height=8_000))
    assert refusal.value.message == (
        "The picture is 8,000 × 8,000 pixels (64 megapixels). Only a JPEG may have more than 50, up to 108 "
        "(VITRINE_MAX_MEGAPIXELS): save it as JPEG, or scale it down."
    )


@pytest.mark.parametrize(
    ("width", "height"), [(12_000, 9_000), (8_064, 6_048), (65_535, 1_600), (600, 65_000)]
)
def test_a_jpeg_as_phones_take_it_passes(width: int, height: int) -> None:
    assert look_at(raw.jpeg(width=width, height=height)).width == width


def test_the_limit_of_pixels_is_a_setting() -> None:
    large = io.BytesIO(raw.jpeg(width=16_000, height=12_000))
    assert inspect(large, Limits(max_megapixels=200)).width == 16_000
    with pytest.raises(TooManyPixels):
        inspect(io.BytesIO(raw.png(width=4_000, height=3_000)), Limits(max_megapixels=10))


def test_a_long_jpeg_that_is_too_thin_to_shrink_has_to_fit_into_memory() -> None:
    with pytest.raises(TooManyPixels):
        look_at(raw.jpeg(width=65_000, height=1_000))


@pytest.mark.parametrize(("width", "height"), [(8_000, 6_250), (16_384, 1), (1, 16_384), (1, 1)])
def test_a_size_at_the_limits_passes(width: int, height: int) -> None:
    for data in (
        raw.png(width=width, height=height),
        raw.jpeg(width=width, height=height),
        raw.gif(width=width, height=height),
        raw.webp(raw.webp_lossless(width, height)),
    ):
        assert (look_at(data).width, look_at(data).height) == (width, height)


def test_a_second_frame_header_cannot_smuggle_in_a_larger_size() -> None:
    with pytest.raises(TooManyPixels):
        look_at(raw.jpeg(raw.jpeg_frame(60_000, 60_000)))


# Where each format has stated its size.
STATED = {
    "jpeg": (raw.jpeg(), raw.jpeg().index(b"\xff\xc0") + 9),
    "png": (raw.png(), 24),
    "gif": (raw.gif(raw.gif_frame()), 11),
    "lossy webp": (raw.webp(raw.webp_lossy(32, 24)), 30),
    "lossless webp": (raw.webp(raw.webp_lossless(32, 24)), 25),
    "extended webp": (raw.webp(raw.webp_canvas(32, 24)), 30),
}


@pytest.mark.parametrize("name", STATED)
def test_a_header_cut_off_before_the_size_is_unreadable_and_after_it_passes(name: str) -> None:
    data, stated = STATED[name]
    for length in range(4, stated):
        with pytest.raises(Unreadable):
            look_at(data[:length])
    for length in range(stated, len(data)):
        assert (look_at(data[:length]).width, look_at(data[:length]).height) == (32, 24)


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8\xff\xe0\x00\x01" + raw.jpeg()[2:],
        raw.png().replace(b"IHDR", b"IHDX"),
        raw.webp(raw.webp_chunk(b"JUNK", bytes(40))),
        raw.webp(raw.webp_lossy(32, 24)).replace(b"\x9d\x01\x2a", b"\0\0\0"),
        raw.webp(raw.webp_lossless(32, 24)).replace(b"\x2f", b"\0"),
    ],
)
def test_a_header_that_is_wrong_is_unreadable(data: bytes) -> None:
    with pytest.raises(Unreadable):
        look_at(data)
