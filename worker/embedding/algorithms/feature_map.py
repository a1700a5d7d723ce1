"""The last feature map of a ResNet18: what its embedding is the mean of."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from worker.embedding.algorithms.resnet18_embedder import preprocess


class FeatureMaps:
    """Feature maps of model views, on the CPU in float32, whatever engine computes embeddings."""

    def __init__(self, network: nn.Module) -> None:
        """network: what `resnet.build_resnet18` makes, with its weights."""
        # All but the pooling and what stands in for the classifier.
        self._trunk = nn.Sequential(*list(network.children())[:-2]).eval()

    def of(self, view: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(512, 7, 7) float32 of a (224, 224, 3) uint8 RGB view. Its mean over places points where the embedding does."""
        with torch.inference_mode():
            features = self._trunk(preprocess(torch.from_numpy(view[np.newaxis].copy())))
        return np.asarray(features[0].numpy())
