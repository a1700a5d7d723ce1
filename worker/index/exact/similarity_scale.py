"""How similar random pairs are: the scale on which one similarity means much or little."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

PAIRS: Final = 20_000
SEED: Final = 7


def similarity_quantiles(vectors: NDArray[np.float32]) -> list[float] | None:
    """The 0th to 100th percentile (101 values, rising) of the cosine similarity of random pairs of different rows.

    vectors: (n, d) float32, L2-normalised. None for fewer than two rows. Deterministic: the pairs are drawn with a
    fixed seed.
    """
    n = len(vectors)
    if n < 2:
        return None
    random = np.random.default_rng(SEED)
    first = random.integers(0, n, PAIRS)
    second = (first + random.integers(1, n, PAIRS)) % n
    similarities = np.einsum("ij,ij->i", vectors[first], vectors[second])
    found: list[float] = np.percentile(similarities, np.arange(101)).tolist()
    return found
