"""A worker process imports what the jobs of its queues compute with, and nothing else."""

import subprocess
import sys

import pytest

from tests.support.compose import ROOT

HEAVY = ("torch", "torchvision", "openvino", "sklearn", "scipy", "numba", "numpy")
SCRIPT = "import sys; {code}\nprint(*({heavy}).intersection(sys.modules))"
HANDLERS = "import worker.app; from worker.registry import import_handlers; import_handlers({queues})"
EMBEDDER = """
from pathlib import Path
from shared.settings import Settings
from worker.embedding.engine_choice import load_embedder
load_embedder(Settings(weights_download=False, cache_dir=Path('nowhere'), device='cpu', engine='openvino'))"""
PREDICTORS = "; from worker.predictors.kinds import load_kinds; load_kinds()"


def imported(code: str) -> set[str]:
    """The heavy libraries that a process has imported after running the code."""
    command = [sys.executable, "-c", SCRIPT.format(code=code, heavy=set(HEAVY))]
    done = subprocess.run(command, check=True, cwd=ROOT, capture_output=True, text=True)
    return set(done.stdout.splitlines()[-1].split())


def test_beat_computes_with_nothing() -> None:
    assert imported("import worker.beat") == set()


@pytest.mark.parametrize(
    ("queues", "libraries"),
    [
        ({"cpu", "maintenance"}, {"numpy"}),
        ({"index"}, {"numpy", "torch"}),
    ],
)
def test_a_worker_imports_what_its_queues_need(queues: set[str], libraries: set[str]) -> None:
    assert imported(HANDLERS.format(queues=queues)) == libraries


def test_an_embedding_worker_with_openvino_and_the_shipped_weights_does_without_torch() -> None:
    pytest.importorskip("openvino")
    code = HANDLERS.format(queues={"gpu"}) + EMBEDDER
    assert imported(code) == {"numpy", "openvino"}


def test_a_prediction_worker_imports_torch_only_for_its_first_photo() -> None:
    assert imported(HANDLERS.format(queues={"predict"}) + PREDICTORS) == {"numpy", "sklearn", "scipy"}
