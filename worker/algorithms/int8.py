"""Which layers of a ResNet18 bear 8-bit integers, and the largest value that each may be given.

Measured on torchvision's trunk (`tools/measure_int8.py`), which the shipped weights share, so the plan suits both and no other
network. What a layer is given is cut off where the squared error of rounding to 256 steps and of cutting together is
least. The layers were tried one at a time: the last block costs a hundred times as much accuracy as others, and the
first layers, whose error all others pass on, ten times. These, the stem and the second layer's first block stay as
they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Int8Plan:
    """`limits`: by name of a convolution, the value at which its input, 0 at least, is cut off."""

    limits: Mapping[str, float]


TRUNK_PLAN: Final = Int8Plan(
    {
        "layer2.1.conv2": 2.20,
        "layer3.0.conv2": 2.60,
        "layer3.1.conv1": 3.84,
        "layer3.1.conv2": 2.27,
        "layer4.0.conv1": 3.51,
        "layer4.0.conv2": 2.03,
        "layer4.0.downsample.0": 3.51,
    }
)
