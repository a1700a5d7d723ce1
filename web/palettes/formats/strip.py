"""Palettes as a picture: one strip, each colour as wide as its share."""

import struct
import zlib
from collections.abc import Sequence
from itertools import pairwise
from typing import Final
from xml.sax.saxutils import escape

from shared.colour import Swatch
from shared.colour_names import palette_names
from shared.file_types import PNG_MAGIC
from web.palettes.formats.format import Format

WIDTH: Final = 1200
HEIGHT: Final = 200


def edges(swatches: Sequence[Swatch]) -> list[int]:
    """Where each swatch begins and the last one ends, in pixels: from 0 to WIDTH, every swatch at least 1 px wide."""
    total = sum(swatch.proportion for swatch in swatches)
    spare = WIDTH - len(swatches)
    found = [0]
    reached = 0.0
    for rank, swatch in enumerate(swatches, 1):
        reached += swatch.proportion / total if total > 0 else 1 / len(swatches)
        found.append(rank + round(spare * min(1.0, reached)))
    return found


def svg(swatches: Sequence[Swatch], title: str) -> str:
    """The strip as SVG; every colour has its name, hex code and share as its title."""
    rectangles = "".join(
        f'  <rect x="{left}" width="{right - left}" height="{HEIGHT}" fill="{swatch.hex}">'
        f"<title>{escape(name)} {swatch.hex}, {swatch.proportion:.1%}</title></rect>\n"
        for swatch, name, (left, right) in zip(
            swatches, palette_names(swatches), pairwise(edges(swatches)), strict=True
        )
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" role="img">\n'
        f"  <title>{escape(_xml_text(title))}</title>\n{rectangles}</svg>\n"
    )


def png(swatches: Sequence[Swatch], title: str) -> bytes:  # noqa: ARG001 - every export has this signature
    """The strip as an 8-bit RGB PNG. All rows are equal, so all but the first are stored as no difference."""
    row = b"".join(
        bytes(swatch.rgb) * (right - left)
        for swatch, (left, right) in zip(swatches, pairwise(edges(swatches)), strict=True)
    )
    unfiltered, up = b"\0", b"\2"
    pixels = unfiltered + row + (up + bytes(len(row))) * (HEIGHT - 1)
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(pixels, 9)), (b"IEND", b""))
    return PNG_MAGIC + b"".join(_chunk(kind, body) for kind, body in chunks)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _xml_text(text: str) -> str:
    """`text` without the characters that XML 1.0 cannot hold even as references."""
    return "".join(char if char.isprintable() else " " for char in text)


FORMATS: Final = (
    Format("svg", "SVG", svg, "image/svg+xml; charset=utf-8", "svg", 6),
    Format("png", "PNG", png, "image/png", "png", 7),
)
