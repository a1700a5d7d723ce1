"""Which engine a worker takes: what was asked for, what is there, and never one that turns the index to and fro."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import BadSetting
from shared.settings import Settings, load_settings
from tests.support.networks import cosine_distances, drawn_views
from worker.embedding.engine_choice import (
    AUTO,
    Engine,
    EngineMissing,
    Machine,
    Precision,
    choose_engine,
    make_embedder,
    model_id,
    precision_in,
    this_machine,
)
from worker.embedding.weights import bundled_weights

OURS = "resnet18/vitrine-1"
NEW_CPU = Machine(device="cpu", openvino=True, bfloat16=True, int8=True)
OLD_CPU = Machine(device="cpu", openvino=True, bfloat16=False, int8=False)
BARE_CPU = Machine(device="cpu", openvino=False, bfloat16=False, int8=False)
GPU = Machine(device="cuda", openvino=False, bfloat16=True, int8=False)
OLD_GPU = Machine(device="cuda", openvino=False, bfloat16=False, int8=False)
MACHINES = [NEW_CPU, OLD_CPU, BARE_CPU, GPU, OLD_GPU]


@pytest.mark.parametrize(
    ("machine", "engine"),
    [
        (NEW_CPU, Engine.OPENVINO_BFLOAT16),
        (OLD_CPU, Engine.OPENVINO),
        (BARE_CPU, Engine.TORCH),
        (GPU, Engine.TORCH_BFLOAT16),
        (OLD_GPU, Engine.TORCH),
    ],
)
@pytest.mark.parametrize("registered", [None, "resnet18/imagenet1k-v1", "resnet18/imagenet1k-v1+bf16"])
def test_an_index_without_these_weights_gets_what_suits_its_first_worker(
    machine: Machine, engine: Engine, registered: str | None
) -> None:
    assert choose_engine(AUTO, machine, OURS, registered) is engine


@pytest.mark.parametrize(
    ("registered", "machine", "engine"),
    [
        (OURS, NEW_CPU, Engine.OPENVINO),
        (OURS, OLD_CPU, Engine.OPENVINO),
        (OURS, BARE_CPU, Engine.TORCH),
        (OURS, GPU, Engine.TORCH),
        (f"{OURS}+bf16", NEW_CPU, Engine.OPENVINO_BFLOAT16),
        (f"{OURS}+bf16", OLD_CPU, Engine.TORCH_BFLOAT16),
        (f"{OURS}+bf16", BARE_CPU, Engine.TORCH_BFLOAT16),
        (f"{OURS}+bf16", GPU, Engine.TORCH_BFLOAT16),
        (f"{OURS}+bf16", OLD_GPU, Engine.TORCH_BFLOAT16),
        (f"{OURS}+int8", NEW_CPU, Engine.OPENVINO_INT8),
    ],
)
def test_a_worker_computes_what_the_index_is_made_with(
    registered: str, machine: Machine, engine: Engine
) -> None:
    assert choose_engine(AUTO, machine, OURS, registered) is engine


@given(st.lists(st.sampled_from(MACHINES), min_size=1, max_size=6))
def test_workers_that_come_and_go_never_change_the_model(machines: list[Machine]) -> None:
    registered: str | None = None
    for machine in machines:
        model = model_id(OURS, choose_engine(AUTO, machine, OURS, registered).precision)
        assert registered in {None, model}
        registered = model


@pytest.mark.parametrize("machine", [OLD_CPU, BARE_CPU, GPU])
def test_a_worker_that_cannot_join_an_index_of_8_bits_says_what_to_do(machine: Machine) -> None:
    with pytest.raises(EngineMissing, match=r"made with resnet18/vitrine-1\+int8.*VITRINE_ENGINE"):
        choose_engine(AUTO, machine, OURS, f"{OURS}+int8")


@pytest.mark.parametrize("registered", [None, OURS, f"{OURS}+bf16", "resnet18/other"])
@pytest.mark.parametrize("engine", Engine)
def test_an_engine_that_is_named_is_taken(engine: Engine, registered: str | None) -> None:
    assert choose_engine(engine.value, NEW_CPU, OURS, registered) is engine


@pytest.mark.parametrize(
    ("engine", "machine", "why"),
    [
        (Engine.OPENVINO, GPU, "this worker on cuda"),
        (Engine.OPENVINO, BARE_CPU, "cannot be loaded"),
        (Engine.OPENVINO_BFLOAT16, OLD_CPU, "torch-bf16 computes the same"),
        (Engine.OPENVINO_INT8, OLD_CPU, "VNNI"),
    ],
)
def test_an_engine_that_is_named_and_missing_is_a_bad_setting(
    engine: Engine, machine: Machine, why: str
) -> None:
    with pytest.raises(BadSetting, match=f"VITRINE_ENGINE is {engine}, which cannot be used: .*{why}"):
        choose_engine(engine.value, machine, OURS, None)


def test_8_bits_are_refused_for_weights_that_they_were_not_fitted_to() -> None:
    with pytest.raises(EngineMissing, match="not to resnet18/0123456789ab"):
        choose_engine("openvino-int8", NEW_CPU, "resnet18/0123456789ab", None)


@pytest.mark.parametrize("precision", Precision)
def test_a_model_id_begins_with_that_of_its_weights_and_tells_the_precision(precision: Precision) -> None:
    name = model_id(OURS, precision)
    assert name.startswith(OURS)
    assert precision_in(name, OURS) is precision
    assert precision_in(name, "resnet18/vitrine") is None


def test_the_setting_knows_every_engine() -> None:
    for choice in (AUTO, *Engine):
        assert load_settings({"VITRINE_ENGINE": choice}).engine == choice
    with pytest.raises(BadSetting, match="VITRINE_ENGINE"):
        load_settings({"VITRINE_ENGINE": "steam"})


def test_an_engine_for_cpus_leaves_a_gpu_alone() -> None:
    assert this_machine(Settings(engine="openvino")).device == "cpu"


@pytest.mark.parametrize("engine", Engine)
def test_every_engine_of_this_machine_computes_its_model(engine: Engine, tmp_path: Path) -> None:
    settings = Settings(engine=engine.value, device="cpu", cache_dir=tmp_path, torch_threads=1)
    weights, machine = bundled_weights(), this_machine(settings)
    try:
        choose_engine(engine.value, machine, weights.model_id, None)
    except EngineMissing as error:
        pytest.skip(error.message)
    views = drawn_views(3)
    embedder = make_embedder(settings, weights, engine, machine)
    exact = make_embedder(settings, weights, Engine.TORCH, machine).embed(views)
    assert embedder.model_id == model_id(OURS, engine.precision)
    found = embedder.embed(views)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)
    assert cosine_distances(found, exact).max() < 5e-3


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="this machine has the device")
def test_a_device_that_is_not_there_is_a_bad_setting() -> None:
    with pytest.raises(BadSetting, match="VITRINE_DEVICE cannot be used"):
        this_machine(Settings(device="mps"))
