"""Eight-bit codes of vectors (scalar quantisation), whose products tell how similar two vectors can be at most.

A code of x (d numbers) is q (D numbers of 8 bits), a scale s and a gain g, all made in one frame, such that

    similarity(x, y) <= s_x s_y q_x.q_y + g_x + g_y,

so that a matrix product of small integers, several times as fast as one in float32, rejects nearly all pairs. The frame
is a mean m, a matrix M (d, D) with a spectral norm of at most 1, a unit vector n orthogonal to all M'x, and t > 0. It is
made from a sample; the bound holds for any vectors, the nearer the more they are like the sample.

1. Centred: with w = x - m, x.y = (m.x - m.m/2) + (m.y - m.m/2) + w_x.w_y. What is left to bound is shorter.
2. Sketched: I - MM' is positive semidefinite, so Cauchy-Schwarz in its inner product gives
   w_x.w_y <= (M'w_x).(M'w_y) + r_x r_y, r = sqrt(|w|^2 - |M'w|^2). With z = M'w + r n the right side is z_x.z_y.
   M holds principal axes, which leave out least, rotated at random, which makes the numbers of z alike in size.
3. Rounded: z = s q + e. Then z_x.z_y = s_x s_y q_x.q_y + e_x.z_y + z_x.e_y - e_x.e_y, and by Cauchy-Schwarz and
   2ab <= t a^2 + b^2/t the last three come to at most h_x + h_y, h = ((t + 1) |e|^2 + |z|^2 / t) / 2. With t = |z|/|e|
   that is as near as |e||z| comes; a frame has one t, so that h is a number of x alone.

So g = m.x - m.m/2 + h, and room for all rounding. Let u = 2^-24. |x|, |m| <= 1.002 (`topk.check_vectors`), so |w| <= 2.004.
- Everything up to q, e and g is computed in float64. For d, D <= 2^10 its errors come to less than 2^-30 a pair.
- M and n are scaled down and checked by as much as float64 finds that they stray from what is said of them (`_rotated`);
  strays of less than 2^-34 move a product of two z by less than 16 * 2^-34.
- r is rounded up: room for the errors of the difference under its root.
- q.q is an integer below D * 127^2 < 2^24, exact in int32 and in float32, in any order of summation.
- |s q| <= |z| + |e| <= 1.13 |z|, since no number of e exceeds |z|/254 and D <= 2^10. So s_x s_y q.q, computed in float32
  with two roundings, is off by less than 11u. With t <= 2^8 a gain is below 16, and what `offer` makes of gains and floors
  below 34; its roundings and those of the gains are off by less than 16u + 16u + 17u + 34u.
- `topk.similarity` is above the exact product by less than 3u.
All that is less than 2^7 u. Half of it is in each gain.
"""

from concurrent.futures import Executor
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

MOST_DIMENSIONS: Final = 1 << 10

ROOM: Final = 2.0**-17
_MOST_BALANCE: Final = 2.0**8
_STRAYS: Final = 2.0**-34
_ROUNDOFF_64: Final = 2.0**-52
LEAST_SCALE: Final = 2.0**-100

# Rows a time in float64: 8 MB for 512 dimensions.
_ROWS: Final = 2048


class Frame(NamedTuple):
    """mean: (d,) float64. rotated: (d, D) float64, M of the module's proof. beside: (D,) float64, n. balance: t."""

    mean: NDArray[np.float64]
    rotated: NDArray[np.float64]
    beside: NDArray[np.float64]
    balance: float


class Codes(NamedTuple):
    """values: (m, D) int8. scales, gains: (m,) float32."""

    values: NDArray[np.int8]
    scales: NDArray[np.float32]
    gains: NDArray[np.float32]

    def part(self, rows: slice) -> "Codes":
        """The codes of these rows."""
        return Codes(self.values[rows], self.scales[rows], self.gains[rows])


def bounds(left: Codes, right: Codes) -> NDArray[np.float32]:
    """What the similarity of each pair (p, q) can be at most, for codes of one frame: of a sample, in float32."""
    products = left.values.astype(np.float32) @ right.values.T.astype(np.float32)
    products *= np.outer(left.scales, right.scales)
    return products + np.add.outer(left.gains, right.gains)


class Axes(NamedTuple):
    """What a sample shows: its mean (d,) float64 and the principal axes about it (d, r) float64, most energy first."""

    mean: NDArray[np.float64]
    principal: NDArray[np.float64]


def principal_axes(sample: NDArray[np.float32]) -> Axes:
    """The mean and all principal axes of `sample` (m, d), m >= 1."""
    wide = sample.astype(np.float64)
    mean = wide.mean(axis=0)
    wide -= mean
    return Axes(mean, np.ascontiguousarray(np.linalg.eigh(wide.T @ wide)[1][:, ::-1]))


