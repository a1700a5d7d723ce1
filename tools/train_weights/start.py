"""Where the block starts from: whitened features, computed from cached views without training.

Features of the trunk are strongly correlated and some channels outweigh the rest in a cosine. The block

    relu(x + conv2(relu(conv1(x))))

can undo that exactly, since x >= 0: conv1 is the identity, the middle tap of conv2 is W - 1 and its bias -W m, which makes
relu(W (x - m)) with m the mean over all places and W = C^(-1/2) of the pooled features (ZCA; Jegou and Chum, Negative
evidences and co-occurrences in image retrieval, 2012). On classes that are not trained on, this is worth as much as
a teacher.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tools.train_weights.networks import identity_block
from tools.train_weights.views import Views

# Share of the mean variance that is added to each: keeps directions that hold only noise from being blown up.
_SHRINKAGE: Final = 0.1
_MEAN_OUTPUT: Final = 0.5
_EVERY: Final = 3


def whitening_block(shards: Sequence[Views]) -> dict[str, Tensor]:
    """Values of `layer4.1` that whiten what is in `shards`."""
    pooled = np.concatenate([views.maps.astype(np.float32).mean(axis=(2, 3)) for views in shards])
    places = np.concatenate([_places(views.maps[::_EVERY]) for views in shards])
    variances, directions = np.linalg.eigh(np.cov(pooled.T))
    whitening = (directions * (variances + _SHRINKAGE * variances.mean()) ** -0.5) @ directions.T
    mean = places.mean(axis=0)
    # The scale changes no cosine; it keeps fp16 far from its limits.
    whitening *= _MEAN_OUTPUT / np.maximum((places - mean) @ whitening, 0).mean()
    block = identity_block()
    for name in ("conv1.weight", "conv2.weight"):
        block[name] = torch.zeros(512, 512, 3, 3)
    block["conv1.weight"][:, :, 1, 1] = torch.eye(512)
    block["conv2.weight"][:, :, 1, 1] = torch.from_numpy(whitening.T).float() - torch.eye(512)
    block["bn2.bias"] = torch.from_numpy(-mean @ whitening).float()
    return block


def _places(maps: NDArray[np.float16]) -> NDArray[np.float32]:
    """(n, 512, s, s) -> (n * s * s, 512)."""
    return maps.astype(np.float32).transpose(0, 2, 3, 1).reshape(-1, maps.shape[1])
