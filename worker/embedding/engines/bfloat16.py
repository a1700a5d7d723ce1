"""ResNet18 in bfloat16: what a CPU or GPU with instructions for it computes several times as fast as float32.

bfloat16 keeps float32's range and 8 of its 24 significant bits. Weights, biases and what passes between layers are
rounded to it; sums within a layer are float32. `Bfloat16ResNet18` says so in torch, in two ways: on a GPU in bfloat16
itself, elsewhere in float32 with the same roundings, for machines that must compute what others do but have no such
instructions. Both agree with OpenVINO's kernels to 1e-5 in cosine, while bfloat16 itself is about 1e-4 away from float32.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from worker.embedding.engines.folding import Convolution, FoldedResNet18


class Bfloat16ResNet18(nn.Module):
    """(n, 3, 224, 224) float32 -> (n, 512) float32."""

    def __init__(self, network: FoldedResNet18, *, native: bool) -> None:
        """`native`: compute in bfloat16, not in float32 with its roundings."""
        super().__init__()
        self._dtype = torch.bfloat16 if native else torch.float32
        self.stem = self._layer(network.stem)
        self.first = nn.ModuleList(self._layer(block.first) for block in network.blocks)
        self.second = nn.ModuleList(self._layer(block.second) for block in network.blocks)
        self.shortcut = nn.ModuleList(
            nn.Identity() if block.shortcut is None else self._layer(block.shortcut)
            for block in network.blocks
        )

    def forward(self, pixels: Tensor) -> Tensor:
        """Pixels as `embedding.preprocess` makes them."""
        values = self._rounded(self.stem(self._rounded(pixels)).relu())
        values = functional.max_pool2d(values, 3, stride=2, padding=1)
        for first, second, shortcut in zip(self.first, self.second, self.shortcut, strict=True):
            inner = self._rounded(first(values).relu())
            values = self._rounded((second(inner) + self._rounded(shortcut(values))).relu())
        return values.to(torch.float32).mean(dim=(2, 3))

    def _layer(self, convolution: Convolution) -> nn.Conv2d:
        outputs, inputs, side, _ = convolution.weight.shape
        layer = nn.Conv2d(
            inputs, outputs, side, convolution.stride, convolution.padding, dtype=self._dtype, device="meta"
        )
        weight, bias = (
            self._rounded(torch.from_numpy(values)) for values in (convolution.weight, convolution.bias)
        )
        layer.weight, layer.bias = (nn.Parameter(values, requires_grad=False) for values in (weight, bias))
        return layer

    def _rounded(self, values: Tensor) -> Tensor:
        return values.to(torch.bfloat16).to(self._dtype)