def leading_axes(sample: NDArray[np.float32], count: int) -> Axes:
    """The mean of `sample` (m, d), m >= 1, and about `count` axes that nearly span the first principal ones.

    In milliseconds, by the randomised range finder with half a power iteration (Halko, Martinsson, Tropp, "Finding
    structure with randomness", 2011, section 4.5).
    """
    mean = sample.mean(axis=0)
    centred = sample - mean
    drawn = np.random.default_rng(0).standard_normal((sample.shape[1], count), dtype=np.float32)
    spanned = np.linalg.qr(centred @ drawn)[0]
    return Axes(*(each.astype(np.float64) for each in (mean, np.linalg.qr(centred.T @ spanned)[0])))


def make_frame(axes: Axes, size: int, sample: NDArray[np.float32]) -> Frame:
    """A frame for codes of `size` numbers, of as many principal axes as that holds, balanced for `sample` (m, d).

    Raises ValueError for more than 2^10 numbers or dimensions.
    """
    if max(size, len(axes.mean)) > MOST_DIMENSIONS:
        raise ValueError(f"Codes are proven for at most {MOST_DIMENSIONS} numbers, not for {size}.")
    rotated_axes, beside = _rotated(axes.principal[:, : size - 1], size)
    frame = Frame(axes.mean, rotated_axes, beside, 1.0)
    inside = _inside(sample.astype(np.float64) - frame.mean, frame)
    return frame._replace(balance=balance(inside, *rounded(inside)))


def balance(inside: NDArray[np.float64], values: NDArray[np.int8], scales: NDArray[np.float64]) -> float:
    """t of the module's proof that brings the bound nearest for z like those `inside` (m, D), as `rounded`."""
    energy = float(np.square(inside).sum())
    lost = float(np.square(inside - values * scales[:, np.newaxis]).sum())
    best = np.sqrt(energy / lost) if lost > 0 else 1.0
    return float(np.clip(best, 1, _MOST_BALANCE))


def encode(vectors: NDArray[np.float32], rows: NDArray[np.intp], frame: Frame, pool: Executor) -> Codes:
    """Codes of the `rows` (m,) of `vectors` (n, d). `pool`: whose threads compute."""
    size = frame.rotated.shape[1]
    found = Codes(
        np.empty((len(rows), size), np.int8), np.empty(len(rows), np.float32), np.empty(len(rows), np.float32)
    )

    def compute(start: int) -> None:
        block = slice(start, start + _ROWS)
        wide = vectors[rows[block]].astype(np.float64)
        along = wide @ frame.mean - frame.mean @ frame.mean / 2
        wide -= frame.mean
        inside = _inside(wide, frame)
        values, scales = rounded(inside)
        found.values[block], found.scales[block] = values, scales
        energy = np.einsum("ij,ij->i", inside, inside)
        inside -= values * scales[:, np.newaxis]
        lost = np.einsum("ij,ij->i", inside, inside)
        found.gains[block] = along + ((frame.balance + 1) * lost + energy / frame.balance) / 2 + ROOM / 2

    for _ in pool.map(compute, range(0, len(rows), _ROWS)):
        pass
    return found


def _inside(centred: NDArray[np.float64], frame: Frame) -> NDArray[np.float64]:
    """z of the module's proof, (m, D), for w (m, d)."""
    inside: NDArray[np.float64] = centred @ frame.rotated
    left = np.einsum("ij,ij->i", centred, centred) - np.einsum("ij,ij->i", inside, inside)
    room = len(frame.mean) * 32 * _ROUNDOFF_64
    inside += np.sqrt(np.maximum(left, 0) + room)[:, np.newaxis] * frame.beside
    return inside


def rounded(inside: NDArray[np.float64]) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    """q (m, D) int8 and s (m,), the latter as float32 holds it. Zeros where s would be too small for float32."""
    scales = (np.abs(inside).max(axis=1) / 127).astype(np.float32).astype(np.float64)
    scales[scales < LEAST_SCALE] = 0
    inverse = np.divide(1, scales, out=np.zeros_like(scales), where=scales > 0)
    return np.clip(np.rint(inside * inverse[:, np.newaxis]), -127, 127).astype(np.int8), scales


def _rotated(axes: NDArray[np.float64], size: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """M and n: `axes` (d, r), r < size, rotated at random.

    |B| <= 1 for either factor B of M once divided by 1 + |B'B - I|, the norm of the latter being no more than that of its
    entries together. Raises ValueError if float64 strays by more than the proof allows.
    """
    rotation = np.linalg.qr(np.random.default_rng(0).standard_normal((size, size)))[0]
    strays = [float(np.linalg.norm(each.T @ each - np.eye(each.shape[1]))) for each in (axes, rotation)]
    if max(strays) > _STRAYS / 2:
        raise ValueError("The axes are not orthonormal.")
    shrink = (1 - _STRAYS) ** 2
    return axes @ rotation[:, : axes.shape[1]].T * shrink, rotation[:, -1]
