"""The Celery entry: `celery --app worker.app worker --queues cpu,index,maintenance,train`.

A task receives nothing but a job's id. What it works with is built once a process, at its first task, so that
nothing is shared across a fork.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from celery import Celery
from celery.concurrency import get_implementation
from celery.concurrency.solo import TaskPool as SoloPool
from celery.signals import setup_logging, worker_init, worker_process_shutdown
from celery.worker import state as worker_state

from shared.errors import BrokerUnavailable, VitrineError
from shared.jobs.broker import make_celery
from shared.jobs.kinds import RULES, SWEEP, JobKind, Queue
from shared.logs import configure_logs
from shared.settings import Settings, load_settings
from worker.demo.task import demo
from worker.embedding.embed import DRAIN_SECONDS, embed
from worker.imaging.analyse import analyse
from worker.imaging.palette import palette
from worker.index import full_run as full_index
from worker.index import incremental_run as index
from worker.lifecycle import Job, Lifecycle, Outcome
from worker.predictors import handlers as predictors
from worker.predictors.kinds import load_kinds
from worker.services import Services, make_services
from worker.upkeep.sweep import sweep

Handler = Callable[[Services, Job], Outcome]

HANDLERS: Final[dict[JobKind, Handler]] = {
    JobKind.ANALYSE: analyse,
    JobKind.PALETTE: palette,
    JobKind.DEMO: demo,
    JobKind.INDEX_PLAN: full_index.plan,
    JobKind.INDEX_TILE: full_index.tile,
    JobKind.INDEX_MERGE: full_index.merge,
    JobKind.INDEX_SWITCH: full_index.switch,
    JobKind.INDEX_INCREMENTAL: index.incremental,
    JobKind.TRAIN_PREDICTOR: predictors.train,
    JobKind.PREDICT: predictors.predict,
    JobKind.PREDICT_BATCH: predictors.predict_batch,
    JobKind.SUGGEST_LABELS: predictors.suggest_labels,
}

# The pool's hard limit comes after the job's own deadline: first the lease goes, then the process.
LIMIT_AFTER_DEADLINE: Final = 20

# Where processors are shared, a backlog leaves them to whoever is being waited for: the front end and predictions.
BACKGROUND_NICENESS: Final = 5


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
        before the first photo. No other pool may, since torch must not be touched before a fork. What predictors
        compute with is imported now too: nobody waits for it, and a pool's processes share its memory.
        """
        # Celery sets up its logs later than this.
        configure_logs(self._settings, "worker")
        self.alone = issubclass(get_implementation(worker.pool_cls), SoloPool)
        queues = set(worker.app.amqp.queues.consume_from)
        if Queue.PREDICT.value not in queues:
            os.nice(BACKGROUND_NICENESS)
        if queues & {Queue.TRAIN.value, Queue.PREDICT.value}:
            load_kinds()
        if not self.alone or Queue.GPU.value not in queues:
            return
        try:
            _ = self.services.embedder
        except VitrineError as error:
            # Celery survives what a signal raises, but for this.
            raise SystemExit(f"vitrine: {error}") from error

    def close(self) -> None:
        if "services" in vars(self):
            self.services.close()


def register_tasks(celery: Celery, process: Process) -> None:
    """One task a kind, named after it, and the sweeper."""

    def register(kind: JobKind, handler: Handler) -> None:
        @celery.task(name=kind.value, time_limit=RULES[kind].deadline_seconds + LIMIT_AFTER_DEADLINE)
        def task(job_id: str) -> None:
            process.lifecycle.run(kind, UUID(job_id), lambda job: handler(process.services, job))

    for kind, handler in HANDLERS.items():
        register(kind, handler)

    limit = DRAIN_SECONDS + RULES[JobKind.EMBED].deadline_seconds + LIMIT_AFTER_DEADLINE

    @celery.task(name=JobKind.EMBED.value, time_limit=limit)
    def embed_task(job_id: str) -> None:
        # A wake-up: whatever waits is taken, whichever job it was sent for.
        if embed(process.services, process.lifecycle, told_to_stop):
            with suppress(BrokerUnavailable):  # then the sweeper sends one
                process.services.dispatcher.send(JobKind.EMBED, UUID(job_id))

    @celery.task(name=SWEEP)
    def sweep_task() -> None:
        sweep(process.services, process.lifecycle, datetime.now(UTC))


def told_to_stop() -> bool:
    """Whether this worker is shutting down. Known only where tasks run in the main process, as in the solo pool."""
    # An exit status once a signal has come, and that may be 0: Celery itself compares with None and False only.
    told: tuple[Any, ...] = (worker_state.should_stop, worker_state.should_terminate)
    return any(status is not None and status is not False for status in told)


def make_app(settings: Settings) -> Celery:
    """The worker's Celery application, with its tasks."""
    celery = make_celery(settings)
    process = Process(settings, celery)
    register_tasks(celery, process)
    setup_logging.connect(lambda **_: configure_logs(settings, "worker"), weak=False)
    worker_process_shutdown.connect(lambda **_: process.close(), weak=False)
    worker_init.connect(lambda sender, **_: process.prepare(sender), weak=False)
    return celery


app = make_app(load_settings())
