"""What the guard lets through, and what it reports about a picture."""

from dataclasses import dataclass
from typing import Final

from shared.errors import BadDimensions, TooManyFrames, TooManyPixels, Unreadable
from shared.file_types import Format
from shared.limits import MAX_PIXELS, MAX_SIDE, MEBIBYTE


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
    max_pixels: int = MAX_PIXELS
    # Every scan goes over the whole picture: a 200 KB progressive JPEG with 1,000 of them costs 37 s of CPU.
    max_scans: int = 64
    # Real JPEGs have tens of segments, long ones some hundreds: each costs the decoder a step in Python.
    max_segments: int = 4_096
    # The most that a file of 20 MiB needs with chunks of 320 bytes; encoders write some kilobytes in each.
    max_chunks: int = 65_536
    # GIF data comes in blocks of up to 255 bytes: 82,000 make 20 MiB. Blocks this small on average are made to hurt.
    max_blocks: int = 500_000
    # Camera metadata takes some 100 KB. Compressed text and profiles count by what they unfold to.
    max_metadata_bytes: int = 2 * MEBIBYTE
    # The largest colour profiles in use (CMYK printing) have about 0.7 MB.
    max_icc_bytes: int = MEBIBYTE
    # Only the first frame is used; more than this is a film, not a picture.
    max_frames: int = 500


DEFAULT_LIMITS: Final = Limits()


def check_size(width: int, height: int, limits: Limits) -> None:
    """Raise Unreadable for an empty picture, TooManyPixels or BadDimensions for one beyond the limits.

    Pixels come before sides, since scaling down is what helps with either, and a picture of 30,000 x 30,000 is too
    large rather than too long.
    """
    if width <= 0 or height <= 0:
        raise Unreadable(
            f"The picture says that it is {width} × {height} pixels, so there is nothing to see in it."
        )
    if width * height > limits.max_pixels:
        raise TooManyPixels(
            f"The picture is {width:,} × {height:,} pixels ({width * height / 1e6:,.0f} megapixels). "
            f"Scale it down to {limits.max_pixels / 1e6:,.0f} megapixels or less."
        )
    if max(width, height) > limits.max_side:
        raise BadDimensions(
            f"The picture is {width:,} × {height:,} pixels. Keep both sides within {limits.max_side:,} pixels."
        )


def check_frames(frames: int, limits: Limits) -> None:
    """Raise TooManyFrames when an animation has more than the limit."""
    if frames > limits.max_frames:
        raise TooManyFrames(
            f"The animation has more than {limits.max_frames:,} frames. Send one frame of it, or a shorter one."
        )
