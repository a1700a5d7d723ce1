"""The network before any training: what trained weights are compared with, and what tests embed by."""

import torch
from torch import nn

from worker.embedding.algorithms.resnet import build_resnet18


def untrained_resnet18(seed: int) -> nn.Module:
    """A ResNet18 with He-normal convolutions drawn from `seed`: the same values every time."""
    model = build_resnet18()
    generator = torch.Generator().manual_seed(seed)
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu", generator=generator)
    return model
