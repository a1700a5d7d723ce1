"""What tasks are given to work with, built once a process and handed over; nothing is global."""

import os
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import structlog
from celery import Celery

from shared.db.engine import make_engine
from shared.db.queries.index_runs import register_model
from shared.db.unit_of_work import UnitOfWork
from shared.dispatch import CeleryDispatcher, Dispatcher
from shared.settings import Settings
from shared.storage import BlobStore, make_blob_store
from worker.algorithms.embedding import Embedder
from worker.index_store import SnapshotCache
from worker.sandbox import Sandbox
from worker.weights import load_embedder

log = structlog.get_logger(__name__)

# All that is made of a photo at once, and enough model views to hide what a store takes to answer.
STORE_THREADS: Final = 8


@dataclass(frozen=True)
class Services:
    """The outside world of one worker process. What only some tasks need is made at its first use."""

    settings: Settings
    unit_of_work: UnitOfWork
    blobs: BlobStore
    dispatcher: Dispatcher
    worker_name: str
    snapshots: SnapshotCache = field(default_factory=SnapshotCache)

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
        """The embedding model. Loading it makes its weights the ones that the index is made with."""
        embedder, weights = load_embedder(self.settings)
        log.info(
            "weights_loaded", model=embedder.model_id, weights=weights.description, device=embedder.device
        )
        with self.unit_of_work.begin() as transaction:
            register_model(transaction.connection, embedder.model_id, weights.description)
        return embedder

    def close(self) -> None:
        """Ends the child and the threads, if there are any."""
        if "sandbox" in vars(self):
            self.sandbox.close()
        if "store_threads" in vars(self):
            self.store_threads.shutdown()


def make_services(settings: Settings, app: Celery) -> Services:
    dispatcher = CeleryDispatcher(app)
    return Services(
        settings=settings,
        unit_of_work=UnitOfWork(make_engine(settings, "vitrine-worker"), dispatcher),
        blobs=make_blob_store(settings),
        dispatcher=dispatcher,
        worker_name=f"{socket.gethostname()}:{os.getpid()}",
    )
