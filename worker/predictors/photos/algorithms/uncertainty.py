"""Which photos to label next: those that a classifier is least sure of, and that are not all alike."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

# Of a great gallery, the most uncertain this many are looked at for diversity.
_SHORTLIST: Final = 1000
# How much being like a photo that was chosen already takes away. At 1 a twin of one is worth nothing more.
_REDUNDANCY: Final = 0.7


def entropy(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) of `probabilities` (n, k), as a share of the most that k classes can have: 0 is sure, 1 has no idea."""
    logs = np.log(np.maximum(probabilities, 1e-12))
    found: NDArray[np.float64] = -(probabilities * logs).sum(axis=1) / np.log(probabilities.shape[1])
    return found


def choose_to_label(
    probabilities: NDArray[np.float64], embeddings: NDArray[np.float32], count: int
) -> NDArray[np.intp]:
    """Places of up to `count` rows, best first.

    probabilities: (n, k); embeddings: (n, d) float32, L2-normalised. Greedy: each choice is the photo of most entropy
    after what its likeness to an earlier choice takes away (maximal marginal relevance, Carbonell and Goldstein, 1998).
    Deterministic; ties go to the first.
    """
    scores = entropy(probabilities)
    shortlist = np.argsort(-scores, kind="stable")[:_SHORTLIST]
    scores, vectors = scores[shortlist], embeddings[shortlist]
    likeness = np.zeros(len(shortlist))
    chosen: list[int] = []
    for _ in range(min(count, len(shortlist))):
        worth = scores * (1 - _REDUNDANCY * likeness)
        worth[chosen] = -np.inf
        best = int(worth.argmax())
        chosen.append(best)
        likeness = np.maximum(likeness, np.clip(vectors @ vectors[best], 0, 1))
    return shortlist[chosen]
