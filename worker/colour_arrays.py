"""Colour spaces as array functions: sRGB, linear light and OKLab.

sRGB is that of IEC 61966-2-1, OKLab Björn Ottosson's ("A perceptual color space for image
processing", 2020), with the numbers of `shared.colour`; the way back uses their inverses in full precision, so that a
round trip loses nothing.

Every array is (..., 3), channels last.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from shared.colour import LMS_FROM_LINEAR, OKLAB_FROM_CUBE_ROOTS, SRGB_CURVE

Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]

_LMS_FROM_LINEAR = np.array(LMS_FROM_LINEAR)
_OKLAB_FROM_CUBE_ROOTS = np.array(OKLAB_FROM_CUBE_ROOTS)
_LINEAR_FROM_LMS = np.linalg.inv(_LMS_FROM_LINEAR)
_CUBE_ROOTS_FROM_OKLAB = np.linalg.inv(_OKLAB_FROM_CUBE_ROOTS)


def srgb_to_linear(srgb: ArrayLike) -> Floats:
    """Linear light of sRGB values; both in 0..1."""
    srgb = np.asarray(srgb, dtype=np.float64)
    curve = (np.maximum(srgb, 0.0) + SRGB_CURVE.offset) / (1 + SRGB_CURVE.offset)
    return np.where(srgb <= SRGB_CURVE.encoded_end, srgb / SRGB_CURVE.slope, curve**SRGB_CURVE.exponent)


def linear_to_srgb(linear: ArrayLike) -> Floats:
    """sRGB values of linear light; both in 0..1, what lies outside is clipped."""
    linear = np.clip(np.asarray(linear, dtype=np.float64), 0.0, 1.0)
    curve = (1 + SRGB_CURVE.offset) * linear ** (1 / SRGB_CURVE.exponent) - SRGB_CURVE.offset
    return np.where(linear <= SRGB_CURVE.linear_end, linear * SRGB_CURVE.slope, curve)


# A table, because a power for each pixel costs fifty times a look-up.
_LINEAR_OF_BYTE = srgb_to_linear(np.arange(256) / 255)


def srgb8_to_linear(srgb: Bytes) -> Floats:
    """Linear light (0..1) of 8-bit sRGB."""
    return _LINEAR_OF_BYTE[srgb]


def linear_to_oklab(linear: ArrayLike) -> Floats:
    """OKLab (L 0..1, a and b about -0.4..0.4) of linear sRGB light."""
    oklab: Floats = (
        np.cbrt(np.asarray(linear, dtype=np.float64) @ _LMS_FROM_LINEAR.T) @ _OKLAB_FROM_CUBE_ROOTS.T
    )
    return oklab


def oklab_to_linear(oklab: ArrayLike) -> Floats:
    """Linear sRGB light of OKLab; outside 0..1 where the colour lies outside sRGB's gamut."""
    cube_roots = np.asarray(oklab, dtype=np.float64) @ _CUBE_ROOTS_FROM_OKLAB.T
    linear: Floats = cube_roots**3 @ _LINEAR_FROM_LMS.T
    return linear


def srgb8_to_oklab(srgb: Bytes) -> Floats:
    """OKLab of 8-bit sRGB."""
    return linear_to_oklab(srgb8_to_linear(srgb))


def oklab_to_srgb8(oklab: ArrayLike) -> Bytes:
    """8-bit sRGB of OKLab, rounded; colours outside the gamut are clipped channel by channel."""
    return np.rint(linear_to_srgb(oklab_to_linear(oklab)) * 255).astype(np.uint8)
