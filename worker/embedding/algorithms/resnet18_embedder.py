"""From model views to embeddings, by torch."""

from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from shared.limits import DIMENSIONS
from worker.embedding.algorithms.embedder import (
    CHANNEL_MEANS,
    CHANNEL_SPREADS,
    DeviceMissing,
    check_views,
    unit_rows,
)

DEVICES = ("auto", "cpu", "cuda", "mps")


class ResNet18Embedder:
    """A ResNet18 in torch, by default in float32; pooled features, L2-normalised."""

    dimensions = DIMENSIONS

    def __init__(
        self, network: nn.Module, model_id: str, *, device: str = "auto", batch_size: int = 32
    ) -> None:
        """`network` answers (n, 3, 224, 224) float32 with (n, 512) float32; it is moved to `device`.

        `batch_size`: views in one forward pass. Raises DeviceMissing. Asks for the GPU at once, so build it after a
        fork, not before.
        """
        if batch_size < 1:
            raise ValueError("batch_size must be at least 1.")
        self.model_id = model_id
        self.device = find_device(device)
        self._batch_size = batch_size
        # torch's stub does not know memory_format.
        self._network = network.eval().to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]

    def embed(self, views: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See `Embedder.embed`."""
        check_views(views)
        features = np.empty((len(views), DIMENSIONS), dtype=np.float32)
        for start in range(0, len(views), self._batch_size):
            batch = slice(start, start + self._batch_size)
            features[batch] = self._forward(views[batch])
        return unit_rows(features)

    def _forward(self, views: NDArray[np.uint8]) -> NDArray[np.float32]:
        # A copy, because torch refuses to share read-only arrays such as those over downloaded bytes.
        pixels = torch.from_numpy(views.copy()).to(self.device)
        # TF32 and autotuned kernels would let a row move by 1e-3 with the size of its batch.
        exact = torch.backends.cudnn.flags(
            enabled=True, benchmark=False, deterministic=True, allow_tf32=False
        )
        with torch.inference_mode(), exact:
            answer: Tensor = self._network(preprocess(pixels))
        return np.asarray(answer.to("cpu", torch.float32).numpy())


def preprocess(pixels: Tensor) -> Tensor:
    """(n, 224, 224, 3) uint8 -> (n, 3, 224, 224) float32, channels last, as the official weights want it.

    The last two steps of `ResNet18_Weights.IMAGENET1K_V1.transforms()`; resizing and cropping are done by anyone who
    makes the view.
    """
    means, spreads = _channels(pixels.device)
    return pixels.permute(0, 3, 1, 2).to(torch.float32).div_(255).sub_(means).div_(spreads)


@cache
def _channels(device: torch.device) -> tuple[Tensor, Tensor]:
    """Means and spreads on a device, where they stay: to copy them there each time would make a GPU wait."""
    with torch.inference_mode(mode=False):  # made in that mode, they could never again be used out of it
        means, spreads = (
            torch.tensor(values, device=device).view(1, 3, 1, 1)
            for values in (CHANNEL_MEANS, CHANNEL_SPREADS)
        )
    return means, spreads


def find_device(name: str) -> str:
    """The device to compute on: `name`, or for "auto" a GPU if there is one. Raises DeviceMissing."""
    if name == "cpu":
        return name  # without asking for a GPU: a process that has asked must not fork
    if name not in DEVICES:
        raise DeviceMissing(f'There is no device "{name}"; choose one of {", ".join(DEVICES)}.')
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return next(device for device, is_there in there.items() if is_there)
    if not there[name]:
        raise DeviceMissing(f'This machine has no device "{name}" that torch can use.')
    return name
