"""What kinds of palettes there are, beside their size."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class PaletteStyle(StrEnum):
    """What a palette is to show.

    dominant: what covers the picture, and what stands out in it. vivid: its strongest colours, whatever little they cover.
    """

    DOMINANT = "dominant"
    VIVID = "vivid"


class PaletteGround(StrEnum):
    """Whether a white ground counts. A transparent one never does."""

    INCLUDED = "included"
    EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True)
class PaletteKind:
    """key: of this kind, as text."""

    style: PaletteStyle = PaletteStyle.DOMINANT
    ground: PaletteGround = PaletteGround.INCLUDED

    @property
    def key(self) -> str:
        return f"{self.style}-{self.ground}"


DEFAULT_KIND: Final = PaletteKind()
EVERY_KIND: Final = tuple(PaletteKind(style, ground) for style in PaletteStyle for ground in PaletteGround)
