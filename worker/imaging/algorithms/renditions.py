"""What people see of a photo: the display rendition and thumbnails, clean of all metadata."""

import io
from dataclasses import dataclass
from typing import Literal, TypeAlias

from PIL import Image

from shared.limits import DISPLAY_SIDE, THUMBNAIL_SIDES

# A halving is seven times cheaper than a resize; a thumbnail may fall short of its nominal side by a tenth for it.
_CLOSE_ENOUGH = 0.9

# Chosen by measurement on photos (SSIM, bytes and CPU of each codec): at display size JPEG is better at equal bytes
# and eight times cheaper than WebP; at thumbnail size WebP saves a fifth of the bytes, of which a gallery page sends
# dozens, for a few milliseconds. WebP's higher efforts cost a multiple of the whole analysis; below 512 pixels, which
# is what most pages send, effort 2 saves a sixth of the bytes at a better SSIM for 1.3 ms, and quality 75 as much again
# for an SSIM of 0.968 instead of 0.975.
_JPEG_QUALITY = 82
_WEBP = {"quality": 80, "method": 0}
_WEBP_SMALL = {"quality": 75, "method": 2}
_WEBP_FROM_SIDE = 512
EncodedImage: TypeAlias = bytes


@dataclass(frozen=True, slots=True)
class Rendition:
    """An encoded picture; sides are in pixels."""

    bytes: EncodedImage
    content_type: Literal["image/jpeg", "image/webp"]
    width: int
    height: int

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise ValueError(f"a rendition of {self.width} x {self.height}")


def shrink(pixels: Image.Image, side: int) -> Image.Image:
    """The picture with its long side at most `side`, never enlarged."""
    width, height = pixels.size
    long_side = max(width, height)
    if long_side <= side:
        return pixels
    if _CLOSE_ENOUGH * side <= (long_side + 1) // 2 <= side:
        return pixels.reduce(2)
    size = (max(1, round(width * side / long_side)), max(1, round(height * side / long_side)))
    # Hamming is as sharp as bicubic when shrinking, at the price of bilinear.
    return pixels.resize(size, Image.Resampling.HAMMING, reducing_gap=2.0)


def cascade(pixels: Image.Image) -> dict[int, Image.Image]:
    """The picture by nominal long side (DISPLAY_SIDE and THUMBNAIL_SIDES), each made from the next of twice its size."""
    views: dict[int, Image.Image] = {}
    for side in (DISPLAY_SIDE, *reversed(THUMBNAIL_SIDES)):
        larger = (views[each] for each in reversed(views) if each >= 2 * side)
        views[side] = shrink(next(larger, pixels), side)
    return views


def encode(view: Image.Image, side: int, source_format: str) -> Rendition:
    """One view of a cascade as a file without metadata.

    Pictures that came as JPEG stay JPEG where they are large; drawings and screenshots (PNG, GIF, WebP) become WebP,
    which rings less around hard edges.
    """
    as_jpeg = source_format == "JPEG" and side > _WEBP_FROM_SIDE
    out = io.BytesIO()
    if as_jpeg:
        view.save(out, "JPEG", quality=_JPEG_QUALITY)
    else:
        view.save(out, "WEBP", **(_WEBP_SMALL if side < _WEBP_FROM_SIDE else _WEBP))
    return Rendition(out.getvalue(), "image/jpeg" if as_jpeg else "image/webp", *view.size)


def encode_all(views: dict[int, Image.Image], source_format: str) -> dict[int, Rendition]:
    """Every view of a cascade as a file; views that are one and the same picture share one file."""
    renditions: dict[int, Rendition] = {}
    previous: tuple[Image.Image, Rendition] | None = None
    for side, view in views.items():
        if previous is None or previous[0] is not view:
            previous = (view, encode(view, side, source_format))
        renditions[side] = previous[1]
    return renditions
