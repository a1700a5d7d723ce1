"""ICC profiles (ICC.1:2022) made from primaries and a transfer curve, for files that state numbers instead of a profile."""

import struct
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

_D50: Final = (0.9642, 1.0, 0.8249)
# Cone responses of XYZ, by Bradford: what ICC.1:2022, annex E, adapts white points with.
_BRADFORD: Final = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_HEADER: Final = struct.Struct(">I4xI4s4s4s12x4s28x3i48x")
_VERSION_4_3: Final = 0x04300000

Chromaticity: TypeAlias = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Primaries:
    """CIE 1931 chromaticities (x, y)."""

    red: Chromaticity
    green: Chromaticity
    blue: Chromaticity
    white: Chromaticity


@dataclass(frozen=True, slots=True)
class Parametric:
    """A parametricCurveType: a power (one parameter), or g, a, b, c, d of (a x + b)^g from d on and c x below."""

    parameters: tuple[float, ...]

    def to_bytes(self) -> bytes:
        kind = {1: 0, 5: 3}[len(self.parameters)]
        return struct.pack(">4s4xH2x", b"para", kind) + b"".join(map(_fixed, self.parameters))


@dataclass(frozen=True, slots=True, eq=False)
class Sampled:
    """A curveType: linear light (0..1) at evenly spaced values."""

    linear: NDArray[np.float64]

    def to_bytes(self) -> bytes:
        values = np.rint(np.clip(self.linear, 0, 1) * 65535).astype(">u2")
        return struct.pack(">4s4xI", b"curv", len(values)) + values.tobytes()


Curve: TypeAlias = Parametric | Sampled


def matrix_profile(primaries: Primaries, curve: Curve) -> bytes:
    """An ICC profile of RGB. Raises ValueError for primaries that span no colours."""
    columns = _xyz_of_primaries(primaries).T
    tags = {name: _xyz(column) for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)}
    tags[b"wtpt"] = _xyz(_D50)
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve.to_bytes())
    table, body = struct.pack(">I", len(tags)), b""
    start = _HEADER.size + 4 + 12 * len(tags)
    for name, value in tags.items():
        table += struct.pack(">4sII", name, start + len(body), len(value))
        body += value + bytes(-len(value) % 4)
    illuminant = (round(value * 65536) for value in _D50)
    size = start + len(body)
    header = _HEADER.pack(size, _VERSION_4_3, b"mntr", b"RGB ", b"XYZ ", b"acsp", *illuminant)
    return header + table + body


def _xyz_of_primaries(primaries: Primaries) -> NDArray[np.float64]:
    """XYZ, relative to D50, of linear RGB: a (3, 3) matrix."""
    white = _xyz_of(primaries.white)
    columns = np.stack([_xyz_of(each) for each in (primaries.red, primaries.green, primaries.blue)], axis=1)
    try:
        scaled = columns * np.linalg.solve(columns, white)
    except np.linalg.LinAlgError as error:
        raise ValueError("primaries on one line") from error
    cones = _BRADFORD @ np.stack([white, np.array(_D50)], axis=1)
    adapted: NDArray[np.float64] = (
        np.linalg.inv(_BRADFORD) @ np.diag(cones[:, 1] / cones[:, 0]) @ _BRADFORD @ scaled
    )
    if not np.isfinite(adapted).all() or np.abs(adapted).max() > 2:
        raise ValueError("primaries that span no colours")
    return adapted


def _xyz_of(chromaticity: Chromaticity) -> NDArray[np.float64]:
    x, y = chromaticity
    # Of the primaries of XYZ itself, two have no luminance.
    return np.array([x, y, 1 - x - y]) / (y or 1e-9)


def _xyz(values: "tuple[float, float, float] | NDArray[np.float64]") -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(map(_fixed, values))


def _fixed(value: float) -> bytes:
    """An s15Fixed16Number."""
    return struct.pack(">i", round(value * 65536))
