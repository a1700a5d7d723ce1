"""A worker in the test's own process: real Postgres, real store, real algorithms; messages are handed over by hand."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property
from io import BytesIO
from pathlib import Path
from uuid import UUID

import numpy as np
from PIL import Image as Pictures

from shared.db.engine import make_engine
from shared.db.queries.index import runs as index_runs
from shared.db.queries.index import state as index
from shared.db.queries.jobs import jobs
from shared.db.queries.jobs.jobs import NewJob
from shared.db.queries.photos import images, selection
from shared.db.unit_of_work import UnitOfWork
from shared.ids import new_job_id
from shared.jobs.dispatch import SendOnCommit
from shared.jobs.kinds import RULES, JobKind
from shared.settings import Settings
from shared.storage import keys as blob_keys
from tests.support.fakes import PixelEmbedder, RecordingDispatcher, SwitchableStore
from tools.train_weights.untrained import untrained_resnet18
from worker.demo.algorithms import DemoPicture, draw
from worker.embedding.algorithms.embedder import Embedder
from worker.embedding.algorithms.feature_map import FeatureMaps
from worker.embedding.photo_model import PhotoModel
from worker.lifecycle import Lifecycle
from worker.registry import drain_handler, job_handler
from worker.services import Services
from worker.upkeep.sweep import sweep

LEASE = timedelta(seconds=60)


class WorkerServices(Services):
    """Services whose embedder is the test's own."""

    @cached_property
    def embedder(self) -> Embedder:
        model = PixelEmbedder()
        with self.unit_of_work.begin() as transaction:
            index_runs.register_model(transaction.connection, model.model_id, "means of pixels")
        return model

    @cached_property
    def photo_model(self) -> PhotoModel:
        return PhotoModel(PixelEmbedder(), FeatureMaps(untrained_resnet18(1)))


def a_few_pictures() -> Iterator[DemoPicture]:
    """Demo pictures: one of each family, and small."""
    return draw(members=1, shrink=16)


class Pipeline:
    """What the tests of tasks have in common."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self.settings = Settings(
            database_url=database_url,
            storage_dir=folder,
            index_debounce_seconds=0,
            index_tile_rows=8,
        )
        self.engine = make_engine(self.settings, "test")
        self.blobs = SwitchableStore(folder)
        self.dispatcher = RecordingDispatcher()
        self.unit_of_work = UnitOfWork(self.engine, SendOnCommit(self.dispatcher, self.engine))
        self.services = self.another_worker("worker-1")
        self.lifecycle = Lifecycle(self.unit_of_work, "worker-1", LEASE)

    def another_worker(self, name: str) -> Services:
        return WorkerServices(
            self.settings, self.unit_of_work, self.blobs, self.dispatcher, name, demo_pictures=a_few_pictures
        )

    def close(self) -> None:
        self.services.close()
        self.engine.dispose()

    def add(self, data: bytes, colors: int = 6) -> tuple[int, UUID]:
        """What the front end does with an upload: the image's id and its job's."""
        sha256 = hashlib.sha256(data).hexdigest()
        self.services.blobs.put(blob_keys.original(sha256), data, "image/jpeg")
        with self.unit_of_work.begin() as transaction:
            job_id = new_job_id()
            new = images.NewImage(sha256, "a.jpg", 1, 1, len(data), "JPEG", colors, job_id=job_id)
            image = images.insert_image(transaction.connection, new)
            assert image is not None
            steps = (NewJob(JobKind.ANALYSE, image.id), NewJob(JobKind.EMBED, image.id, stage=1))
            jobs.create_job(transaction, NewJob(JobKind.ANALYSE_IMAGE, image.id, children=steps), job_id)
        return image.id, job_id

    def start(self, new: NewJob) -> UUID:
        with self.unit_of_work.begin() as transaction:
            return jobs.create_job(transaction, new)

    def job(self, job_id: UUID) -> jobs.JobRow:
        with self.unit_of_work.read() as connection:
            return jobs.get_job(connection, job_id)

    def image(self, image_id: int) -> images.ImageRow:
        with self.unit_of_work.read() as connection:
            return images.get_image(connection, image_id)

    def delete(self, image_id: int) -> None:
        with self.unit_of_work.begin() as transaction:
            selection.delete_images(transaction, [image_id])

    def deliver(self, message: tuple[JobKind, UUID]) -> None:
        """Hands one message to the worker."""
        kind, job_id = message
        if RULES[kind].wake_up:
            drain_handler(kind)(self.services, self.lifecycle, lambda: False)
        else:
            self.lifecycle.run(kind, job_id, lambda job: job_handler(kind)(self.services, job))

    def drain(self) -> None:
        """Hands over messages until none waits."""
        while message := self.dispatcher.take():
            self.deliver(message)

    def sweep(self, now: datetime | None = None) -> None:
        # Noon is far from the nightly run, which only the tests about it want.
        sweep(self.services, self.lifecycle, now or datetime.now(UTC).replace(hour=12))

    def settle(self) -> None:
        """Does all there is to do, the index included."""
        self.drain()
        self.sweep()
        self.drain()

    def similar(self, image_id: int) -> list[tuple[int, float]] | None:
        with self.unit_of_work.read() as connection:
            generation = index.index_state(connection).generation
            if generation is None:
                return None
            found = index.similar_images(connection, generation, image_id)
        return None if found is None else [(each.image_id, each.similarity) for each in found]


def picture(seed: int, size: tuple[int, int] = (96, 72)) -> bytes:
    """A small JPEG of smooth colour, different for each seed."""
    random = np.random.default_rng(seed)
    small = Pictures.fromarray(random.integers(0, 256, (4, 5, 3), np.uint8))
    file = BytesIO()
    small.resize(size, Pictures.Resampling.BICUBIC).save(file, "JPEG", quality=90)
    return file.getvalue()
