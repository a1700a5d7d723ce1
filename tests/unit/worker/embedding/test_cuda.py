"""bfloat16 on an NVIDIA card: what other machines compute, and the same bits in any company."""

import numpy as np
import pytest
import torch

from tests.support.networks import cosine_distances, drawn_views
from tools.train_weights.untrained import untrained_resnet18
from worker.embedding.algorithms.embedder import NotFinite
from worker.embedding.algorithms.resnet import arrays_of
from worker.embedding.algorithms.resnet18_embedder import ResNet18Embedder
from worker.embedding.engines.bfloat16 import Bfloat16ResNet18
from worker.embedding.engines.cuda import CudaEmbedder
from worker.embedding.engines.folding import fold

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")

PASS = 4


@pytest.fixture(scope="module")
def on_card() -> CudaEmbedder:
    return CudaEmbedder(fold(arrays_of(untrained_resnet18(1).state_dict())), "m", batch_size=PASS)


def test_it_computes_what_a_cpu_does(on_card: CudaEmbedder) -> None:
    network = Bfloat16ResNet18(fold(arrays_of(untrained_resnet18(1).state_dict())), native=False)
    views = drawn_views(3 * PASS + 1)
    on_cpu = ResNet18Embedder(network, "m", device="cpu").embed(views)
    assert cosine_distances(on_card.embed(views), on_cpu).max() < 2e-5


def test_a_view_has_the_same_bits_in_any_company(on_card: CudaEmbedder) -> None:
    views = drawn_views(3 * PASS + 1)
    together = on_card.embed(views)
    apart = np.concatenate([on_card.embed(views[place : place + 1]) for place in range(len(views))])
    np.testing.assert_array_equal(apart, together)
    np.testing.assert_array_equal(on_card.embed(views[::-1]), together[::-1])


def test_no_views_have_no_embeddings(on_card: CudaEmbedder) -> None:
    assert on_card.embed(drawn_views(1)[:0]).shape == (0, 512)


def test_views_of_another_shape_are_refused(on_card: CudaEmbedder) -> None:
    with pytest.raises(ValueError, match="Views are"):
        on_card.embed(drawn_views(1)[:, :100])


def test_damaged_weights_are_told() -> None:
    state = untrained_resnet18(1).state_dict()
    state["conv1.weight"] *= 1e38
    with pytest.raises(NotFinite):
        CudaEmbedder(fold(arrays_of(state)), "m", batch_size=PASS).embed(drawn_views(1))
