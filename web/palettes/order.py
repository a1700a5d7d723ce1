"""In which order the swatches of a palette stand."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from shared.colour import Swatch, rgb_to_oklch

# Below this chroma in OKLCH a hue is hardly seen: such swatches stand before the others, from dark to light.
_GREYISH: Final = 0.03


class PaletteSort(StrEnum):
    SHARE = "share"
    HUE = "hue"
    LIGHTNESS = "lightness"


def arranged(swatches: Sequence[Swatch], sort: str) -> tuple[Swatch, ...]:
    """The swatches by falling share, as they are; by hue in OKLCH, from pink through yellow, green and blue, behind those that
    have hardly any; or from dark to light."""
    match PaletteSort(sort):
        case PaletteSort.SHARE:
            return tuple(swatches)
        case PaletteSort.HUE:
            return tuple(sorted(swatches, key=_by_hue))
        case PaletteSort.LIGHTNESS:
            return tuple(sorted(swatches, key=lambda swatch: rgb_to_oklch(swatch.rgb).l))


def _by_hue(swatch: Swatch) -> tuple[bool, float, float]:
    color = rgb_to_oklch(swatch.rgb)
    has_hue = color.c >= _GREYISH
    return has_hue, color.h if has_hue else 0.0, color.l
