"""The network: what it answers, which values it takes, and which it refuses."""

import pytest
import torch
from torch import Tensor

from tools.train_weights.untrained import untrained_resnet18
from worker.embedding.algorithms.resnet import (
    arrays_of,
    build_resnet18,
    load_state,
)
from worker.embedding.algorithms.resnet_state import SHAPES, WrongState, checked_state

pytestmark = pytest.mark.usefixtures("one_torch_thread")


@pytest.fixture(scope="module")
def trained() -> dict[str, Tensor]:
    """A full state as files hold it: with a classifier and with counters."""
    state = untrained_resnet18(5).state_dict()
    return {**state, "fc.weight": torch.zeros(1000, 512), "fc.bias": torch.zeros(1000)}


def test_the_network_answers_with_512_features_and_is_in_eval_mode() -> None:
    network = build_resnet18()
    with torch.inference_mode():
        assert network(torch.zeros(2, 3, 224, 224)).shape == (2, 512)
    assert not any(module.training for module in network.modules())


def test_building_leaves_the_callers_random_numbers_alone() -> None:
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    build_resnet18()
    untrained_resnet18(2)
    assert torch.equal(torch.rand(3), expected)


def test_an_untrained_network_depends_on_its_seed_alone() -> None:
    one, same, other = (untrained_resnet18(seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["layer4.1.conv2.weight"], other["layer4.1.conv2.weight"])


def test_an_untrained_network_tells_pictures_apart() -> None:
    generator = torch.Generator().manual_seed(0)
    with torch.inference_mode():
        one, other = untrained_resnet18(0)(torch.randn(2, 3, 224, 224, generator=generator))
    assert torch.isfinite(one).all()
    assert one.norm() > 0
    assert not torch.allclose(one, other)


def test_names_and_shapes_are_those_of_torchvisions_network() -> None:
    state = build_resnet18().state_dict()
    assert {
        name: tuple(value.shape) for name, value in state.items() if not name.endswith("num_batches_tracked")
    } == SHAPES


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_values_of_any_float_type_are_loaded_as_float32(
    trained: dict[str, Tensor], dtype: torch.dtype
) -> None:
    network = build_resnet18()
    load_state(network, {name: value.to(dtype) for name, value in trained.items()})
    for name, value in network.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            assert value.dtype == torch.float32
            assert torch.equal(value, trained[name].to(dtype).float()), name


def test_a_state_without_classifier_and_counters_is_complete(trained: dict[str, Tensor]) -> None:
    bare = {k: v for k, v in trained.items() if not k.startswith("fc.") and "num_batches" not in k}
    load_state(build_resnet18(), bare)
    assert checked_state(arrays_of(bare)).keys() == checked_state(arrays_of(trained)).keys() == bare.keys()


def test_missing_and_unexpected_names_are_told(trained: dict[str, Tensor]) -> None:
    state = {name: value for name, value in trained.items() if not name.startswith("layer4.1.")}
    with pytest.raises(
        WrongState, match=r"missing: layer4\.1\..* and 7 more; unexpected: head\.weight\.$"
    ) as caught:
        load_state(build_resnet18(), state | {"head.weight": torch.zeros(1)})
    assert len(caught.value.missing) == 10
    assert caught.value.unexpected == ["head.weight"]
    assert caught.value.misshapen == []


@pytest.mark.parametrize(
    "value",
    [
        torch.zeros(64, 3, 3, 3),
        torch.zeros(64, 3, 7, 7, dtype=torch.int8),
        torch.full((64, 3, 7, 7), torch.nan),
        torch.full((64, 3, 7, 7), torch.inf),
        torch.empty(64, 3, 7, 7, device="meta"),
    ],
    ids=["shape", "integers", "undefined", "infinite", "without values"],
)
def test_values_that_do_not_fit_are_named_and_nothing_is_loaded(
    trained: dict[str, Tensor], value: Tensor
) -> None:
    network = build_resnet18()
    before = {name: kept.clone() for name, kept in network.state_dict().items()}
    with pytest.raises(WrongState, match=r"not finite: conv1\.weight\.$"):
        load_state(network, {**trained, "conv1.weight": value})
    assert all(torch.equal(kept, before[name]) for name, kept in network.state_dict().items())
