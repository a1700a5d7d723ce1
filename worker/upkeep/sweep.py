"""The sweeper: what keeps every promise when a worker, a message or a beat is lost. Runs every few seconds.

Each part stands by itself and may run in several processes at once; one that fails does not stop the others.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from shared.db.queries.index import runs as index_runs
from shared.db.queries.index.state import index_state
from shared.db.queries.jobs import engine as job_engine
from shared.db.queries.jobs.jobs import NewJob, create_job
from shared.db.queries.jobs.schedule import take_run
from shared.db.queries.predictors.training_photos import outdated_predictors
from shared.db.unit_of_work import Message
from shared.errors import BrokerUnavailable, VitrineError
from shared.jobs.index_runs import full_run, incremental_run
from shared.jobs.kinds import JobKind, Queue
from shared.predictors.documents import PredictorKind, Task, TrainOrder
from worker.lifecycle import Lifecycle
from worker.services import Services
from worker.upkeep.garbage import collect_garbage

log = structlog.get_logger(__name__)

# Bounds one sweep: a flood is worked off over several.
MAX_JOBS: Final = 1000

# A deleted photo may be wanted back, and a temporary one be in use, for this long.
GRACE_PERIOD: Final = timedelta(hours=24)


def sweep(services: Services, lifecycle: Lifecycle, now: datetime) -> None:
    """Everything that is due at `now` (with time zone)."""
    parts: list[Callable[[], None]] = [
        lambda: expire_leases(services, lifecycle),
        lambda: send_waiting(services),
        lambda: start_nightly_run(services, now),
        lambda: start_incremental_run(services),
        lambda: reembed_images(services),
        lambda: retrain_predictors(services, now),
        lambda: collect_garbage_hourly(services, now),
    ]
    for part in parts:
        try:
            part()
        except VitrineError as error:
            log.warning("sweep_interrupted", code=error.code)


def expire_leases(services: Services, lifecycle: Lifecycle) -> None:
    """Takes jobs back from workers that have vanished."""
    with services.unit_of_work.read() as connection:
        claims = job_engine.expired_claims(connection, MAX_JOBS)
    for claim in claims:
        lifecycle.expire(claim)


def send_waiting(services: Services) -> None:
    """Sends what was never sent, and again what the broker has lost.

    Lost is what waits in Postgres beyond what waits in the broker: as many jobs, the longest sent first. So a long
    backlog is not sent over and over, and a broker that forgot everything is filled again at once.
    """
    for queue in Queue:
        with services.unit_of_work.begin() as transaction:
            messages = job_engine.take_unsent(transaction.connection, queue, MAX_JOBS)
            transaction.messages.extend(messages)
        _log_sent("jobs_sent", queue, messages)
        try:
            backlog = services.dispatcher.backlog(queue)
        except BrokerUnavailable:
            continue
        with services.unit_of_work.begin() as transaction:
            missing = job_engine.due_count(transaction.connection, queue) - backlog
            if missing <= 0:
                continue
            age = timedelta(seconds=services.settings.resend_seconds)
            messages = job_engine.take_lost(transaction.connection, queue, age, min(missing, MAX_JOBS))
            transaction.messages.extend(messages)
        _log_sent("jobs_sent_again", queue, messages)


def _log_sent(event: str, queue: Queue, messages: list[Message]) -> None:
    if messages:
        log.info(event, queue=queue, jobs=len(messages))


def start_nightly_run(services: Services, now: datetime) -> None:
    """Starts the full index run of the last night that has none yet, at most a few hours late."""
    due = now.replace(hour=services.settings.full_run_hour, minute=0, second=0, microsecond=0)
    due = due if due <= now else due - timedelta(days=1)
    # An installation that was off at night does not start its day with the nightly run.
    if now - due > timedelta(hours=6):
        return
    with services.unit_of_work.begin() as transaction:
        if take_run(transaction.connection, "full-index-run", due):
            create_job(transaction, full_run())
            log.info("nightly_run_started", due_at=due.isoformat())


def start_incremental_run(services: Services) -> None:
    """Starts an incremental run once uploads pause, or when the first of them has waited long enough."""
    settings = services.settings
    with services.unit_of_work.begin() as transaction:
        pending = index_runs.pending_changes(transaction.connection)
        if pending.oldest is None or pending.newest is None:
            return
        quiet = pending.now - pending.newest >= timedelta(seconds=settings.index_debounce_seconds)
        waited = pending.now - pending.oldest >= timedelta(seconds=settings.index_max_wait_seconds)
        if quiet or waited:
            create_job(transaction, incremental_run())


def reembed_images(services: Services) -> None:
    """After a change of weights: embeds every image again, then has a full run switch over."""
    with services.unit_of_work.begin() as transaction:
        connection = transaction.connection
        state = index_state(connection)
        if state.target_model is None or state.target_model == state.model:
            return
        waiting = index_runs.images_to_embed(connection, state.target_model, MAX_JOBS)
        key = index_runs.embed_key(state.target_model)
        for image_id in waiting:
            create_job(transaction, NewJob(JobKind.EMBED, image_id, dedupe_key=f"{key}{image_id}"))
        if not waiting and not index_runs.images_missing(connection, state.target_model):
            create_job(transaction, full_run())


def retrain_predictors(services: Services, now: datetime) -> None:
    """After a change of weights: trains predictors of photos again, from what they were trained from, once a day each.

    Their embeddings and those of the new weights must not be mixed, so until then they do not answer.
    """
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    with services.unit_of_work.begin() as transaction:
        target = index_state(transaction.connection).target_model
        if target is None:
            return
        for old in outdated_predictors(transaction.connection, target, MAX_JOBS):
            if take_run(transaction.connection, f"retrain:{old.predictor_id}:{target}", today):
                order = TrainOrder(
                    name=old.name,
                    kind=PredictorKind.IMAGE.value,
                    task=Task.IMAGE_CLASSIFICATION.value,
                    target=old.target,
                    model=old.model,
                    upload=old.zip,
                )
                create_job(transaction, NewJob(JobKind.TRAIN_PREDICTOR, payload=order))
                log.info("predictor_retraining_started", predictor=old.name, model=target)


def collect_garbage_hourly(services: Services, now: datetime) -> None:
    """Once an hour: removes what is no longer wanted."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    with services.unit_of_work.begin() as transaction:
        taken = take_run(transaction.connection, "collect-garbage", hour)
    if taken:
        collect_garbage(services.unit_of_work, services.blobs, now.astimezone(UTC) - GRACE_PERIOD)
