"""How far a JPEG may be shrunk while it is decoded: by DCT scaling, which costs nothing, and saves memory and a resize."""

from typing import Final

# The display rendition keeps at least 3/4 of its 2048 px, and the model view is still made from twice its 256 px, below
# which the embedding begins to move (1.6e-2 at 1 x, 2e-4 at 2 x).
_LONG_SIDE: Final = 1536
_SHORT_SIDE: Final = 512


def jpeg_scale(width: int, height: int) -> int:
    """The largest n of the scales 1/n (8, 4, 2, 1) that leaves every product its quality."""
    long_side, short_side = max(width, height), min(width, height)
    for scale in (8, 4, 2):
        if long_side >= scale * _LONG_SIDE and short_side >= scale * _SHORT_SIDE:
            return scale
    return 1


def pixels_in_memory(width: int, height: int, *, is_jpeg: bool) -> int:
    """How many pixels of a picture are in memory once it is decoded."""
    scale = jpeg_scale(width, height) if is_jpeg else 1
    return -(-width // scale) * -(-height // scale)
