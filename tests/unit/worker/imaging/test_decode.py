import struct
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from shared.file_types import FORMATS
from tests.support import hostile_files, pictures
from worker.imaging.algorithms.analysis import analyse
from worker.imaging.algorithms.decode import DecodeError, decode

SWAPPED = pictures.swapped_channels_profile()
# What a codec may change in a drawing of hard edges, in 8-bit levels; turned or inverted it differs by over 40.
NEAR = 12


def difference(picture: Image.Image, expected: Image.Image) -> float:
    """Mean absolute difference in 8-bit levels."""
    return float(np.abs(array(picture) - array(expected)).mean())


def array(picture: Image.Image) -> NDArray[np.int16]:
    return np.asarray(picture).astype(np.int16)


@pytest.mark.parametrize(
    ("make", "format_name"),
    [
        (pictures.make_jpeg, "JPEG"),
        (pictures.make_png, "PNG"),
        (pictures.make_webp, "WEBP"),
        (pictures.make_gif, "GIF"),
    ],
)
def test_each_format_is_recognised_by_its_content(
    make: Callable[[int, int], bytes], format_name: str
) -> None:
    decoded = decode(make(64, 48))
    assert (decoded.format, decoded.width, decoded.height) == (format_name, 64, 48)
    assert (decoded.pixels.mode, decoded.pixels.size, decoded.alpha) == ("RGB", (64, 48), None)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_upright_whatever_its_orientation(orientation: int) -> None:
    decoded = decode(pictures.make_jpeg(64, 48, orientation=orientation, quality=98))
    assert (decoded.width, decoded.height) == decoded.pixels.size == (64, 48)
    assert difference(decoded.pixels, pictures.draw_picture(64, 48)) < NEAR


def test_an_unknown_orientation_is_ignored() -> None:
    assert decode(pictures.make_jpeg(64, 48, orientation=9)).pixels.size == (64, 48)


def test_transparency_is_turned_with_its_picture() -> None:
    # Stored on its side with orientation 6, the clear left half ends up on top.
    data = pictures.make_png(64, 48, mode="RGBA", exif=pictures.exif_with(6))
    decoded = decode(data)
    assert decoded.alpha is not None
    alpha = np.asarray(decoded.alpha)
    assert alpha.shape == (64, 48)
    assert not alpha[:32].any()
    assert alpha[32:].all()


def test_no_metadata_is_carried_along() -> None:
    data = pictures.make_jpeg(gps=True, orientation=6, comment=b"secret", icc_profile=SWAPPED)
    assert decode(data).pixels.info == {}
    assert not decode(data).pixels.getexif()


@pytest.mark.parametrize(
    "data",
    [
        pictures.make_gif(frames=3),
        pictures.make_apng(frames=3),
        pictures.make_mpo(),
        pictures.make_apng(frames=300),
    ],
    ids=["gif", "apng", "mpo", "apng of 300 frames"],
)
def test_an_animation_shows_its_first_frame(data: bytes) -> None:
    first = pictures.draw_picture()
    decoded = decode(data)
    assert difference(decoded.pixels, first) < NEAR
    assert decoded.format in FORMATS


@pytest.mark.parametrize(
    "data",
    [
        b"",
        *hostile_files.not_images().values(),
        hostile_files.half_of(pictures.make_jpeg()),
        hostile_files.half_of(pictures.make_png()),
        hostile_files.half_of(pictures.make_gif()),
        hostile_files.half_of(pictures.make_mpo()),
        hostile_files.webp_cut(),
        hostile_files.png_with_bad_crc(),
        hostile_files.png_with_bad_idat(),
        hostile_files.jpeg_of_sides(0, 0),
        hostile_files.png_with_profile_bomb(),
    ],
)
def test_a_broken_file_is_unreadable(data: bytes) -> None:
    with pytest.raises(DecodeError) as refusal:
        decode(data)
    assert refusal.value.code == "unreadable"


@pytest.mark.parametrize(
    "data",
    [
        hostile_files.png_of_sides(12_000, 12_000),
        hostile_files.png_of_sides(30_000, 30_000, bits=1),
        hostile_files.gif_of_sides(65_535, 65_535),
        hostile_files.jpeg_of_sides(15_000, 15_000),
        hostile_files.jpeg_of_sides(65_000, 1_000),
        hostile_files.png_of_sides(7_100, 7_100),
    ],
    ids=["png", "1-bit png", "gif", "225 Mpx jpeg", "thin jpeg", "just too large"],
)
def test_a_bomb_is_refused_by_its_header(data: bytes) -> None:
    with pytest.raises(DecodeError) as refusal:
        decode(data)
    assert refusal.value.code == "too_many_pixels"


@pytest.mark.parametrize(
    "data",
    [
        hostile_files.jpeg_with_tail(),
        hostile_files.jpeg_with_tail(b"PK\x03\x04 and a zip"),
        hostile_files.png_without_iend(),
        hostile_files.png_with_text_bomb(),
        hostile_files.apng_without_fctl(),
        hostile_files.gif_of_sides(0, 0),
        hostile_files.jpeg_with_exif(b"MM\0*\0\0\xff\xff\xff\xff"),
        hostile_files.jpeg_with_exif(b"II*\0\x08\0\0\0\xff\xff" + b"\x12" * 40),
        pictures.make_jpeg(icc_profile=b"no profile at all"),
        pictures.make_jpeg(icc_profile=SWAPPED[:200]),
        pictures.make_png(icc_profile=bytes(128)),
    ],
)
def test_harmless_damage_is_overlooked(data: bytes) -> None:
    assert difference(decode(data).pixels, pictures.draw_picture()) < NEAR


