"""The Celery entry: `celery --app worker.app worker --queues cpu,index,maintenance,train`.

A task receives nothing but a job's id. What it works with is built once a process, at its first task, so that
nothing is shared across a fork.
"""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from celery import Celery
from celery.signals import setup_logging, worker_init, worker_process_shutdown

from shared.db.engine import check_database_url
from shared.errors import BrokerUnavailable
from shared.jobs.broker import make_celery
from shared.jobs.kinds import RULES, SWEEP, JobKind, JobRules
from shared.logs import configure_logs
from shared.settings import Settings, load_settings, refusing_in_words
from shared.storage import make_blob_store
from worker.process import Process, is_stopping
from worker.registry import drain_handler, job_handler
from worker.upkeep.sweep import sweep

# The pool's hard limit comes after the job's own deadline: first the lease goes, then the process.
LIMIT_AFTER_DEADLINE: Final = 20


def register_tasks(celery: Celery, process: Process) -> None:
    """One task a kind, named after it, and the sweeper."""
    for kind, rules in RULES.items():
        register = register_wake_up if rules.wake_up else register_job
        register(celery, process, kind, rules)

    @celery.task(name=SWEEP)
    def sweep_task() -> None:
        sweep(process.services, process.lifecycle, datetime.now(UTC))


def register_job(celery: Celery, process: Process, kind: JobKind, rules: JobRules) -> None:
    """A task that does the job that its message names."""

    @celery.task(name=kind.value, time_limit=rules.deadline_seconds + LIMIT_AFTER_DEADLINE)
    def task(job_id: str) -> None:
        handler = job_handler(kind)
        process.lifecycle.run(kind, UUID(job_id), lambda job: handler(process.services, job))


def register_wake_up(celery: Celery, process: Process, kind: JobKind, rules: JobRules) -> None:
    """A task that takes what waits, whichever job its message was sent for."""

    @celery.task(
        name=kind.value, time_limit=rules.drain_seconds + rules.deadline_seconds + LIMIT_AFTER_DEADLINE
    )
    def task(job_id: str) -> None:
        if drain_handler(kind)(process.services, process.lifecycle, is_stopping):
            with suppress(BrokerUnavailable):  # then the sweeper sends one
                process.services.dispatcher.send(kind, UUID(job_id))


def make_app(settings: Settings) -> Celery:
    """The worker's Celery application, with its tasks. Raises BadSetting: rather than at the first task."""
    check_database_url(settings)
    make_blob_store(settings)
    celery = make_celery(settings)
    process = Process(settings, celery)
    register_tasks(celery, process)
    setup_logging.connect(lambda **_: configure_logs(settings, "worker"), weak=False)
    worker_process_shutdown.connect(lambda **_: process.close(), weak=False)
    worker_init.connect(lambda sender, **_: process.prepare(sender), weak=False)
    return celery


with refusing_in_words():
    app = make_app(load_settings())
