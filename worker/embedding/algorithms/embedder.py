"""What turns model views into embeddings. Without torch: whoever only hands one around need not import it."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class DeviceMissing(ValueError):
    """This machine does not have the device that was asked for."""


class NotFinite(ArithmeticError):
    """The network answered with infinite or undefined numbers: its weights are damaged."""


class Embedder(Protocol):
    """Anything that turns model views into embeddings."""

    @property
    def model_id(self) -> str:
        """Name of the network and its weights. Embeddings of different models must not be compared."""
        ...

    @property
    def dimensions(self) -> int:
        """Numbers in one embedding."""
        ...

    @property
    def device(self) -> str:
        """Where it computes: "cpu", "cuda" or "mps"."""
        ...

    def embed(self, views: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embeddings (n, dimensions) float32 of `views` (n, 224, 224, 3) uint8 RGB, n >= 0.

        Rows have length 1, but for features that are all zero: these stay zero, so that their cosine similarity to
        everything is 0. A row depends on its own view only (to 1e-5), not on the others in the call.
        Raises ValueError for a wrong shape or dtype, NotFinite for damaged weights.
        """
        ...
