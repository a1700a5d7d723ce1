"""Colours against a decode by formulas, whatever way a file states its colour space."""

import io
import struct
import zlib

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from shared.photo_notes import PhotoNote
from tests.support import colour_reference as reference
from tests.support.hostile_files import png_chunks, png_of
from tests.support.pictures import encode, flat_picture, swapped_channels_profile
from worker.imaging.algorithms.colour_spaces.code_points import SRGB_TRANSFER, profile_of
from worker.imaging.algorithms.colour_spaces.matrix_profile import (
    Curve,
    Parametric,
    Primaries,
    matrix_profile,
)
from worker.imaging.algorithms.decode import decode

# Of 8 bits in and 8 bits out, half a level is lost, and a little in between.
ROUNDING = 0.75

Chunk = tuple[bytes, bytes]


def some_colours() -> NDArray[np.uint8]:
    """(1, n, 3): all greys, and colours from all over the cube."""
    greys = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    colours = np.random.default_rng(7).integers(0, 256, (2000, 3), np.uint8)
    return np.concatenate([greys, colours])[None]


COLOURS = some_colours()


def png(*stated: Chunk) -> bytes:
    header, *rest = png_chunks(encode(Image.fromarray(COLOURS), "PNG"))
    return png_of([header, *stated, *rest])


def icc_chunk(profile: bytes, name: bytes = b"sRGB IEC61966-2.1") -> Chunk:
    return b"iCCP", name + b"\0\0" + zlib.compress(profile)


def profile(space: reference.Chromaticities, curve: Curve = SRGB_TRANSFER) -> bytes:
    return matrix_profile(Primaries(*space), curve)


def gamma_chunk(exponent: float) -> Chunk:
    return b"gAMA", struct.pack(">I", round(100_000 / exponent))


def primaries_chunk(space: reference.Chromaticities) -> Chunk:
    red, green, blue, white = space
    values = (*white, *red, *green, *blue)
    return b"cHRM", struct.pack(">8I", *(round(value * 100_000) for value in values))


def largest_error(data: bytes, expected: NDArray[np.float64] | NDArray[np.uint8]) -> float:
    return float(np.abs(np.asarray(decode(data).pixels) - expected.astype(np.float64)).max())


@pytest.mark.parametrize(
    ("space", "curve", "formula"),
    [
        (reference.DISPLAY_P3, SRGB_TRANSFER, reference.srgb_curve),
        (reference.ADOBE_RGB, Parametric((563 / 256,)), reference.power(563 / 256)),
        (reference.PROPHOTO, Parametric((1.8,)), reference.power(1.8)),
        (reference.BT_2020, SRGB_TRANSFER, reference.srgb_curve),
        (reference.SRGB, Parametric((1.0,)), reference.power(1.0)),
        (reference.SRGB, Parametric((2.2,)), reference.power(2.2)),
    ],
    ids=["Display P3", "Adobe RGB", "ProPhoto", "BT.2020", "linear", "gamma 2.2"],
)
def test_a_profile_is_read_by_its_numbers_whatever_its_name(
    space: reference.Chromaticities, curve: Curve, formula: reference.CurveFunction
) -> None:
    expected = reference.in_srgb(COLOURS, space, formula)
    assert largest_error(png(icc_chunk(profile(space, curve))), expected) < ROUNDING


@pytest.mark.parametrize("format_name", ["JPEG", "WEBP"])
def test_profiles_of_all_formats_are_read(format_name: str) -> None:
    exact = {"quality": 100} if format_name == "JPEG" else {"lossless": True}
    data = encode(
        flat_picture((234, 51, 35)), format_name, icc_profile=profile(reference.DISPLAY_P3), **exact
    )
    assert np.asarray(decode(data).pixels)[0, 0] == pytest.approx((255, 0, 0), abs=3)


@pytest.mark.parametrize(
    "same",
    [
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
        profile(reference.SRGB),
        # As profiles of version 2 write it: a table.
        matrix_profile(
            Primaries(*reference.SRGB),
            reference.sampled(reference.srgb_curve, 1024),
        ),
    ],
    ids=["of LittleCMS", "parametric", "sampled"],
)
def test_what_is_srgb_by_its_numbers_changes_nothing(same: bytes) -> None:
    assert largest_error(png(icc_chunk(same, b"Display P3")), COLOURS) == 0


@pytest.mark.parametrize(
    ("code", "space"),
    [
        (1, reference.SRGB),
        (4, reference.NTSC_1953),
        (9, reference.BT_2020),
        (12, reference.DISPLAY_P3),
    ],
)
def test_code_points_are_read(code: int, space: reference.Chromaticities) -> None:
    expected = reference.in_srgb(COLOURS, space, reference.srgb_curve)
    assert largest_error(png((b"cICP", bytes([code, 13, 0, 1]))), expected) < ROUNDING


