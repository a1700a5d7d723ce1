"""Palettes in the formats of other tools."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from shared.errors import BadParameter
from web.palettes.formats import strip, swatch_exchange, text
from web.palettes.swatch import Swatch

__all__ = ["FORMATS", "Export", "Swatch", "export"]

_MAX_FILENAME_STEM: Final = 60


@dataclass(frozen=True, slots=True)
class Export:
    """A palette as a file. The file name is plain ASCII, fit for a Content-Disposition header."""

    content: bytes
    content_type: str
    filename: str


@dataclass(frozen=True, slots=True)
class _Format:
    write: Callable[[Sequence[Swatch], str], str | bytes]
    content_type: str
    extension: str


_FORMATS: Final[dict[str, _Format]] = {
    "json": _Format(text.json_document, "application/json", "json"),
    "css": _Format(text.css, "text/css; charset=utf-8", "css"),
    "scss": _Format(text.scss, "text/x-scss; charset=utf-8", "scss"),
    "tailwind": _Format(text.tailwind, "text/css; charset=utf-8", "tailwind.css"),
    "gpl": _Format(text.gpl, "text/plain; charset=utf-8", "gpl"),
    "ase": _Format(swatch_exchange.ase, "application/octet-stream", "ase"),
    "svg": _Format(strip.svg, "image/svg+xml; charset=utf-8", "svg"),
    "png": _Format(strip.png, "image/png", "png"),
}

FORMATS: Final = tuple(_FORMATS)


def export(name: str, swatches: Sequence[Swatch], title: str) -> Export:
    """The palette in the format called `name` (one of FORMATS), titled in words (any text) where the format can say it.

    swatches: at least one, in the order that the file keeps. Raises BadParameter for an unknown format.
    """
    chosen = _FORMATS.get(name)
    if chosen is None:
        raise BadParameter("format", f"format must be one of {', '.join(FORMATS)}.")
    content = chosen.write(swatches, title)
    return Export(
        content=content.encode("utf-8", "replace") if isinstance(content, str) else content,
        content_type=chosen.content_type,
        filename=f"{_slug(title)}.{chosen.extension}",
    )


def _slug(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title[:500]).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower())[:_MAX_FILENAME_STEM].strip("-") or "palette"
