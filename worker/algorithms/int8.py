"""Which layers of a ResNet18 bear 8-bit integers, and the largest value that each is given.

What a layer is given is cut off where the squared error of cutting and of rounding to 256 steps together is least, as
`tools/fit_int8.py` finds it on photos. Of fits to two samples of photos, which differ by up to 6 %, the larger is taken: large
values that are cut off cost more neighbours than steps that are a little wider. All of it holds for torchvision's trunk,
which the shipped weights share, and for no other.

Each layer was tried by itself. The last block costs a hundred times as much accuracy as the others, the first layers, whose
error all others pass on, ten times. These stay in bfloat16, and so do as many of the rest as it takes to keep .97 of the
five nearest among 2,608 photos, with a margin: it is .976, and .973 under weights close to torchvision's, where bfloat16
alone keeps .985 and .984. As the last block is left alone, weights may differ there.
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
        "layer3.1.conv1": 3.84,
        "layer3.1.conv2": 2.27,
        "layer4.0.conv1": 3.51,
        "layer4.0.conv2": 2.03,
        "layer4.0.downsample.0": 3.51,
    }
)
