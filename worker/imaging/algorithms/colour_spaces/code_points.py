"""Colour spaces by code points (ITU-T H.273), as PNG's cICP and the nclx boxes of HEIF and AVIF state them."""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.colour import SRGB_CURVE
from worker.imaging.algorithms.colour_spaces.matrix_profile import (
    Curve,
    Parametric,
    Primaries,
    Sampled,
    matrix_profile,
)

_D65: Final = (0.3127, 0.3290)
_C: Final = (0.310, 0.316)

SRGB_PRIMARIES: Final = Primaries((0.640, 0.330), (0.300, 0.600), (0.150, 0.060), _D65)
_SMPTE_170M: Final = Primaries((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65)
_PRIMARIES: Final = {
    1: SRGB_PRIMARIES,
    4: Primaries((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), _C),
    5: Primaries((0.64, 0.33), (0.29, 0.60), (0.15, 0.06), _D65),
    6: _SMPTE_170M,
    7: _SMPTE_170M,
    8: Primaries((0.681, 0.319), (0.243, 0.692), (0.145, 0.049), _C),
    9: Primaries((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), _D65),
    11: Primaries((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),
    12: Primaries((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _D65),
    22: Primaries((0.630, 0.340), (0.295, 0.605), (0.155, 0.077), _D65),
}

SRGB_TRANSFER: Final = Parametric(
    (
        SRGB_CURVE.exponent,
        1 / (1 + SRGB_CURVE.offset),
        SRGB_CURVE.offset / (1 + SRGB_CURVE.offset),
        1 / SRGB_CURVE.slope,
        SRGB_CURVE.encoded_end,
    )
)
# The curves of BT.709, BT.601 and BT.2020 are those of cameras; screens show them by another, and browsers by sRGB's.
_LIKE_SRGB: Final = (1, 6, 13, 14, 15)
_POWERS: Final = {4: 2.2, 5: 2.8, 8: 1.0}
_PQ, _HLG = 16, 18
# What is white on paper, in cd/m2 (ITU-R BT.2408): brighter light is clipped, since sRGB has no place for it.
_WHITE: Final = 203.0
_SAMPLES: Final = 4096


@cache
def profile_of(primaries: int, transfer: int) -> bytes | None:
    """The ICC profile of a pair of code points; None if they state nothing, or nothing that is known here."""
    known, curve = _PRIMARIES.get(primaries), _curve_of(transfer)
    return None if known is None or curve is None else matrix_profile(known, curve)


def _curve_of(transfer: int) -> Curve | None:
    if transfer in _LIKE_SRGB:
        return SRGB_TRANSFER
    if transfer in _POWERS:
        return Parametric((_POWERS[transfer],))
    values = np.linspace(0, 1, _SAMPLES)
    if transfer == _PQ:
        return Sampled(_light_of_pq(values) / _WHITE)
    if transfer == _HLG:
        return Sampled(_light_of_hlg(values) / _WHITE)
    return None


def _light_of_pq(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """cd/m2 (SMPTE ST 2084)."""
    m1, m2 = 2610 / 16384, 2523 / 4096 * 128
    c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    root = values ** (1 / m2)
    light: NDArray[np.float64] = 10_000 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)
    return light


def _light_of_hlg(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """cd/m2 of a screen of 1,000 (ITU-R BT.2100), its overall gamma applied to each channel alone."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(values <= 0.5, values**2 / 3, (np.exp((values - c) / a) + b) / 12)
    light: NDArray[np.float64] = 1000 * scene**1.2
    return light
