"""What a classifier of photos is once it is trained: one linear map."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class LinearHead:
    """logit_k = weights[k] · (embedding - centre) + biases[k]; probabilities are their softmax.

    centre: (d,) float64, the mean of the class means of the training embeddings; weights: (k, d) float64; biases: (k,)
    float64. The temperature is already in weights and biases.
    """

    centre: NDArray[np.float64]
    weights: NDArray[np.float64]
    biases: NDArray[np.float64]

    def logits(self, embeddings: NDArray[np.float32]) -> NDArray[np.float64]:
        """(n, k) of `embeddings` (n, d)."""
        found: NDArray[np.float64] = (embeddings - self.centre) @ self.weights.T + self.biases
        return found

    def probabilities(self, embeddings: NDArray[np.float32]) -> NDArray[np.float64]:
        """(n, k) of `embeddings` (n, d); rows sum to 1."""
        return softmax(self.logits(embeddings))


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows of exp(logits), scaled to sum to 1."""
    odds = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: NDArray[np.float64] = odds / odds.sum(axis=-1, keepdims=True)
    return shares
