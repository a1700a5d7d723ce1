"""BatchNorm folded into convolutions: the same network with fewer steps."""

import numpy as np
import pytest
import torch
from torch import Tensor

from tools.train_weights.untrained import untrained_resnet18
from worker.embedding.algorithms.resnet import arrays_of
from worker.embedding.algorithms.resnet18_embedder import preprocess
from worker.embedding.algorithms.resnet_state import WrongState
from worker.embedding.engines.folding import Convolution, FoldedResNet18, fold, on_pixels


def with_random_norms(seed: int) -> dict[str, Tensor]:
    """A state whose BatchNorms do something: untrained ones change nothing."""
    generator = torch.Generator().manual_seed(seed)
    state = untrained_resnet18(seed).state_dict()
    for name, value in state.items():
        if value.ndim == 1:
            spread = torch.rand(value.shape, generator=generator)
            state[name] = spread + 0.5 if name.endswith(("weight", "running_var")) else spread - 0.5
    return state


def convolutions(network: FoldedResNet18) -> list[Convolution]:
    blocks = [(block.first, block.second, block.shortcut) for block in network.blocks]
    return [network.stem, *(each for block in blocks for each in block if each is not None)]


def test_each_convolution_answers_as_the_convolution_and_its_norm_did() -> None:
    state = with_random_norms(3)
    folded = {each.name: each for each in convolutions(fold(arrays_of(state)))}
    for name, norm in [
        ("conv1", "bn1"),
        ("layer1.0.conv2", "layer1.0.bn2"),
        ("layer3.0.downsample.0", "layer3.0.downsample.1"),
    ]:
        each = folded[name]
        pixels = torch.randn(1, each.weight.shape[1], 9, 9, generator=torch.Generator().manual_seed(1))
        plain = torch.nn.functional.conv2d(
            pixels, state[f"{name}.weight"], stride=each.stride, padding=each.padding
        )
        values = (
            state[f"{norm}.{part}"][:, None, None]
            for part in ("running_mean", "running_var", "weight", "bias")
        )
        mean, variance, gain, shift = values
        expected = (plain - mean) / torch.sqrt(variance + 1e-5) * gain + shift
        found = torch.nn.functional.conv2d(
            pixels, torch.from_numpy(each.weight), torch.from_numpy(each.bias), each.stride, each.padding
        )
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_a_network_has_twenty_convolutions_of_the_known_names() -> None:
    folded = fold(arrays_of(untrained_resnet18(0).state_dict()))
    names = [each.name for each in convolutions(folded)]
    expected = {
        name.removesuffix(".weight")
        for name, value in untrained_resnet18(0).state_dict().items()
        if value.ndim == 4
    }
    assert len(names) == 20
    assert set(names) == expected
    assert [block.shortcut is not None for block in folded.blocks] == [False] * 2 + [True, False] * 3
    assert all(each.weight.dtype == each.bias.dtype == np.float32 for each in convolutions(folded))


def test_what_is_no_resnet18_is_refused() -> None:
    with pytest.raises(WrongState):
        fold({})


def test_a_stem_on_pixels_gives_what_it_gives_on_what_is_made_of_them() -> None:
    stem = fold(arrays_of(untrained_resnet18(1).state_dict())).stem
    views = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (1, 224, 224, 3), dtype=np.uint8))
    bare = on_pixels(stem)

    def convolved(convolution: Convolution, values: torch.Tensor) -> torch.Tensor:
        weight, bias = torch.from_numpy(convolution.weight), torch.from_numpy(convolution.bias)
        return torch.nn.functional.conv2d(values, weight, bias, convolution.stride)

    torch.testing.assert_close(
        convolved(bare, views.permute(0, 3, 1, 2).float()),
        convolved(stem, preprocess(views)),
        rtol=0,
        atol=1e-4,
    )
