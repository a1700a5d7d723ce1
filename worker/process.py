"""One worker process: what it works with, and what it does before its first task."""

import ctypes
import os
from contextlib import suppress
from datetime import timedelta
from functools import cached_property
from typing import Any, Final

from celery import Celery
from celery.concurrency import get_implementation
from celery.concurrency.solo import TaskPool as SoloPool
from celery.worker import state as worker_state

from shared.errors import VitrineError
from shared.jobs.kinds import Queue
from shared.logs import configure_logs
from shared.settings import Settings
from worker.lifecycle import Lifecycle
from worker.predictors.kinds import load_kinds
from worker.registry import import_handlers
from worker.services import Services, make_services

# Where processors are shared, a backlog leaves them to what someone is waiting for: the front end and predictions.
BACKGROUND_NICENESS: Final = 5

# Of these a forked child imports what a job needs when it comes: beside the minutes of the job a second is nothing.
LATE_QUEUES: Final = {Queue.INDEX.value, Queue.TRAIN.value}


class Process:
    """What one worker process works with, built at first use: a forked child builds its own.

    alone: whether tasks run in the main process itself (the solo pool), where no time limit is enforced.
    """

    def __init__(self, settings: Settings, app: Celery) -> None:
        self._settings = settings
        self._app = app
        self.alone = False

    @cached_property
    def services(self) -> Services:
        return make_services(self._settings, self._app)

    @cached_property
    def lifecycle(self) -> Lifecycle:
        lease = timedelta(seconds=self._settings.lease_seconds)
        services = self.services
        return Lifecycle(services.unit_of_work, services.worker_name, lease, exit_when_stuck=self.alone)

    def prepare(self, worker: Any) -> None:
        """Called in the main process before the pool is made.

        A solo worker of the gpu queue loads its weights now: bad ones stop it at once, good ones are known to all
        before the first photo. No other pool may, since torch must not be touched before a fork. What the jobs of
        this worker's queues compute with is imported now, but before a fork only what someone may wait for: an index
        run takes torch and a training all of scikit-learn, so that each child would start with 200 MB more.
        """
        # Celery sets up its logs later than this.
        configure_logs(self._settings, "worker")
        self.alone = issubclass(get_implementation(worker.pool_cls), SoloPool)
        queues = set(worker.app.amqp.queues.consume_from)
        if Queue.PREDICT.value not in queues:
            os.nice(BACKGROUND_NICENESS)
        import_handlers(queues if self.alone else queues - LATE_QUEUES)
        if Queue.PREDICT.value in queues:
            load_kinds()
        if not self.alone or Queue.GPU.value not in queues:
            return
        try:
            _ = self.services.embedder
        except VitrineError as error:
            # Celery survives what a signal raises, but for this.
            raise SystemExit(f"vitrine: {error}") from error
        _return_freed_memory()

    def close(self) -> None:
        if "services" in vars(self):
            self.services.close()


def _return_freed_memory() -> None:
    """Have glibc give back what it keeps of freed memory: after the weights are loaded that is 80 MB."""
    with suppress(AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)


def is_stopping() -> bool:
    """Whether this worker is shutting down. Known only where tasks run in the main process, as in the solo pool."""
    # An exit status once a signal has come, and that may be 0: Celery itself compares with None and False only.
    signals: tuple[Any, ...] = (worker_state.should_stop, worker_state.should_terminate)
    return any(status is not None and status is not False for status in signals)