def test_print_colours_become_screen_colours() -> None:
    decoded = decode(pictures.make_jpeg(mode="CMYK", quality=98))
    assert difference(decoded.pixels, pictures.draw_picture()) < NEAR


@pytest.mark.parametrize(
    ("data", "colour"),
    [
        (pictures.make_png(mode="RGBA"), None),
        (pictures.make_png(mode="LA"), None),
        (pictures.make_webp(alpha=True), None),
        (pictures.make_palette_png(), (255, 0, 0)),
    ],
    ids=["RGBA", "LA", "WebP", "palette with tRNS"],
)
def test_a_colourful_picture_stands_on_white(data: bytes, colour: tuple[int, int, int] | None) -> None:
    decoded = decode(data)
    pixels = np.asarray(decoded.pixels)
    assert (pixels[:, :32] == 255).all()
    assert (pixels[:, 32:] != 255).any()
    if colour:
        assert (pixels[:, 32:] == colour).all()
    assert decoded.alpha is not None
    assert np.array_equal(np.asarray(decoded.alpha), np.asarray(pictures.half_transparent(64, 48)))


def test_a_solid_alpha_channel_is_no_transparency() -> None:
    solid = pictures.draw_picture()
    solid.putalpha(255)
    assert decode(pictures.encode(solid, "PNG")).alpha is None


def test_grey_of_16_bits_keeps_its_gradation() -> None:
    values = np.linspace(0, 65_535, 256 * 2).astype(np.uint16).reshape(2, 256)
    pixels = np.asarray(decode(pictures.make_grey16_png(values)).pixels)
    assert np.array_equal(pixels[..., 0], np.rint(values / 257).astype(np.uint8))
    assert (pixels[..., :1] == pixels).all()


def test_grey_of_16_bits_may_be_transparent() -> None:
    values = np.array([[0, 30_000], [30_000, 65_535]], np.uint16)
    header, *rest = hostile_files.png_chunks(pictures.make_grey16_png(values))
    decoded = decode(hostile_files.png_of([header, (b"tRNS", struct.pack(">H", 30_000)), *rest]))
    # Black and white are both seen on it.
    assert np.asarray(decoded.pixels)[..., 0].tolist() == [[0, 32], [32, 255]]
    assert decoded.alpha is not None
    assert np.asarray(decoded.alpha).tolist() == [[255, 0], [0, 255]]


def test_a_colour_profile_is_honoured() -> None:
    red = pictures.encode(pictures.flat_picture((255, 0, 0)), "PNG", icc_profile=SWAPPED)
    assert np.asarray(decode(red).pixels)[0, 0] == pytest.approx((0, 0, 255), abs=3)


def test_a_profile_of_colours_leaves_grey_as_it_is() -> None:
    grey = pictures.encode(pictures.flat_picture((90, 90, 90)).convert("L"), "PNG", icc_profile=SWAPPED)
    assert np.asarray(decode(grey).pixels)[0, 0].tolist() == [90, 90, 90]


def test_the_srgb_profile_changes_nothing() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    tagged = decode(pictures.make_png(icc_profile=profile)).pixels
    assert difference(tagged, pictures.draw_picture()) == 0


def test_a_large_jpeg_is_shrunk_while_it_is_decoded() -> None:
    decoded = decode(pictures.encode(pictures.flat_picture((9, 99, 199), 4032, 3024), "JPEG"))
    assert (decoded.width, decoded.height) == (4032, 3024)
    assert decoded.pixels.size == (2016, 1512)


@pytest.mark.parametrize("size", [(3000, 2000), (8000, 900)])
def test_a_jpeg_keeps_the_pixels_that_its_products_need(size: tuple[int, int]) -> None:
    # The first would end below the display's size, the second below the model view's.
    assert decode(pictures.encode(pictures.flat_picture((9, 99, 199), *size), "JPEG")).pixels.size == size


def test_a_photo_of_48_megapixels_is_decoded_at_half_its_size() -> None:
    decoded = decode(pictures.encode(pictures.flat_picture((9, 99, 199), 8064, 6048), "JPEG"))
    assert (decoded.width, decoded.height) == (8064, 6048)
    assert decoded.pixels.size == (2016, 1512)


def test_a_long_panorama_is_decoded() -> None:
    decoded = decode(pictures.encode(pictures.flat_picture((9, 99, 199), 40_000, 1_100), "JPEG"))
    assert (decoded.width, decoded.height) == (40_000, 1_100)
    assert (
        analyse(pictures.encode(pictures.flat_picture((9, 99, 199), 40_000, 1_100), "JPEG"), 6).display.width
        == 2048
    )


def test_the_largest_strip_is_decoded() -> None:
    decoded = decode(pictures.encode(pictures.flat_picture((1, 2, 3), 1, 16_384), "PNG"))
    assert (decoded.width, decoded.height) == (1, 16_384)