@pytest.mark.parametrize(("transfer", "exponent"), [(4, 2.2), (5, 2.8), (8, 1.0)])
def test_code_points_of_transfers_are_read(transfer: int, exponent: float) -> None:
    expected = reference.in_srgb(COLOURS, reference.SRGB, reference.power(exponent))
    assert largest_error(png((b"cICP", bytes([1, transfer, 0, 1]))), expected) < ROUNDING


@pytest.mark.parametrize(("transfer", "white"), [(16, 0.5807), (18, 0.75)], ids=["PQ", "HLG"])
def test_white_of_high_dynamic_range_is_white(transfer: int, white: float) -> None:
    # 203 cd/m2 in PQ, and 75 % in HLG (ITU-R BT.2408, table 1).
    grey = flat_picture((round(white * 255),) * 3)
    header, *rest = png_chunks(encode(grey, "PNG"))
    decoded = decode(png_of([header, (b"cICP", bytes([1, transfer, 0, 1])), *rest]))
    assert np.asarray(decoded.pixels)[0, 0] == pytest.approx((255, 255, 255), abs=3)


@pytest.mark.parametrize("exponent", [1.0, 1.8, 2.6])
def test_gamma_is_read(exponent: float) -> None:
    expected = reference.in_srgb(COLOURS, reference.SRGB, reference.power(exponent))
    assert largest_error(png(gamma_chunk(exponent)), expected) < ROUNDING


def test_primaries_are_read_with_and_without_a_gamma() -> None:
    alone = reference.in_srgb(COLOURS, reference.DISPLAY_P3, reference.srgb_curve)
    assert largest_error(png(primaries_chunk(reference.DISPLAY_P3)), alone) < ROUNDING
    both = reference.in_srgb(COLOURS, reference.ADOBE_RGB, reference.power(2.2))
    assert largest_error(png(gamma_chunk(2.2), primaries_chunk(reference.ADOBE_RGB)), both) < ROUNDING


@pytest.mark.parametrize(
    "stated",
    [
        [gamma_chunk(2.2)],
        [gamma_chunk(2.2), primaries_chunk(reference.SRGB)],
        [primaries_chunk(reference.SRGB)],
        [(b"gAMA", bytes(4))],
        [(b"cHRM", bytes(32))],
        [(b"cICP", bytes([2, 2, 0, 1]))],
        [(b"cICP", bytes([12, 13, 0, 0]))],
        [(b"cICP", bytes([12, 13]))],
    ],
    ids=[
        "gamma as of sRGB",
        "gamma and primaries of sRGB",
        "primaries of sRGB",
        "no gamma",
        "no primaries",
        "unspecified",
        "video range",
        "half a cICP",
    ],
)
def test_what_states_srgb_or_nothing_changes_nothing(stated: list[Chunk]) -> None:
    assert largest_error(png(*stated), COLOURS) == 0


P3_BY_CODE = (b"cICP", bytes([12, 13, 0, 1]))
LINEAR_ICC = icc_chunk(profile(reference.SRGB, Parametric((1.0,))))
SRGB_CHUNK = (b"sRGB", b"\0")


@pytest.mark.parametrize(
    ("stated", "space", "formula"),
    [
        ([SRGB_CHUNK, gamma_chunk(1.0), P3_BY_CODE, LINEAR_ICC], reference.DISPLAY_P3, reference.srgb_curve),
        ([gamma_chunk(1.8), SRGB_CHUNK, LINEAR_ICC], reference.SRGB, reference.power(1.0)),
        (
            [gamma_chunk(1.0), primaries_chunk(reference.BT_2020), SRGB_CHUNK],
            reference.SRGB,
            reference.srgb_curve,
        ),
    ],
    ids=["cICP first", "iCCP second", "sRGB third"],
)
def test_of_all_that_a_png_states_the_first_in_the_order_of_the_specification_counts(
    stated: list[Chunk], space: reference.Chromaticities, formula: reference.CurveFunction
) -> None:
    assert largest_error(png(*stated), reference.in_srgb(COLOURS, space, formula)) < ROUNDING


def test_after_a_damaged_profile_the_next_statement_counts() -> None:
    data = png(icc_chunk(b"no profile" * 20), gamma_chunk(1.0))
    assert largest_error(data, reference.in_srgb(COLOURS, reference.SRGB, reference.power(1.0))) < ROUNDING
    assert decode(data).notes == (PhotoNote.DAMAGED_PROFILE,)


