"""Which palette of a photo is shown, and in which order: what the forms beside it offer."""

from dataclasses import dataclass
from typing import Final

from shared.palette_kinds import PaletteGround, PaletteStyle
from web.palettes.documents import PaletteOptions
from web.palettes.order import PaletteSort

_STYLES: Final = {PaletteStyle.DOMINANT: "Dominant", PaletteStyle.VIVID: "Vivid"}
_SORTS: Final = {
    PaletteSort.SHARE: "By share",
    PaletteSort.HUE: "By hue",
    PaletteSort.LIGHTNESS: "By lightness",
}


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    words: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class OptionsView:
    """without_white: whether a white ground is left out; excluded: what a form sends for it."""

    styles: tuple[Option, ...]
    sorts: tuple[Option, ...]
    without_white: bool
    excluded: str


def options_view(options: PaletteOptions) -> OptionsView:
    return OptionsView(
        styles=tuple(Option(style, words, options.style == style) for style, words in _STYLES.items()),
        sorts=tuple(Option(sort, words, options.sort == sort) for sort, words in _SORTS.items()),
        without_white=options.ground == PaletteGround.EXCLUDED,
        excluded=PaletteGround.EXCLUDED,
    )


def options_in_address(options: PaletteOptions) -> dict[str, str]:
    """As parameters of an address, but for the size; those alone that are not the default."""
    default = PaletteOptions()
    names = ("style", "ground", "sort")
    return {
        name: getattr(options, name) for name in names if getattr(options, name) != getattr(default, name)
    }
