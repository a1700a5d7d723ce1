"""One decode of an uploaded file: upright RGB pixels on a plain ground, in sRGB, whatever the file was.

Meant to run in a limited child process (`worker.imaging.sandbox`): the bytes are a stranger's.
"""

import io
import math
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from PIL import Image, PngImagePlugin

from shared.decoded_size import jpeg_scale, pixels_in_memory
from shared.file_types import FORMATS, Format, picture_format
from shared.limits import MAX_ICC_BYTES, MAX_PIXELS, MOST_MEGAPIXELS
from shared.photo_notes import PhotoNote
from worker.imaging.algorithms.capture_time import UNKNOWN_TIME, CaptureTime, capture_time
from worker.imaging.algorithms.colour_spaces import declared_profiles, to_srgb
from worker.imaging.algorithms.ground import ground_for
from worker.imaging.algorithms.mercy import JPEG_END, missing_share, without_odd_chunks

_ORIENTATION_TAG = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDES_SWAPPED = {5, 6, 7, 8}

_MOST_PIXELS = MOST_MEGAPIXELS * 1_000_000
# Pillow's own guards against bombs: above the first it warns; the second holds for profiles in PNGs, too.
Image.MAX_IMAGE_PIXELS = _MOST_PIXELS
PngImagePlugin.MAX_TEXT_CHUNK = MAX_ICC_BYTES

_GREY_MODES = {"1", "L", "LA"}
_PROFILED_MODES = {"RGB", "L", "CMYK"}


class DecodeError(Exception):
    """The file can't be decoded; `code` is stable and fit for an API.

    missing_percent: how much of the picture is not in the file, 1 to 100; None where something else is wrong, or that
    cannot be told.
    """

    def __init__(self, message: str, code: str = "unreadable", missing_percent: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.missing_percent = missing_percent


@dataclass(frozen=True, slots=True)
class Decoded:
    """A decoded picture.

    `pixels` is RGB, upright, in sRGB, on a ground on which it can be seen, without metadata; a large JPEG is already
    smaller than it was stored. `alpha` is its transparency (mode L, same size, 255 = solid), or None where every pixel
    is solid. `width` and `height` are those of the whole upright picture; `format` is one of FORMATS; `taken` is when,
    as far as the file says; `notes` tell what in the file was passed over.
    """

    pixels: Image.Image
    alpha: Image.Image | None
    width: int
    height: int
    format: Format
    taken: CaptureTime = UNKNOWN_TIME
    notes: tuple[PhotoNote, ...] = ()


def decode(data: bytes, *, max_pixels: int = MAX_PIXELS) -> Decoded:
    """The first frame of a JPEG, PNG, WebP or GIF.

    Raises DecodeError with code `too_many_pixels` above `max_pixels` in memory, `unreadable` for whatever else is wrong
    with the file; and MemoryError, which says nothing about the file.
    """
    with warnings.catch_warnings():
        # Decoders warn about harmless damage (corrupt EXIF), which is no news here; a bomb is.
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            return _decode_whole_or_nearly(without_odd_chunks(data), max_pixels)
        except (DecodeError, MemoryError):
            raise
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as bomb:
            raise DecodeError(str(bomb), "too_many_pixels") from bomb
        except Exception as error:
            # Decoders raise anything on damaged files: OSError, SyntaxError, ValueError, struct.error, OverflowError.
            raise DecodeError(f"{type(error).__name__}: {error}") from error


def _decode_whole_or_nearly(data: bytes, max_pixels: int) -> Decoded:
    """A file that ends early is decoded if it has all of its picture."""
    try:
        return _decode(data, max_pixels)
    except OSError as error:
        missing = missing_share(data)
        if missing is None:
            raise
        if missing == 0 and picture_format(data) == "JPEG":
            return _decode(data + JPEG_END, max_pixels)
        if missing == 0:
            raise
        percent = min(100, math.ceil(100 * missing))
        raise DecodeError(str(error), missing_percent=percent) from error


def _decode(data: bytes, max_pixels: int) -> Decoded:
    with Image.open(io.BytesIO(data), formats=FORMATS) as file:
        width, height = file.size
        # Pillow reads stereo and "live" JPEGs as MPO, whatever `formats` says; its first frame is the photo.
        format_name: Format = next((each for each in FORMATS if each == file.format), "JPEG")
        in_memory = pixels_in_memory(width, height, is_jpeg=format_name == "JPEG")
        if in_memory > max_pixels or width * height > _MOST_PIXELS:
            raise DecodeError(f"{width} x {height} are too many pixels for {format_name}", "too_many_pixels")
        if format_name == "JPEG":
            scale = jpeg_scale(width, height)
            file.draft(None, (width // scale, height // scale))
        file.load()
        orientation, taken = _orientation(file), _capture_time(file)
        colour, alpha = _colour_and_alpha(file)
        pixels, note = to_srgb(colour, declared_profiles(file, data))
    if alpha is not None:
        ground = Image.new("RGB", pixels.size, ground_for(pixels, alpha))
        ground.paste(pixels, mask=alpha)
        pixels = ground
    turn = _UPRIGHT.get(orientation)
    if turn is not None:
        pixels = pixels.transpose(turn)
        alpha = alpha and alpha.transpose(turn)
    if orientation in _SIDES_SWAPPED:
        width, height = height, width
    pixels.info = {}  # Pillow would write a profile or comment found here into every file it saves
    return Decoded(pixels, alpha, width, height, format_name, taken, (note,) if note else ())


def _orientation(file: Image.Image) -> int:
    try:
        return int(file.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:  # noqa: BLE001 - corrupt EXIF raises anything, and a photo without EXIF is a good photo
        return 1


def _capture_time(file: Image.Image) -> CaptureTime:
    try:
        return capture_time(file.getexif(), datetime.now(UTC))
    except Exception:  # noqa: BLE001 - as for the orientation
        return UNKNOWN_TIME


def _colour_and_alpha(file: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """The picture as RGB, L or CMYK, and its transparency if it has any."""
    if file.mode.startswith("I"):
        return _grey_of_16_bits(file)
    plain = "L" if file.mode in _GREY_MODES else file.mode if file.mode in _PROFILED_MODES else "RGB"
    if file.has_transparency_data:
        layers = file.convert("LA" if plain == "L" else "RGBA")
        alpha = layers.getchannel("A")
        return layers.convert("L" if plain == "L" else "RGB"), None if alpha.getextrema() == (
            255,
            255,
        ) else alpha
    return file.convert(plain), None


def _grey_of_16_bits(file: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    # Pillow's own convert clips at 255 (its issue 3011), which turns nearly every 16-bit picture white.
    values = np.asarray(file).astype(np.uint32)
    grey = Image.fromarray(((values * 255 + 32767) // 65535).astype(np.uint8))
    clear = file.info.get("transparency")
    if clear is None:
        return grey, None
    return grey, Image.fromarray(np.where(values == clear, 0, 255).astype(np.uint8))
