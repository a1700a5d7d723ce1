"""An image as an `<img>` needs it: sources, true size, and what holds its place until it is there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from shared.db.queries.photos.images import ImageRow
from shared.limits import DISPLAY_SIDE, THUMBNAIL_SIDES
from web.http.addresses import image_path

# The longer side of the display rendition, at most; a test holds it against the worker's.
# Beyond these a tile would be a sliver or a ribbon; the photo is then shown whole on its ground.
NARROWEST: Final = 0.4
WIDEST: Final = 4.0


@dataclass(frozen=True, slots=True)
class Picture:
    """width, height: pixels of the photo. ratio: of the place it takes. ground: a CSS image in its own colours.

    src: None while no thumbnail has been made.
    """

    src: str | None
    srcset: str
    width: int
    height: int
    ratio: float
    ground: str
    alt: str


def thumbnail_picture(image: ImageRow) -> Picture:
    """The image as one of many, from its thumbnails."""
    sources = _thumbnails(image)
    src = min(sources, key=lambda source: abs(source[1] - 512))[0] if sources else None
    return _picture(image, src, sources)


def display_picture(image: ImageRow) -> Picture:
    """The image by itself: large screens get the display rendition."""
    if image.analysed_at is None:
        return _picture(image, None, [])
    file = f"{image_path(image.id)}/file"
    width = _shown_width(image, DISPLAY_SIDE)
    smaller = [source for source in _thumbnails(image) if source[1] < width]
    return _picture(image, file, [*smaller, (file, width)])


def alternative_text(image: ImageRow) -> str:
    """What is read out in place of the photo: nobody has described it but in its caption."""
    return image.caption or f"Photo {image.name}"


def gradient(colors: Sequence[str]) -> str:
    """A soft ground of these colours (`#rrggbb`, largest share first), or none."""
    if not colors:
        return "none"
    # The largest share in the middle of the sweep, where most of the place is.
    first, *others = colors[:4]
    stops = [*others[::2], first, *others[1::2]]
    return f"linear-gradient(135deg in oklab, {', '.join(stops if len(stops) > 1 else stops * 2)})"


def _picture(image: ImageRow, src: str | None, sources: Sequence[tuple[str, int]]) -> Picture:
    ratio = image.width / image.height
    return Picture(
        src=src,
        srcset=", ".join(f"{url} {width}w" for url, width in sources),
        width=image.width,
        height=image.height,
        ratio=round(min(WIDEST, max(NARROWEST, ratio)), 4),
        ground=gradient(image.swatches),
        alt=alternative_text(image),
    )


def _thumbnails(image: ImageRow) -> list[tuple[str, int]]:
    """Address and width in pixels of each thumbnail that says more than the one before it."""
    if image.analysed_at is None:
        return []
    sources = []
    for size in THUMBNAIL_SIDES:
        sources.append((f"{image_path(image.id)}/thumbnail?size={size}", _shown_width(image, size)))
        if size >= max(image.width, image.height):
            break
    return sources


def _shown_width(image: ImageRow, side: int) -> int:
    """Width in pixels once the longer side is at most `side`."""
    return max(1, round(image.width * min(1.0, side / max(image.width, image.height))))
