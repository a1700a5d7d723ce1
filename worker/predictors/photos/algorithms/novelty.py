"""Whether a photo is like anything that a classifier has learned from.

A classifier must choose one of its labels, and is often sure of one for a photo of something else altogether. How far the
photo's embedding is from those of the training photos tells that apart (Sun et al., Out-of-Distribution Detection with
Deep Nearest Neighbors, 2022).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

# The mean of a few: one odd training photo must not make everything like it familiar.
NEIGHBOURS: Final = 5
# One training photo in a hundred is less familiar than this, measured without itself: so often the warning is wrong.
QUANTILE: Final = 0.01
# Enough to cover what the photos show; 4,096 x 512 numbers in half precision are 4 MB.
MOST_REFERENCES: Final = 4096
_ROWS: Final = 1024
_SEED: Final = 0


@dataclass(frozen=True, slots=True, eq=False)
class Familiar:
    """references: (m, d) float16, L2-normalised; threshold: cosine similarity below which a photo is new."""

    references: NDArray[np.float16]
    threshold: float

    def similarity(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n,) mean cosine similarity of each of `embeddings` (n, d) to its nearest references."""
        return _nearest(embeddings, self.references.astype(np.float32), own=None)

    def is_new(self, similarities: NDArray[np.float32]) -> NDArray[np.bool_]:
        """(n,) which of these, as `similarity` tells them, are unlike anything seen in training."""
        return similarities < self.threshold


def familiar(embeddings: NDArray[np.float32]) -> Familiar:
    """What is familiar after these training embeddings (n, d) float32, L2-normalised, n >= 2."""
    chosen = np.arange(len(embeddings))
    if len(chosen) > MOST_REFERENCES:
        chosen = np.sort(np.random.default_rng(_SEED).permutation(chosen)[:MOST_REFERENCES])
    references = embeddings[chosen].astype(np.float16)
    wide = references.astype(np.float32)
    measured = _nearest(wide, wide, own=np.arange(len(wide)))
    return Familiar(references, float(np.quantile(measured, QUANTILE)))


def _nearest(
    queries: NDArray[np.float32], references: NDArray[np.float32], own: NDArray[np.intp] | None
) -> NDArray[np.float32]:
    """Mean similarity to the nearest references. own: the place of each query among them, which does not count."""
    k = min(NEIGHBOURS, len(references) - (own is not None))
    found = np.empty(len(queries), np.float32)
    for start in range(0, len(queries), _ROWS):
        rows = slice(start, start + _ROWS)
        similarities = queries[rows] @ references.T
        if own is not None:
            similarities[np.arange(len(similarities)), own[rows]] = -np.inf
        found[rows] = np.partition(similarities, -k, axis=1)[:, -k:].mean(axis=1)
    return found
