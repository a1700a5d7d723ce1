"""A backlog of photos to analyse, worked off by cpu workers of so many processes and nothing else."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, func, select

from benchmarks.servers import ROOT
from benchmarks.support import BenchmarkFailed
from infra.local.processes import Processes
from infra.local.program import Program
from infra.local.programs import ONE_THREAD
from shared.db.engine import make_engine
from shared.db.models import Job
from shared.db.queries.jobs import jobs
from shared.db.queries.jobs.jobs import NewJob
from shared.db.queries.photos import images
from shared.db.queries.photos.images import NewImage
from shared.db.unit_of_work import UnitOfWork
from shared.jobs.broker import make_celery
from shared.jobs.dispatch import CeleryDispatcher, SendOnCommit
from shared.jobs.kinds import FINISHED, JobKind
from shared.settings import Settings, variable
from shared.storage import keys as blob_keys
from shared.storage import make_blob_store

_PATIENCE_SECONDS: Final = 120.0
_UNFINISHED: Final = select(func.count()).where(
    Job.id.in_(bindparam("ids", expanding=True)), Job.status.not_in([status.value for status in FINISHED])
)


class Backlog:
    """Photos in a store and a database, and workers that come and go."""

    def __init__(self, processes: Processes, settings: Settings, folder: Path) -> None:
        self._processes = processes
        self._settings = settings
        self._folder = folder
        self._engine = make_engine(settings, "benchmark")
        self._unit_of_work = UnitOfWork(
            self._engine,
            SendOnCommit(CeleryDispatcher(make_celery(settings, publisher_only=True)), self._engine),
        )
        self._blobs = make_blob_store(settings)

    def close(self) -> None:
        self._engine.dispose()

    def seconds(self, processes: int, take: Callable[[int], Sequence[bytes]], count: int) -> float:
        """How long so many processes take to analyse so many photos, once each has done a few."""
        with self._workers(processes):
            self._analyse(take(4 * processes))
            start = time.perf_counter()
            self._analyse(take(count))
            return time.perf_counter() - start

    def _analyse(self, photos: Sequence[bytes]) -> None:
        ids = self._add(photos)
        end = time.monotonic() + _PATIENCE_SECONDS
        while self._unfinished(ids):
            if time.monotonic() > end:
                raise BenchmarkFailed("Not all photos were analysed.")
            time.sleep(0.02)

    def _add(self, photos: Sequence[bytes]) -> list[UUID]:
        names = [sha256(photo).hexdigest() for photo in photos]
        for name, photo in zip(names, photos, strict=True):
            self._blobs.put(blob_keys.original(name), photo, "image/jpeg")
        with self._unit_of_work.begin() as transaction:
            found = []
            for name, photo in zip(names, photos, strict=True):
                new = NewImage(name, "photo.jpg", 1, 1, len(photo), "JPEG", 6)
                image = images.insert_image(transaction.connection, new)
                if image is None:
                    raise BenchmarkFailed("A photo was there already.")
                found.append(jobs.create_job(transaction, NewJob(JobKind.ANALYSE, image.id)))
        return found

    def _unfinished(self, ids: list[UUID]) -> int:
        with self._unit_of_work.read() as connection:
            return connection.execute(_UNFINISHED, {"ids": ids}).scalar_one()

    @contextmanager
    def _workers(self, processes: int) -> Iterator[None]:
        program = Program(
            "worker",
            (
                *(sys.executable, "-m", "celery", "--quiet", "--app", "worker.app", "worker"),
                *("--queues", "cpu", "--hostname", f"of-{processes}@%h", "--concurrency", str(processes)),
                *("--without-gossip", "--without-mingle", "--disable-prefetch"),
            ),
            {
                variable("database_url"): self._settings.database_url,
                variable("broker_url"): self._settings.broker_url,
                variable("storage_dir"): str(self._settings.storage_dir),
                **ONE_THREAD,
            },
            folder=ROOT,
        )
        with (self._folder / "worker-log").open("ab") as log:
            process = self._processes.start(program, log.fileno())
        try:
            yield
        finally:
            self._processes.stop(process, program)
