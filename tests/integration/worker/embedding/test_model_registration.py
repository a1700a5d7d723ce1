"""Workers with different settings and one index: who decides what it is made with."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.db.engine import make_engine
from shared.db.queries.index.state import IndexStateRow, index_state
from shared.db.unit_of_work import UnitOfWork
from shared.settings import Settings
from shared.storage import DirectoryBlobStore
from tests.support.fakes import RecordingDispatcher, ignore_messages
from tests.support.networks import one_torch_thread
from worker.services import Services

OURS = "resnet18/vitrine-1"

Start = Callable[[str], Services]


@pytest.fixture
def unit_of_work(database_url: str) -> Iterator[UnitOfWork]:
    engine = make_engine(Settings(database_url=database_url), "test")
    yield UnitOfWork(engine, on_commit=ignore_messages)
    engine.dispose()


@pytest.fixture
def start(unit_of_work: UnitOfWork, tmp_path: Path) -> Iterator[Start]:
    """Starts an embedding worker with this engine setting."""

    def make(engine: str) -> Services:
        settings = Settings(
            engine=engine, device="cpu", weights_download=False, cache_dir=tmp_path, torch_threads=1
        )
        blobs = DirectoryBlobStore(tmp_path)
        services = Services(settings, unit_of_work, blobs, RecordingDispatcher(), "worker")
        _ = services.embedder
        return services

    with one_torch_thread():
        yield make


def state(unit_of_work: UnitOfWork) -> IndexStateRow:
    with unit_of_work.read() as connection:
        return index_state(connection)


def test_the_first_worker_decides_and_the_next_follow(unit_of_work: UnitOfWork, start: Start) -> None:
    start("torch-bf16")
    follower = start("auto")
    assert follower.embedder.model_id == f"{OURS}+bf16"
    now = state(unit_of_work)
    assert (now.model, now.target_model) == (f"{OURS}+bf16", f"{OURS}+bf16")


def test_an_index_of_an_earlier_release_stays_in_float32(unit_of_work: UnitOfWork, start: Start) -> None:
    start("torch")
    assert start("auto").embedder.model_id == OURS
    assert state(unit_of_work).target_model == OURS


def test_an_engine_that_is_named_changes_what_the_index_is_made_with(
    unit_of_work: UnitOfWork, start: Start
) -> None:
    start("torch")
    start("torch-bf16")
    assert state(unit_of_work).target_model == f"{OURS}+bf16"


def test_the_first_worker_of_all_says_which_weights_it_has(unit_of_work: UnitOfWork, start: Start) -> None:
    services = start("auto")
    now = state(unit_of_work)
    assert now.target_model == services.embedder.model_id
    assert now.target_model is not None
    assert now.target_model.startswith(OURS)
    assert now.weights is not None
    assert now.weights.startswith("Vitrine's own ResNet18")
