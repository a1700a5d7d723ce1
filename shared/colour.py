"""Colour arithmetic for single sRGB colours: conversions and contrast. Standard library only.

Sources: sRGB transfer function IEC 61966-2-1; OKLab and OKLCH Björn Ottosson, "A perceptual color space for image
processing" (2020); luminance and contrast WCAG 2.2.
"""

import colorsys
import math
import re
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeAlias

RGB: TypeAlias = tuple[int, int, int]
"""Red, green and blue of sRGB, 0 to 255 each."""

Vector: TypeAlias = tuple[float, float, float]

BLACK: Final[RGB] = (0, 0, 0)
WHITE: Final[RGB] = (255, 255, 255)

_HEX: Final = re.compile(r"#[0-9a-fA-F]{6}")
# Below this chroma a hue is rounding noise: the greys of 8-bit sRGB have up to 4e-8, the next colour has 1e-3.
_ACHROMATIC: Final = 1e-4


class HSL(NamedTuple):
    """Hue in degrees [0, 360), saturation and lightness 0 to 1."""

    h: float
    s: float
    l: float  # noqa: E741 - the name of the field


class OKLab(NamedTuple):
    """Lightness 0 to 1; a (green to red) and b (blue to yellow) about -0.4 to 0.4."""

    l: float  # noqa: E741 - the name of the field
    a: float
    b: float


class OKLCH(NamedTuple):
    """Lightness 0 to 1, chroma 0 to about 0.4, hue in degrees [0, 360); the hue of a grey is 0."""

    l: float  # noqa: E741 - the name of the field
    c: float
    h: float


class TransferCurve(NamedTuple):
    """sRGB's: a straight piece near black, of `slope`, and a power beyond. In encoded values it ends at `encoded_end`, in
    linear light at `linear_end`.
    """

    encoded_end: float
    linear_end: float
    slope: float
    offset: float
    exponent: float


SRGB_CURVE: Final = TransferCurve(0.04045, 0.0031308, 12.92, 0.055, 2.4)

# OKLab, by way of the responses of long, medium and short cones, whose cube roots it mixes: Ottosson's matrices of 2021, as
# he publishes them. The way back by his numerical inverses.
LMS_FROM_LINEAR: Final = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
OKLAB_FROM_CUBE_ROOTS: Final = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)
CUBE_ROOTS_FROM_OKLAB: Final = (
    (1.0, 0.3963377774, 0.2158037573),
    (1.0, -0.1055613458, -0.0638541728),
    (1.0, -0.0894841775, -1.2914855480),
)
LINEAR_FROM_LMS: Final = (
    (4.0767416621, -3.3077115913, 0.2309699292),
    (-1.2684380046, 2.6097574011, -0.3413193965),
    (-0.0041960863, -0.7034186147, 1.7076147010),
)


def _product(matrix: tuple[Vector, Vector, Vector], vector: Vector) -> Vector:
    a, b, c = vector
    one, two, three = matrix
    return (
        one[0] * a + one[1] * b + one[2] * c,
        two[0] * a + two[1] * b + two[2] * c,
        three[0] * a + three[1] * b + three[2] * c,
    )


def _to_linear(channel: int) -> float:
    encoded_end, _, slope, offset, exponent = SRGB_CURVE
    value = channel / 255
    return value / slope if value <= encoded_end else ((value + offset) / (1 + offset)) ** exponent


_LINEAR: Final = tuple(_to_linear(channel) for channel in range(256))


def hex_to_rgb(text: str) -> RGB:
    """The colour of `#rrggbb`, in either case. Raises ValueError for anything else."""
    if not _HEX.fullmatch(text):
        raise ValueError(f"not a colour as #rrggbb: {text!r}")
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def rgb_to_hex(rgb: RGB) -> str:
    """`#rrggbb` in lower case."""
    return "#{:02x}{:02x}{:02x}".format(*rgb)


def rgb_to_hsl(rgb: RGB) -> HSL:
    """The colour in HSL; the hue of a grey is 0."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*(channel / 255 for channel in rgb))
    return HSL(hue * 360, saturation, lightness)


def rgb_to_oklab(rgb: RGB) -> OKLab:
    """The colour in OKLab."""
    red, green, blue = rgb
    long, medium, short = _product(LMS_FROM_LINEAR, (_LINEAR[red], _LINEAR[green], _LINEAR[blue]))
    return OKLab(*_product(OKLAB_FROM_CUBE_ROOTS, (math.cbrt(long), math.cbrt(medium), math.cbrt(short))))


def oklab_to_oklch(lab: OKLab) -> OKLCH:
    """The same colour in polar form."""
    chroma = math.hypot(lab.a, lab.b)
    if chroma < _ACHROMATIC:
        return OKLCH(lab.l, 0.0, 0.0)
    return OKLCH(lab.l, chroma, math.degrees(math.atan2(lab.b, lab.a)) % 360)


def rgb_to_oklch(rgb: RGB) -> OKLCH:
    """The colour in OKLCH."""
    return oklab_to_oklch(rgb_to_oklab(rgb))


def oklch_to_linear(color: OKLCH) -> Vector:
    """Linear red, green and blue, outside 0 to 1 where sRGB has no such colour."""
    hue = math.radians(color.h)
    lab = (color.l, color.c * math.cos(hue), color.c * math.sin(hue))
    long, medium, short = _product(CUBE_ROOTS_FROM_OKLAB, lab)
    return _product(LINEAR_FROM_LMS, (long**3, medium**3, short**3))


def linear_to_srgb(linear: float) -> float:
    """A channel of sRGB, 0 to 1, of one of linear light."""
    _, linear_end, slope, offset, exponent = SRGB_CURVE
    return slope * linear if linear <= linear_end else (1 + offset) * linear ** (1 / exponent) - offset


def relative_luminance(rgb: RGB) -> float:
    """Relative luminance, 0 (black) to 1 (white)."""
    red, green, blue = (_LINEAR[channel] for channel in rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast_ratio(one: RGB, other: RGB) -> float:
    """Contrast ratio, 1 to 21, in either order."""
    darker, lighter = sorted((relative_luminance(one), relative_luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def text_color(ground: RGB) -> Literal["#000000", "#ffffff"]:
    """Black or white, whichever stands out more on the ground. One of them always has 4.5:1."""
    return "#ffffff" if contrast_ratio(ground, WHITE) > contrast_ratio(ground, BLACK) else "#000000"


@dataclass(frozen=True, slots=True)
class Swatch:
    """One colour of a palette as `#rrggbb`, and its share of the picture, 0 to 1.

    Raises ValueError for anything else: the code goes into style sheets and SVG as it stands.
    """

    hex: str
    proportion: float

    def __post_init__(self) -> None:
        hex_to_rgb(self.hex)
        if not 0.0 <= self.proportion <= 1.0:
            raise ValueError(f"a share lies between 0 and 1, not at {self.proportion}")

    @property
    def rgb(self) -> RGB:
        return hex_to_rgb(self.hex)
