"""What the guard lets through, and what it reports about a picture."""

from dataclasses import dataclass
from typing import Final

from shared.decoded_size import pixels_in_memory
from shared.errors import BadDimensions, TooManyFrames, TooManyPixels, Unreadable
from shared.file_types import Format
from shared.limits import (
    DEFAULT_MEGAPIXELS,
    LEAST_SIDE_OF_LONG,
    LONG_SIDE,
    MAX_ICC_BYTES,
    MAX_PIXELS,
    MAX_SIDE,
    MEBIBYTE,
)
from shared.settings import variable


@dataclass(frozen=True, slots=True)
class Header:
    """What a picture says about itself. width and height in pixels, before EXIF orientation; frames is 1 for a still."""

    format: Format
    width: int
    height: int
    frames: int = 1


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of the upload guard, each with its reason."""

    max_side: int = MAX_SIDE
    # Of the whole picture, by setting; and in memory.
    max_megapixels: int = DEFAULT_MEGAPIXELS
    max_pixels: int = MAX_PIXELS
    # Every scan goes over the whole picture: a 200 KB progressive JPEG with 1,000 of them costs 37 s of CPU.
    max_scans: int = 64
    # Real JPEGs have tens of segments, long ones some hundreds: each costs the decoder a step in Python.
    max_segments: int = 4_096
    # The most that a file of 20 MiB needs with chunks of 320 bytes; encoders write some kilobytes in each.
    max_chunks: int = 65_536
    # GIF data comes in blocks of up to 255 bytes: 82,000 make 20 MiB. Blocks this small on average are made to hurt.
    max_blocks: int = 500_000
    # Camera metadata takes some 100 KB. Compressed text counts by what it unfolds to.
    max_metadata_bytes: int = 2 * MEBIBYTE
    # Compressed ones count by what they unfold to.
    max_icc_bytes: int = MAX_ICC_BYTES
    # Only the first frame is used; more than this is a film, not a picture.
    max_frames: int = 500


DEFAULT_LIMITS: Final = Limits()


def check_size(width: int, height: int, limits: Limits, *, is_jpeg: bool = False) -> None:
    """Raise Unreadable for an empty picture, TooManyPixels or BadDimensions for one beyond the limits.

    Pixels come before sides, since scaling down is what helps with either, and a picture of 30,000 x 30,000 is too
    large rather than too long.
    """
    if width <= 0 or height <= 0:
        raise Unreadable(
            f"The picture says that it is {width} × {height} pixels, so there is nothing to see in it."
        )
    stated = f"The picture is {width:,} × {height:,} pixels ({width * height / 1e6:,.0f} megapixels)."
    if width * height > limits.max_megapixels * 1_000_000:
        raise TooManyPixels(
            f"{stated} Scale it down to {limits.max_megapixels} megapixels or less. "
            f"Who runs this Vitrine may allow more by {variable('max_megapixels')}."
        )
    if pixels_in_memory(width, height, is_jpeg=is_jpeg) > limits.max_pixels:
        most = min(limits.max_megapixels, limits.max_pixels // 1_000_000)
        raise TooManyPixels(
            f"{stated} Only a JPEG may have more than {most}, up to {limits.max_megapixels} "
            f"({variable('max_megapixels')}): save it as JPEG, or scale it down."
        )
    if max(width, height) > limits.max_side:
        raise BadDimensions(
            f"The picture is {width:,} × {height:,} pixels. Keep both sides within {limits.max_side:,} pixels."
        )
    if max(width, height) > LONG_SIDE and min(width, height) < LEAST_SIDE_OF_LONG:
        raise BadDimensions(
            f"The picture is {width:,} × {height:,} pixels. A picture longer than {LONG_SIDE:,} pixels needs "
            f"{LEAST_SIDE_OF_LONG} or more on its short side."
        )


def check_frames(frames: int, limits: Limits) -> None:
    """Raise TooManyFrames when an animation has more than the limit."""
    if frames > limits.max_frames:
        raise TooManyFrames(
            f"The animation has more than {limits.max_frames:,} frames. Send one frame of it, or a shorter one."
        )
