"""ResNet18 in 8-bit integers: how weights are rounded, which layers take part, and where what they are given is cut off.

A value that goes to a layer of the plan is rounded once, to 256 steps from 0 to its limit, and serves both ways on: the
block's convolutions and, where there is none on it, the shortcut. Else OpenVINO keeps a second copy of it, and changes its
form in every block.

Limits are where the squared error of cutting and of rounding together is least, as `python -m tools.fit_int8` finds it on
photos that the benchmark's gallery does not have. They hold for torchvision's trunk, which the shipped weights share, and
for no other.

The first convolution takes pixels, which are integers already, and nothing is lost. These stay in bfloat16: what the max
pool gives and the convolution that takes it, and the last block. With either in integers too, 1 - cosine to float32, 3.2e-4
with this plan, more than doubles (7.4e-4 and 9.9e-4). As the last block is left alone, weights may differ there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

# The largest integer of a weight; without -128 they are as wide below zero as above.
_LARGEST: Final = 127


@dataclass(frozen=True, slots=True)
class Int8Plan:
    """`limits`: by name of a block's first or second convolution, the value at which its input, 0 at least, is cut off.

    A convolution on a shortcut has the limit of the first one, whose input it shares. The stem needs none: it takes pixels.
    """

    limits: Mapping[str, float]


TRUNK_PLAN: Final = Int8Plan(
    {
        "layer1.0.conv2": 2.89,
        "layer1.1.conv1": 4.91,
        "layer1.1.conv2": 2.39,
        "layer2.0.conv1": 5.34,
        "layer2.0.conv2": 2.31,
        "layer2.1.conv1": 3.50,
        "layer2.1.conv2": 2.24,
        "layer3.0.conv1": 4.34,
        "layer3.0.conv2": 2.61,
        "layer3.1.conv1": 3.77,
        "layer3.1.conv2": 2.20,
        "layer4.0.conv1": 3.54,
        "layer4.0.conv2": 2.10,
    }
)


def rounded_weights(weight: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """(out, in, k, k) -> integers of the same shape, and steps (out, 1, 1, 1) that they are multiples of.

    What a layer is given behind a ReLU is positive, and alike in neighbouring pixels: what comes through of the errors
    of rounding is their sum. So where errors add up to more than half a step, first over a kernel, then over all kernels
    of an output, the weights that are furthest out are rounded the other way. It takes no photos. Guo et al., "SQuant:
    On-the-Fly Data-Free Quantization via Diagonal Hessian Approximation", 2022.
    """
    steps = np.abs(weight).max(axis=(1, 2, 3), keepdims=True).astype(np.float64) / _LARGEST
    steps[steps == 0] = 1
    exact = (weight / steps).reshape(*weight.shape[:2], -1)
    integers = np.rint(exact)
    integers -= _surplus(integers - exact)
    errors = integers - exact
    moves = _surplus(errors.sum(axis=-1))[..., None]
    furthest = (errors * moves).argmax(axis=-1, keepdims=True)
    moved = np.take_along_axis(integers, furthest, axis=-1) - moves
    np.put_along_axis(integers, furthest, moved, axis=-1)
    return integers.reshape(weight.shape).astype(np.int8), steps.astype(np.float32)


def _surplus(errors: NDArray[np.float64]) -> NDArray[np.float64]:
    """-1, 0 or 1 for each: what to take off the largest for the sum over the last axis to be within a half."""
    total = errors.sum(axis=-1, keepdims=True)
    signs = np.sign(total)
    ranks = np.argsort(np.argsort(-signs * errors, axis=-1), axis=-1)
    surplus: NDArray[np.float64] = np.where(ranks < np.abs(np.rint(total)), signs, 0)
    return surplus
