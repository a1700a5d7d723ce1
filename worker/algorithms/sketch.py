"""Short stand-ins for vectors, whose products are never lower than the similarity, but for a known margin.

A sketch of x is (B'x, r(x)): its r coordinates in a subspace, B being (d, r) with a spectral norm of at most 1, and the
length of what the subspace leaves out, r(x) = sqrt(|x|^2 - |B'x|^2). I - BB' is then positive semidefinite, and
Cauchy-Schwarz in its inner product gives

    x.y = (B'x).(B'y) + x'(I - BB')y <= (B'x).(B'y) + r(x) r(y),

the right side being the product of the two sketches. So a matrix product of r + 1 dimensions in place of d tells which
pairs cannot be as similar as need be. B is made of principal axes, which leave out least: the nearer r(x) is to 0, the
tighter the bound. It holds for any vectors, also for those that the axes were not made from.

Why rounding breaks nothing. Let u = 2^-24, and N >= |x||y| for vectors and their sketches, as in `topk`.
- B is scaled down by as much as its computed B'B strays from I, so that its norm is at most 1 (`principal_axes`).
- B'x is computed in float64 and then rounded: each number moves by a factor of at most 1 + u, and by float64's errors,
  which add up to less than 2 sqrt(r) d 2^-52 |x|. By Cauchy-Schwarz the product of two sketches moves by less than
  (2u + 4 sqrt(r) d 2^-52) * N, which is below 3u * N for r <= d <= 2^14.
- r(x) is rounded up, with room for the errors of the difference under the root. That only raises the product.
- The float32 product of two sketches is off by at most g * N + (r + 1) * 2^-125, g as in `topk` for r + 1 dimensions.
`topk.margin` for r + 1 dimensions covers the last, the 2u * N between x.y and the similarity, and 2u for rounding a bound.
`margin` adds 8u: 3u * N for the second, and the rest because bounds are rounded twice more on their way.

A sketch for fewer axes is the first part of one for more. `nested_sketches` keeps both in one array.
"""

from concurrent.futures import Executor
from typing import Final

import numpy as np
from numpy.typing import NDArray

from worker.algorithms import topk

MOST_DIMENSIONS: Final = 1 << 14

_UNIT_ROUNDOFF: Final = 2.0**-24
_ROUNDOFF_64: Final = 2.0**-52

# Rows a time in float64: 8 MB for 512 dimensions.
_ROWS: Final = 2048


def margin(rank: int) -> float:
    """How far the float32 product of two sketches of `rank` + 1 numbers may lie below the similarity: at most so far."""
    return topk.margin(rank + 1) + 8 * _UNIT_ROUNDOFF


def principal_axes(sample: NDArray[np.float32]) -> NDArray[np.float64]:
    """The principal axes (d, d) of `sample` (m, d), uncentred, those with most energy first.

    Any leading columns of it have a spectral norm of at most 1: |B|^2 = |B'B| <= 1 + |B'B - I|, the last no more than the
    norm of its entries together, which float64 computes to within d * d * 2^-52.
    """
    wide = sample.astype(np.float64)
    axes: NDArray[np.float64] = np.linalg.eigh(wide.T @ wide)[1][:, ::-1]
    dimensions = len(axes)
    strays = float(np.linalg.norm(axes.T @ axes - np.eye(dimensions))) + dimensions**2 * _ROUNDOFF_64
    return np.ascontiguousarray(axes * (1 - 2 * strays))


def sketches(
    vectors: NDArray[np.float32],
    rows: NDArray[np.intp],
    axes: NDArray[np.float64],
    pool: Executor,
) -> NDArray[np.float32]:
    """Sketches (m, r + 1) of the `rows` (m,) of `vectors` (n, d), for `axes` (d, r). `pool`: whose threads compute."""
    return nested_sketches(vectors, rows, axes, axes.shape[1], pool)[:, 1:]


def nested_sketches(
    vectors: NDArray[np.float32],
    rows: NDArray[np.intp],
    axes: NDArray[np.float64],
    short: int,
    pool: Executor,
) -> NDArray[np.float32]:
    """Sketches for all `axes` (d, r) and for the first `short` of them, in one array (m, r + 2).

    All columns but the last are the long ones, the last `short` + 1 the short ones.
    """
    dimensions, rank = axes.shape
    room = dimensions * _ROUNDOFF_64 * (2 * np.sqrt(rank) + 4) * 1.01
    found = np.empty((len(rows), rank + 2), dtype=np.float32)
    more = rank - short

    def compute(start: int) -> None:
        block = slice(start, start + _ROWS)
        wide = vectors[rows[block]].astype(np.float64)
        inside = wide @ axes
        squares = np.einsum("ij,ij->i", wide, wide)
        in_short = np.einsum("ij,ij->i", inside[:, :short], inside[:, :short])
        in_rest = np.einsum("ij,ij->i", inside[:, short:], inside[:, short:])
        found[block, 0] = np.sqrt(np.maximum(squares - in_short - in_rest, 0) + room)
        found[block, 1 : 1 + more] = inside[:, short:]
        found[block, 1 + more : -1] = inside[:, :short]
        found[block, -1] = np.sqrt(np.maximum(squares - in_short, 0) + room)

    for _ in pool.map(compute, range(0, len(rows), _ROWS)):
        pass
    for column in (0, -1):
        np.nextafter(found[:, column], np.float32(np.inf), out=found[:, column])
    return found
