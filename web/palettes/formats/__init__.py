"""Palettes in the formats of other tools. A format is declared by a module of this package: `FORMATS = (Format(...),)`."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from shared.colour import Swatch
from shared.errors import BadParameter
from web.palettes.formats.format import Format

__all__ = ["FORMATS", "Export", "export"]

_MAX_FILENAME_STEM: Final = 60


@dataclass(frozen=True, slots=True)
class Export:
    """A palette as a file. The file name is plain ASCII, fit for a Content-Disposition header."""

    content: bytes
    content_type: str
    filename: str


def _declared() -> dict[str, Format]:
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    formats = [each for module in modules for each in getattr(module, "FORMATS", ())]
    return {each.name: each for each in sorted(formats, key=lambda each: each.place)}


# By name. Whatever module of this package declares formats adds them: a new one is one file.
FORMATS: Final = _declared()


def export(name: str, swatches: Sequence[Swatch], title: str) -> Export:
    """The palette in the format called `name` (one of FORMATS), titled in words (any text) where the format can say it.

    swatches: at least one, in the order that the file keeps. Raises BadParameter for an unknown format.
    """
    chosen = FORMATS.get(name)
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
