"""A 64-bit perceptual hash: near-identical pictures have hashes that differ in few bits.

The DCT hash ("pHash") of C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions" (2010),
section 3.2: 32 x 32 grey, two-dimensional DCT-II, the 8 x 8 lowest frequencies without the constant row and column,
one bit each for being above their median.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SIDE = 32
_BITS = 64
_LOWEST = slice(1, 9)


def _dct_rows(size: int, rows: slice) -> NDArray[np.float64]:
    """The orthonormal DCT-II basis vectors `rows` of length `size`, one a row (k > 0)."""
    k = np.arange(size)[rows, None]
    basis: NDArray[np.float64] = np.sqrt(2 / size) * np.cos(np.pi * (np.arange(size) + 0.5) * k / size)
    return basis


_BASIS = _dct_rows(_SIDE, _LOWEST)


def perceptual_hash(picture: Image.Image) -> int:
    """The hash of a picture as a signed 64-bit integer; 0 for a picture of one colour.

    Any mode and size; a thumbnail of 256 px gives the hash of the photo at a fraction of the cost.
    """
    grey = picture.convert("L").resize((_SIDE, _SIDE), Image.Resampling.BILINEAR, reducing_gap=2.0)
    spectrum = _BASIS @ np.asarray(grey, dtype=np.float64) @ _BASIS.T
    # Rounded, so that the noise of arithmetic around zero sets no bits where the picture is flat.
    coefficients = np.rint(spectrum.ravel() * 64)
    bits = coefficients > np.median(coefficients)
    return int.from_bytes(np.packbits(bits).tobytes(), "big", signed=True)


def hamming_distance(a: int, b: int) -> int:
    """How many of the 64 bits differ, 0 to 64."""
    return ((a ^ b) & ((1 << _BITS) - 1)).bit_count()
