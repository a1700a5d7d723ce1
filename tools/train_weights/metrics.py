"""How good look-alikes are, and the colour-histogram baseline."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.embedding.algorithms.embedder import normalise_rows


@dataclass(frozen=True)
class RetrievalScore:
    """Shares between 0 and 1: of queries whose nearest is of their class, and of the nearest 5 that are."""

    nearest: float
    precision_at_5: float

    def __str__(self) -> str:
        return f"1-NN {self.nearest:.3f}, P@5 {self.precision_at_5:.3f}"


def nearest(embeddings: NDArray[np.float32], k: int = 5) -> NDArray[np.int64]:
    """(n, k) places of each row's k nearest others by cosine, nearest first. `embeddings` (n, d), rows of length 1."""
    cosines = embeddings @ embeddings.T
    np.fill_diagonal(cosines, -np.inf)
    return np.argsort(-cosines, axis=1, kind="stable")[:, :k]


def retrieval(
    embeddings: NDArray[np.float32], labels: NDArray[np.str_], queries: NDArray[np.bool_] | None = None
) -> RetrievalScore:
    """Leave-one-out: each query (all rows if not given) against all other rows; same label is relevant."""
    if queries is None:
        queries = np.ones(len(labels), dtype=bool)
    hits = (labels[nearest(embeddings)] == labels[:, None])[queries]
    return RetrievalScore(float(hits[:, 0].mean()), float(hits.mean()))


def kept(embeddings: NDArray[np.float32], yardstick: NDArray[np.float32]) -> float:
    """Mean share of the yardstick's nearest 5 that are among ours."""
    pairs = zip(nearest(embeddings), nearest(yardstick), strict=True)
    return float(np.mean([len(set(ours) & set(theirs)) / 5 for ours, theirs in pairs]))


def cosine_difference(embeddings: NDArray[np.float32], yardstick: NDArray[np.float32]) -> float:
    """Mean absolute difference between our cosine and the yardstick's over all pairs of different rows."""
    pairs = np.triu_indices(len(embeddings), 1)
    return float(np.abs((embeddings @ embeddings.T - yardstick @ yardstick.T)[pairs]).mean())


def colour_histograms(views: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(n, 512) float32, rows of length 1: square roots of the shares of 8 x 8 x 8 RGB cells (Hellinger's kernel)."""
    levels = (views >> 5).astype(np.int64)
    cells = (levels[..., 0] * 64 + levels[..., 1] * 8 + levels[..., 2]).reshape(len(views), -1)
    counts = np.stack([np.bincount(row, minlength=512) for row in cells])
    return normalise_rows(np.sqrt(counts).astype(np.float32))
