"""ResNet18 as the convolutions that are left once BatchNorm is folded into them.

In inference BatchNorm multiplies each channel by a constant and adds another; both fit into the weights and the bias of
the convolution before it (Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-
Only Inference", 2018, section 3.2). Engines that build the network themselves start from here.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from worker.embedding.algorithms.embedder import CHANNEL_MEANS, CHANNEL_SPREADS
from worker.embedding.algorithms.resnet_state import State, checked_state

# torch's default, which torchvision's ResNet18 keeps.
_EPSILON: Final = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class Convolution:
    """`weight`: (out, in, k, k) float32; `bias`: (out,) float32; `name` as torchvision has it, such as layer1.0.conv1."""

    name: str
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    stride: int

    @property
    def padding(self) -> int:
        """On each side: what keeps a stride of 1 the same size."""
        return int(self.weight.shape[-1]) // 2


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """relu(second(relu(first(x))) + shortcut(x)); a `shortcut` of None passes x as it is."""

    first: Convolution
    second: Convolution
    shortcut: Convolution | None


@dataclass(frozen=True, slots=True, eq=False)
class FoldedResNet18:
    """relu(stem(x)), a 3 x 3 max pool of stride 2, the blocks, the mean over each channel."""

    stem: Convolution
    blocks: tuple[Block, ...]


def fold(state: State) -> FoldedResNet18:
    """The network of `state` (torchvision's names). Raises resnet_state.WrongState."""
    state = checked_state(state)
    blocks = []
    for layer in (1, 2, 3, 4):
        for place in (0, 1):
            name = f"layer{layer}.{place}"
            halving = layer > 1 and place == 0
            blocks.append(
                Block(
                    _folded(state, f"{name}.conv1", f"{name}.bn1", 2 if halving else 1),
                    _folded(state, f"{name}.conv2", f"{name}.bn2", 1),
                    _folded(state, f"{name}.downsample.0", f"{name}.downsample.1", 2) if halving else None,
                )
            )
    return FoldedResNet18(_folded(state, "conv1", "bn1", 2), tuple(blocks))


def on_pixels(stem: Convolution) -> Convolution:
    """The stem for pixels from 0 to 255 as they are, in place of those that `embedding.preprocess` makes of them.

    What is 0 outside of a view of the latter is CHANNEL_MEANS * 255 outside of a view of the former.
    """
    means, spreads = (
        np.array(values).reshape(1, 3, 1, 1) * 255 for values in (CHANNEL_MEANS, CHANNEL_SPREADS)
    )
    weight = stem.weight / spreads
    bias = stem.bias - (weight * means).sum(axis=(1, 2, 3))
    return Convolution(stem.name, weight.astype(np.float32), bias.astype(np.float32), stem.stride)


def _folded(state: State, convolution: str, norm: str, stride: int) -> Convolution:
    weight = state[f"{convolution}.weight"].astype(np.float64)
    gain, shift, mean, variance = (
        state[f"{norm}.{name}"].astype(np.float64)
        for name in ("weight", "bias", "running_mean", "running_var")
    )
    scale = gain / np.sqrt(variance + _EPSILON)
    return Convolution(
        convolution,
        (weight * scale[:, None, None, None]).astype(np.float32),
        (shift - mean * scale).astype(np.float32),
        stride,
    )
