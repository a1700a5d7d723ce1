"""Which layers of a ResNet18 bear 8-bit integers, and the largest value that each is given.

What a layer is given is cut off where the squared error of cutting and of rounding to 256 steps together is least, as
`tools/fit_int8.py` finds it on photos. That holds for torchvision's trunk, which the shipped weights share, and for no other.

Each layer was tried by itself. The last block costs a hundred times as much accuracy as the others, the first layers, whose
error all others pass on, ten times; so these stay in bfloat16, and all that holds for the last block only is free to
differ between weights. On 2,608 photos the rest moves embeddings by 2.6e-4 (1 - cosine) and keeps .975 of the five
nearest (.972 under weights close to torchvision's), where bfloat16 alone moves 0.9e-4 and keeps .985 (.984).
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
        "layer3.0.conv2": 2.58,
        "layer3.1.conv1": 3.83,
        "layer3.1.conv2": 2.18,
        "layer4.0.conv1": 3.48,
        "layer4.0.conv2": 1.92,
        "layer4.0.downsample.0": 3.48,
    }
)
