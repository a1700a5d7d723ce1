"""OpenVINO's engine: torch's embeddings in float32, near ones in bfloat16, and nothing that calls home."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.settings import Settings
from tests.support.networks import cosine_distances, drawn_views
from tools.train_weights.untrained import untrained_resnet18
from worker.embedding.algorithms.embedder import Embedder, NotFinite
from worker.embedding.algorithms.resnet import arrays_of
from worker.embedding.algorithms.resnet18_embedder import ResNet18Embedder
from worker.embedding.engine_choice import this_machine
from worker.embedding.engines.bfloat16 import Bfloat16ResNet18
from worker.embedding.engines.folding import FoldedResNet18, fold
from worker.embedding.engines.int8 import TRUNK_PLAN, Int8Plan
from worker.embedding.engines.openvino import OpenVinoEmbedder, Precision, build_graph, has_native_bfloat16
from worker.embedding.engines.untracked_openvino import openvino
from worker.embedding.weights import bundled_weights

pytestmark = pytest.mark.usefixtures("one_torch_thread")

needs_bfloat16 = pytest.mark.skipif(not has_native_bfloat16(), reason="this CPU has no bfloat16")
needs_int8 = pytest.mark.skipif(
    not this_machine(Settings(device="cpu")).int8, reason="this CPU has no dot products of 8-bit integers"
)


@pytest.fixture(scope="module")
def network() -> FoldedResNet18:
    return fold(arrays_of(untrained_resnet18(1).state_dict()))


def embedder(network: FoldedResNet18, precision: Precision = "f32") -> OpenVinoEmbedder:
    return OpenVinoEmbedder(network, "m", precision=precision, threads=1)


def noise(count: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (count, 224, 224, 3), dtype=np.uint8)


def test_in_float32_it_gives_torchs_embeddings(network: FoldedResNet18) -> None:
    views = np.concatenate([drawn_views(3), noise(2)])
    expected = ResNet18Embedder(untrained_resnet18(1), "m", device="cpu").embed(views)
    np.testing.assert_allclose(embedder(network).embed(views), expected, rtol=0, atol=1e-5)


@needs_bfloat16
def test_in_bfloat16_it_gives_what_other_machines_compute_with_the_same_roundings(
    network: FoldedResNet18,
) -> None:
    views = drawn_views(4)
    elsewhere = ResNet18Embedder(Bfloat16ResNet18(network, native=False), "m", device="cpu").embed(views)
    here = embedder(network, "bf16").embed(views)
    assert cosine_distances(here, elsewhere).max() < 5e-5
    assert cosine_distances(here, embedder(network).embed(views)).max() > 1e-7


@needs_int8
def test_in_8_bits_it_stays_near_the_shipped_networks_embeddings() -> None:
    shipped, views = fold(bundled_weights().state), drawn_views(4)
    exact = embedder(shipped).embed(views)
    found = OpenVinoEmbedder(shipped, "m", int8=TRUNK_PLAN, threads=1).embed(views)
    assert 1e-6 < cosine_distances(found, exact).max() < 5e-3


@needs_int8
def test_a_plan_cuts_off_what_it_says(network: FoldedResNet18) -> None:
    views = drawn_views(2)
    cut = OpenVinoEmbedder(network, "m", int8=Int8Plan({"layer2.1.conv1": 1e-3}), threads=1).embed(views)
    assert cosine_distances(cut, embedder(network).embed(views)).min() > 1e-4


@needs_int8
def test_in_8_bits_an_embedding_does_not_depend_on_the_others_of_its_batch() -> None:
    shipped, views = fold(bundled_weights().state), drawn_views(9)
    eight_bits = OpenVinoEmbedder(shipped, "m", precision="bf16", int8=TRUNK_PLAN, threads=1)
    alone = np.concatenate([eight_bits.embed(views[place : place + 1]) for place in range(len(views))])
    np.testing.assert_allclose(eight_bits.embed(views), alone, rtol=0, atol=1e-5)


@needs_int8
def test_layers_of_the_plan_are_computed_in_integers() -> None:
    compiled = openvino.Core().compile_model(build_graph(fold(bundled_weights().state), TRUNK_PLAN), "CPU")
    types = [
        node.get_rt_info()["runtimePrecision"].astype(str)
        for node in compiled.get_runtime_model().get_ops()
        if node.get_rt_info()["layerType"].astype(str) == "Convolution"
    ]
    stem, shortcuts = 1, 3
    assert sum(each in {"u8", "i8"} for each in types) == stem + len(TRUNK_PLAN.limits) + shortcuts


@needs_int8
def test_what_lies_outside_of_a_view_is_what_it_is_in_float32() -> None:
    shipped = fold(bundled_weights().state)
    # Black, in which a frame that were not of the mean colour would show.
    views = np.zeros((1, 224, 224, 3), np.uint8)
    only_stem = OpenVinoEmbedder(shipped, "m", int8=Int8Plan({}), threads=1).embed(views)
    assert cosine_distances(only_stem, embedder(shipped).embed(views)).max() < 2e-3


def test_the_plan_names_layers_that_there_are(network: FoldedResNet18) -> None:
    names = {each.name for block in network.blocks for each in (block.first, block.second)}
    assert set(TRUNK_PLAN.limits) < names
    assert all(limit > 0 for limit in TRUNK_PLAN.limits.values())


@pytest.mark.parametrize("count", [0, 1, 8, 9, 33])
def test_any_number_of_views_gives_as_many_embeddings_in_their_order(
    network: FoldedResNet18, count: int
) -> None:
    views = np.repeat(drawn_views(2), [1, 1], axis=0)[np.arange(count) % 2]
    both = embedder(network).embed(drawn_views(2))
    found = embedder(network).embed(views)
    assert found.shape == (count, 512)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, both[np.arange(count) % 2], rtol=0, atol=1e-5)


def test_views_that_may_not_be_written_or_lie_apart_are_read(network: FoldedResNet18) -> None:
    views = drawn_views(4)
    frozen = np.frombuffer(views.tobytes(), np.uint8).reshape(views.shape)
    expected = embedder(network).embed(views[::2])
    np.testing.assert_array_equal(embedder(network).embed(frozen[::2]), expected)


def test_it_says_what_it_is(network: FoldedResNet18) -> None:
    found: Embedder = embedder(network)
    assert (found.model_id, found.dimensions, found.device) == ("m", 512, "cpu")


def test_views_of_a_wrong_shape_are_refused(network: FoldedResNet18) -> None:
    with pytest.raises(ValueError, match="Views are"):
        embedder(network).embed(np.zeros((1, 3, 224, 224), np.uint8))


def test_damaged_weights_are_an_error() -> None:
    state = untrained_resnet18(1).state_dict()
    state["bn1.weight"] = state["bn1.weight"] * 1e38
    with pytest.raises(NotFinite):
        embedder(fold(arrays_of(state))).embed(drawn_views(1))


def test_openvinos_telemetry_is_never_loaded() -> None:
    code = (
        "import sys, worker.embedding.engines.openvino;"
        "print([name for name in sys.modules if 'telemetry' in name])"
    )
    root = Path(__file__).parents[4]
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == "[]"
