"""Colours of other spaces in sRGB, by the formulas in floating point: what a decode is held against. And odd profiles."""

import struct
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from worker.imaging.algorithms.colour_spaces.matrix_profile import Sampled

Floats = NDArray[np.float64]
Chromaticities: TypeAlias = tuple[
    tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]
]
CurveFunction: TypeAlias = Callable[[Floats], Floats]

D65 = (0.3127, 0.3290)
# Red, green, blue and white of each space, from its standard.
SRGB: Chromaticities = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), D65)
DISPLAY_P3: Chromaticities = ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06), D65)
ADOBE_RGB: Chromaticities = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06), D65)
PROPHOTO: Chromaticities = ((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001), (0.3457, 0.3585))
BT_2020: Chromaticities = ((0.708, 0.292), (0.17, 0.797), (0.131, 0.046), D65)
NTSC_1953: Chromaticities = ((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), (0.310, 0.316))

_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def srgb_curve(values: Floats) -> Floats:
    """Linear light of sRGB values (IEC 61966-2-1)."""
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def power(exponent: float) -> CurveFunction:
    def curve(values: Floats) -> Floats:
        light: Floats = values**exponent
        return light

    return curve


def in_srgb(pixels: NDArray[np.uint8], chromaticities: Chromaticities, curve: CurveFunction) -> Floats:
    """The pixels (..., 3) of a space in sRGB, 0..255, not rounded; what lies outside is clipped."""
    to_xyz, white = _to_xyz(chromaticities)
    srgb_to_xyz, srgb_white = _to_xyz(SRGB)
    adapt = np.linalg.inv(_BRADFORD) @ np.diag((_BRADFORD @ srgb_white) / (_BRADFORD @ white)) @ _BRADFORD
    linear = np.clip(curve(pixels / 255.0) @ (np.linalg.inv(srgb_to_xyz) @ adapt @ to_xyz).T, 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(encoded * 255)


def _to_xyz(chromaticities: Chromaticities) -> tuple[Floats, Floats]:
    red, green, blue, white = (np.array([x / y, 1, (1 - x - y) / y]) for x, y in chromaticities)
    columns = np.stack([red, green, blue], axis=1)
    return columns * np.linalg.solve(columns, white), white


def sampled(curve: CurveFunction, samples: int) -> Sampled:
    return Sampled(curve(np.linspace(0, 1, samples)))


def grey_profile(exponent: float) -> bytes:
    """A profile of grey (ICC.1:2001) whose light is the value to that power."""
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in (0.9642, 1.0, 0.8249)))
    curve = b"curv" + bytes(4) + struct.pack(">IH2x", 1, round(exponent * 256))
    table = struct.pack(">I4sII4sII", 2, b"wtpt", 156, len(white), b"kTRC", 156 + len(white), len(curve))
    size = 128 + len(table) + len(white) + len(curve)
    header = struct.pack(">I4xI4s4s4s12x4s28x", size, 0x02400000, b"mntr", b"GRAY", b"XYZ ", b"acsp")
    return header + white[8:] + bytes(48) + table + white + curve


def of_space(profile: bytes, space: bytes) -> bytes:
    """The profile, said to describe another colour space."""
    return profile[:16] + space + profile[20:]


def of_class(profile: bytes, kind: bytes) -> bytes:
    """The profile, said to be of another class."""
    return profile[:12] + kind + profile[16:]
