"""What turns model views into embeddings. Without torch: anyone who only hands one around need not import it."""

from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from shared.limits import VIEW_SIDE

# Of the red, green and blue of photos, in 0..1: what torchvision's weights were trained on is scaled by these.
CHANNEL_MEANS: Final = (0.485, 0.456, 0.406)
CHANNEL_SPREADS: Final = (0.229, 0.224, 0.225)


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


def check_views(views: NDArray[np.uint8]) -> None:
    """ValueError unless these are (n, 224, 224, 3) uint8."""
    if views.dtype != np.uint8 or views.shape[1:] != (VIEW_SIDE, VIEW_SIDE, 3):
        raise ValueError(f"Views are (n, 224, 224, 3) uint8, not {views.shape} {views.dtype}.")


def unit_rows(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """What a network answered with, (n, d) float32, as embeddings. Raises NotFinite."""
    if not np.isfinite(features).all():
        raise NotFinite("The network answered with infinite or undefined numbers: its weights are damaged.")
    return normalise_rows(features)


def normalise_rows(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of `features` (n, d) float32, finite, scaled to length 1; rows of zeros stay as they are.

    Computed in float64, where the square of no float32 overflows or vanishes.
    """
    wide = features.astype(np.float64)
    lengths = np.sqrt(np.square(wide).sum(axis=1, keepdims=True))
    lengths[lengths == 0] = 1
    normalised: NDArray[np.float32] = (wide / lengths).astype(np.float32)
    return normalised
