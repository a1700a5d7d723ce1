"""Colour spaces as array functions: sRGB, linear light, OKLab, CIELAB and DIN99o.

sRGB is that of IEC 61966-2-1, OKLab Björn Ottosson's ("A perceptual color space for image
processing", 2020), with the numbers of `shared.colour`; CIELAB is CIE 15's for D65, DIN99o that of DIN 6176:2018 (Cui, Luo,
Rigg, Roesler and Witt, "Uniform colour spaces based on the DIN99 colour-difference formula", 2002, refined), in which
Euclidean distance comes near to CIEDE2000. The ways back are inverses in full precision, so that a round trip loses nothing.

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

_XYZ_FROM_LINEAR = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_D65 = _XYZ_FROM_LINEAR.sum(axis=1)
_LINEAR_FROM_XYZ = np.linalg.inv(_XYZ_FROM_LINEAR)
_EPSILON, _KAPPA = 216 / 24389, 24389 / 27

# DIN99o: lightness and chroma are compressed as logarithms; the axes of hue are turned, and one of them is shortened.
_LIGHTNESS_SCALE, _LIGHTNESS_SLOPE = 303.67, 0.0039
_CHROMA_SCALE, _CHROMA_SLOPE = 1 / 0.0435, 0.075
_COSINE, _SINE, _SHORTENED = np.cos(np.radians(26)), np.sin(np.radians(26)), 0.83
_ROTATION = np.array([[_COSINE, -_SINE], [_SINE, _COSINE]])
_DIN99O_AXES = np.array([[1.0], [_SHORTENED]]) * _ROTATION.T
_LAB_FROM_AXES = np.linalg.inv(_DIN99O_AXES)
# The chroma of a grey, and what it is divided by.
_ACHROMATIC = 1e-12


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


def srgb8_to_lab(srgb: Bytes) -> Floats:
    """CIELAB (L* 0..100, D65) of 8-bit sRGB."""
    xyz = srgb8_to_linear(srgb) @ _XYZ_FROM_LINEAR.T / _D65
    x, y, z = np.moveaxis(np.where(xyz > _EPSILON, np.cbrt(xyz), (_KAPPA * xyz + 16) / 116), -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def lab_to_srgb8(lab: Floats) -> Bytes:
    """8-bit sRGB of CIELAB, rounded; colours outside the gamut are clipped channel by channel."""
    y = (lab[..., 0] + 16) / 116
    roots = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=-1)
    xyz = np.where(roots**3 > _EPSILON, roots**3, (116 * roots - 16) / _KAPPA) * _D65
    return np.rint(linear_to_srgb(xyz @ _LINEAR_FROM_XYZ.T) * 255).astype(np.uint8)


def lab_to_din99o(lab: Floats) -> Floats:
    """DIN99o (L 0..100, a and b about -50..50) of CIELAB."""
    axes = lab[..., 1:] @ _DIN99O_AXES.T
    chroma = np.hypot(axes[..., 0], axes[..., 1])
    scale = _CHROMA_SCALE * np.log1p(_CHROMA_SLOPE * chroma) / np.maximum(chroma, _ACHROMATIC)
    found = np.empty(lab.shape)
    found[..., 0] = _LIGHTNESS_SCALE * np.log1p(_LIGHTNESS_SLOPE * lab[..., 0])
    found[..., 1:] = axes * scale[..., None] @ _ROTATION.T
    return found


def din99o_to_lab(din99o: Floats) -> Floats:
    """CIELAB of DIN99o."""
    axes = din99o[..., 1:] @ _ROTATION
    chroma = np.hypot(axes[..., 0], axes[..., 1])
    scale = np.expm1(chroma / _CHROMA_SCALE) / (_CHROMA_SLOPE * np.maximum(chroma, _ACHROMATIC))
    found = np.empty(din99o.shape)
    found[..., 0] = np.expm1(din99o[..., 0] / _LIGHTNESS_SCALE) / _LIGHTNESS_SLOPE
    found[..., 1:] = axes * scale[..., None] @ _LAB_FROM_AXES.T
    return found


def srgb8_to_din99o(srgb: Bytes) -> Floats:
    """DIN99o of 8-bit sRGB."""
    return lab_to_din99o(srgb8_to_lab(srgb))


def din99o_to_srgb8(din99o: Floats) -> Bytes:
    """8-bit sRGB of DIN99o, rounded; colours outside the gamut are clipped channel by channel."""
    return lab_to_srgb8(din99o_to_lab(din99o))
