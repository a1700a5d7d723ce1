"""One colour of a palette."""

from dataclasses import dataclass

from shared import colour


@dataclass(frozen=True, slots=True)
class Swatch:
    """A colour as `#rrggbb` and its share of the picture, 0 to 1. Raises ValueError for any other colour."""

    hex: str
    proportion: float

    def __post_init__(self) -> None:
        # The code goes into style sheets and SVG as it stands.
        colour.hex_to_rgb(self.hex)

    @property
    def rgb(self) -> colour.RGB:
        """Red, green and blue, 0 to 255 each."""
        return colour.hex_to_rgb(self.hex)

    @property
    def name(self) -> str:
        """The nearest colour name."""
        return colour.color_name(self.rgb)
