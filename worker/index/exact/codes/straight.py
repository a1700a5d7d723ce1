"""Codes of unrotated vectors: centred and rounded, none of their numbers left out. Made in one pass at memory's speed.

Their bound is that of `rotated`, with M the identity and D = d: nothing is left out, so r = 0, z = w, and no n is needed.
What differs, and why the proof holds all the same (u = 2^-24, v = 2^-53):
- The mean is rounded to float32. The proof takes any m of at most 1.002 in length.
- The largest number of w is found in float32, off by less than u of itself. The scale is made larger by 2^-20, so that
  no number of w / s exceeds 127, and none of e exceeds (1 + 2^-19) |z| / 254, which keeps |s q| <= 1.13 |z|.
- Sums are in float64, in any order: off by less than d * v of a sum of no more than 9 on either side of a pair, times
  t <= 2^8 at most, which is less than 2^-30.
"""

from concurrent.futures import Executor
from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from worker.index.exact.codes.rotated import LEAST_SCALE, ROOM, Codes, balance, rounded

# Rows a time of one thread.
_ROWS: Final = 1024

_SCALE: Final = np.float32((1 + 2.0**-20) / 127)
_LEAST_SCALE: Final = np.float32(LEAST_SCALE)


class StraightFrame(NamedTuple):
    """mean: (d,) float32. offset: |mean|^2 / 2. balance: t of the proof."""

    mean: NDArray[np.float32]
    offset: float
    balance: float


def straight_frame(sample: NDArray[np.float32]) -> StraightFrame:
    """A frame for vectors like those of `sample` (m, d), m >= 1, d <= 2^10."""
    mean = sample.mean(axis=0, dtype=np.float64).astype(np.float32)
    wide = mean.astype(np.float64)
    centred = sample - wide
    return StraightFrame(mean, float(wide @ wide) / 2, balance(centred, *rounded(centred)))


def encode_straight(
    vectors: NDArray[np.float32], rows: NDArray[np.intp], frame: StraightFrame, pool: Executor
) -> Codes:
    """Codes of the `rows` (m,) of `vectors` (n, d). pool: whose threads compute."""
    count = len(rows)
    found = Codes(
        np.empty((count, vectors.shape[1]), np.int8),
        np.empty(count, np.float32),
        np.empty(count, np.float32),
    )

    def compute(start: int) -> None:
        block = slice(start, start + _ROWS)
        encode_rows(vectors, rows[block], frame, found.part(block))

    for _ in pool.map(compute, range(0, count, _ROWS)):
        pass
    return found


@njit(cache=True, nogil=True)
def encode_rows(
    vectors: NDArray[np.float32], rows: NDArray[np.intp], frame: StraightFrame, codes: Codes
) -> None:
    """Writes the codes of the `rows` (m,) of `vectors` over the first m of `codes`."""
    values, scales, gains = codes
    mean, offset, t = frame
    for place, row in enumerate(rows):
        vector = vectors[row]
        scale = _largest(vector, mean) * _SCALE
        if scale < _LEAST_SCALE:
            scale = np.float32(0)
        along, energy = _sums(vector, mean)
        lost = _round(vector, mean, np.float64(scale), values[place])
        scales[place] = scale
        gains[place] = along - offset + ((t + 1) * lost + energy / t) / 2 + ROOM / 2


# Each of these loops is vectorised; in one they would not be.


@njit(cache=True, nogil=True)
def _largest(vector: NDArray[np.float32], mean: NDArray[np.float32]) -> np.float32:
    # Floats above 0 are in the order of their bits, whose maximum needs no care for NaN.
    largest = np.int32(0)
    for i in range(len(vector)):
        largest = max(largest, np.float32(abs(vector[i] - mean[i])).view(np.int32))
    return np.int32(largest).view(np.float32)


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
def _sums(vector: NDArray[np.float32], mean: NDArray[np.float32]) -> tuple[float, float]:
    along = energy = 0.0
    for i in range(len(vector)):
        value, centre = np.float64(vector[i]), np.float64(mean[i])
        along += value * centre
        energy += (value - centre) * (value - centre)
    return along, energy


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
def _round(
    vector: NDArray[np.float32], mean: NDArray[np.float32], scale: float, values: NDArray[np.int8]
) -> float:
    inverse = 1 / scale if scale > 0 else 0.0
    lost = 0.0
    for i in range(len(vector)):
        centred = np.float64(vector[i]) - np.float64(mean[i])
        value = np.rint(centred * inverse)
        values[i] = np.int8(np.int32(value))
        lost += (centred - scale * value) * (centred - scale * value)
    return lost