GREY_GAMMA = reference.grey_profile(1.0)


@pytest.mark.parametrize("mode", ["L", "LA", "1"])
def test_profiles_of_grey_are_read(mode: str) -> None:
    grey = Image.fromarray(np.arange(0, 256, 5, dtype=np.uint8)[None]).convert("L" if mode == "1" else mode)
    if mode == "1":
        grey = grey.point(lambda value: 255 * (value > 99)).convert("1")
    decoded = decode(encode(grey, "PNG", icc_profile=GREY_GAMMA))
    values = np.asarray(grey.convert("RGB"))
    expected = reference.in_srgb(values, reference.SRGB, reference.power(1.0))
    assert np.abs(np.asarray(decoded.pixels) - expected).max() < ROUNDING
    assert decoded.notes == ()


def test_a_grey_picture_may_have_a_profile_of_colours() -> None:
    grey = flat_picture((90, 90, 90)).convert("L")
    decoded = decode(encode(grey, "JPEG", icc_profile=profile(reference.SRGB, Parametric((1.0,)))))
    expected = reference.in_srgb(np.array([90, 90, 90], np.uint8), reference.SRGB, reference.power(1.0))
    assert np.asarray(decoded.pixels)[0, 0] == pytest.approx(expected, abs=1)
    assert decoded.notes == ()


@pytest.mark.parametrize(
    ("picture", "format_name", "unfit"),
    [
        (flat_picture((9, 99, 199)), "PNG", GREY_GAMMA),
        (flat_picture((9, 99, 199)), "JPEG", reference.of_space(swapped_channels_profile(), b"CMYK")),
        (flat_picture((9, 99, 199)).convert("CMYK"), "JPEG", swapped_channels_profile()),
        (flat_picture((9, 99, 199)), "PNG", reference.of_class(swapped_channels_profile(), b"link")),
    ],
    ids=["grey for colours", "print for screen", "screen for print", "a link between devices"],
)
def test_a_profile_that_does_not_fit_is_passed_over_with_a_note(
    picture: Image.Image, format_name: str, unfit: bytes
) -> None:
    decoded = decode(encode(picture, format_name, icc_profile=unfit))
    assert np.asarray(decoded.pixels)[0, 0] == pytest.approx((9, 99, 199), abs=4)
    assert decoded.notes == (PhotoNote.PROFILE_OF_OTHER_COLOURS,)


@pytest.mark.parametrize(
    "damaged",
    [swapped_channels_profile()[:200], b"no profile at all", bytes(128), swapped_channels_profile()[:-40]],
)
def test_a_damaged_profile_is_passed_over_with_a_note(damaged: bytes) -> None:
    decoded = decode(encode(flat_picture((9, 99, 199)), "PNG", icc_profile=damaged))
    assert np.asarray(decoded.pixels)[0, 0].tolist() == [9, 99, 199]
    assert decoded.notes == (PhotoNote.DAMAGED_PROFILE,)


@pytest.mark.parametrize("format_name", ["PNG", "JPEG", "WEBP"])
def test_a_profile_that_fits_has_no_note(format_name: str) -> None:
    assert (
        decode(encode(flat_picture((9, 99, 199)), format_name, icc_profile=profile(reference.PROPHOTO))).notes
        == ()
    )


def test_the_colours_of_a_palette_are_converted() -> None:
    picture = flat_picture((234, 51, 35)).quantize(4)
    decoded = decode(encode(picture, "PNG", icc_profile=profile(reference.DISPLAY_P3)))
    assert np.asarray(decoded.pixels)[0, 0].tolist() == [255, 0, 0]


def test_transparent_colours_are_converted_before_they_are_laid_on_their_ground() -> None:
    picture = flat_picture((234, 51, 35))
    picture.putalpha(128)
    decoded = decode(encode(picture, "PNG", icc_profile=profile(reference.DISPLAY_P3)))
    assert np.asarray(decoded.pixels)[0, 0] == pytest.approx((255, 127, 127), abs=1)


def test_lines_of_primaries_are_refused() -> None:
    with pytest.raises(ValueError, match="primaries"):
        matrix_profile(Primaries((0.1, 0.1), (0.2, 0.2), (0.3, 0.3), reference.D65), SRGB_TRANSFER)


def test_pillow_reads_the_profiles_that_are_made() -> None:
    made = profile_of(12, 13)
    assert made is not None
    read = ImageCms.ImageCmsProfile(io.BytesIO(made)).profile
    assert read.xcolor_space.strip() == "RGB"
    assert read.red_primary is not None
    assert read.red_primary[1][:2] == pytest.approx(reference.DISPLAY_P3[0], abs=5e-3)
