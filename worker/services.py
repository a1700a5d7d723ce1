"""What tasks are given to work with, built once a process and handed over; nothing is global."""

import os
import socket
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Final

from celery import Celery

from shared.db.engine import make_engine
from shared.db.queries.index.state import index_state
from shared.db.unit_of_work import UnitOfWork
from shared.jobs.dispatch import CeleryDispatcher, Dispatcher, SendOnCommit
from shared.settings import Settings
from shared.storage import BlobStore, make_blob_store
from worker.demo import DemoPicture, draw
from worker.embedding import Embedder
from worker.imaging import Sandbox
from worker.predictors.warm_models import WarmModels

if TYPE_CHECKING:
    from worker.embedding.photo_model import PhotoModel
    from worker.index.store import SnapshotCache

# All that is made of a photo at once, and enough model views to hide what a store takes to answer.
STORE_THREADS: Final = 8
# Named, not imported: torch costs a second and 150 MB, which a worker that does not compute with it is spared.
_LOAD_EMBEDDER: Final = "worker.embedding.loading:load_registered_embedder"
_LOAD_PHOTO_MODEL: Final = "worker.embedding.photo_model:load_photo_model"
_SNAPSHOT_CACHE: Final = "worker.index.store:SnapshotCache"


@dataclass(frozen=True)
class Services:
    """The outside world of one worker process. What only some tasks need is made at its first use."""

    settings: Settings
    unit_of_work: UnitOfWork
    blobs: BlobStore
    dispatcher: Dispatcher
    worker_name: str
    models: WarmModels = field(default_factory=WarmModels)
    demo_pictures: Callable[[], Iterable[DemoPicture]] = field(default=draw)

    @cached_property
    def snapshots(self) -> "SnapshotCache":
        """The snapshot of embeddings that index jobs of this process used last."""
        cache: SnapshotCache = resolve_name(_SNAPSHOT_CACHE)()
        return cache

    @cached_property
    def sandbox(self) -> Sandbox:
        """The limited child in which photos are decoded."""
        return Sandbox()

    @cached_property
    def store_threads(self) -> ThreadPoolExecutor:
        """For several blobs at once: each waits for the disk or the network, and hardly computes."""
        return ThreadPoolExecutor(STORE_THREADS, "store")

    @cached_property
    def embedder(self) -> Embedder:
        """The embedding model. Loading it makes it the one that the index is made with."""
        load: Callable[[Settings, UnitOfWork], Embedder] = resolve_name(_LOAD_EMBEDDER)
        return load(self.settings, self.unit_of_work)

    @cached_property
    def photo_model(self) -> "PhotoModel":
        """The embedding model for predictors. Unlike `embedder` it says nothing about what the index is made with."""
        with self.unit_of_work.read() as connection:
            registered = index_state(connection).target_model
        load: Callable[[Settings, str | None], PhotoModel] = resolve_name(_LOAD_PHOTO_MODEL)
        return load(self.settings, registered)

    def close(self) -> None:
        """Ends the child and the threads, if there are any."""
        if "sandbox" in vars(self):
            self.sandbox.close()
        if "store_threads" in vars(self):
            self.store_threads.shutdown()


def make_services(settings: Settings, app: Celery) -> Services:
    # Where numba keeps what it has compiled. It reads this when it is imported, which is when a gallery is large.
    os.environ.setdefault("NUMBA_CACHE_DIR", str(settings.cache_dir.resolve() / "numba"))
    dispatcher = CeleryDispatcher(app)
    engine = make_engine(settings, "vitrine-worker")
    return Services(
        settings=settings,
        unit_of_work=UnitOfWork(engine, SendOnCommit(dispatcher, engine)),
        blobs=make_blob_store(settings),
        dispatcher=dispatcher,
        worker_name=f"{socket.gethostname()}:{os.getpid()}",
    )
