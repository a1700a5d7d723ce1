"""bfloat16 in torch: the same roundings whether the arithmetic is native or float32."""

import numpy as np
import pytest
import torch

from tests.support.networks import cosine_distances, drawn_views
from tools.train_weights.untrained import untrained_resnet18
from worker.embedding.algorithms.resnet import arrays_of
from worker.embedding.algorithms.resnet18_embedder import ResNet18Embedder
from worker.embedding.engines.bfloat16 import Bfloat16ResNet18
from worker.embedding.engines.folding import fold

pytestmark = pytest.mark.usefixtures("one_torch_thread")


def embedder(*, native: bool) -> ResNet18Embedder:
    network = Bfloat16ResNet18(fold(arrays_of(untrained_resnet18(1).state_dict())), native=native)
    return ResNet18Embedder(network, "m", device="cpu", batch_size=4)


def test_it_is_near_float32_but_not_the_same() -> None:
    views = drawn_views(4)
    exact = ResNet18Embedder(untrained_resnet18(1), "m", device="cpu").embed(views)
    distances = cosine_distances(embedder(native=False).embed(views), exact)
    assert 1e-7 < distances.max() < 1e-3


def test_native_arithmetic_and_float32_with_its_roundings_agree() -> None:
    views = drawn_views(4)
    distances = cosine_distances(embedder(native=True).embed(views), embedder(native=False).embed(views))
    assert distances.max() < 5e-5


def test_what_passes_between_layers_has_eight_significant_bits() -> None:
    network = Bfloat16ResNet18(fold(arrays_of(untrained_resnet18(1).state_dict())), native=False)
    seen: list[torch.Tensor] = []
    for layer in [*network.first, *network.second]:
        layer.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    with torch.inference_mode():
        network(torch.rand(1, 3, 224, 224, generator=torch.Generator().manual_seed(0)))
    assert len(seen) == 16
    assert all(torch.equal(values, values.to(torch.bfloat16).float()) for values in seen)


def test_an_embedding_does_not_depend_on_its_batch() -> None:
    views = drawn_views(5)
    together, apart = embedder(native=False).embed(views), embedder(native=False).embed(views[4:])
    np.testing.assert_allclose(together[4:], apart, rtol=0, atol=1e-5)
