"""Claim, run, finish or fail or try again: the only place that knows leases and attempts."""

import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar
from uuid import UUID

import structlog
from structlog.contextvars import bound_contextvars

from shared.db.queries.jobs import engine as job_engine
from shared.db.queries.jobs.engine import Claim
from shared.db.unit_of_work import Transaction, UnitOfWork
from shared.errors import BadInput, DatabaseUnavailable, VitrineError
from shared.jobs.kinds import RULES, JobKind, JobStatus
from shared.typed_json import from_json

log = structlog.get_logger(__name__)

# A worker that is stuck past its deadline exits with EX_TEMPFAIL, and its supervisor starts another.
STUCK_EXIT: Final = 75

T = TypeVar("T")
Write = Callable[[Transaction], None]
Progress = Callable[[float], None]


def nothing_to_write(_transaction: Transaction) -> None:
    """For work whose result is the job's own."""


@dataclass(frozen=True, slots=True)
class Continuation:
    """What is left of a job that does its work in several runs. order: what the next run is to do; progress: 0..1."""

    order: object
    progress: float


@dataclass(frozen=True, slots=True)
class JobResult:
    """What a handler made: the job's result (`shared.jobs.results`), and the rows to write in the transaction that ends
    the run.

    rest: the job has not ended. It is queued again, behind what waits already, with attempts of its own.
    """

    result: object | None = None
    write: Write = nothing_to_write
    rest: Continuation | None = None


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What a handler of many claims made. results: of those that went well; failures: what went wrong for each other.

    write: records what was made for the claims it is given, those that are still held, in the transaction that ends
    them.
    """

    results: Mapping[Claim, object | None]
    failures: Mapping[Claim, Exception]
    write: Callable[[Transaction, Sequence[Claim]], None]


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A claimed job in a handler's hands. progress: reports 0..1."""

    claim: Claim
    progress: Progress

    def order(self, kind: type[T]) -> T:
        """What the job is to do, as a value of that type (`shared.jobs.orders`)."""
        return from_json(self.claim.payload, kind)


class Lifecycle:
    """Runs handlers on claimed jobs.

    lease: how long a claim lasts without a heartbeat. exit_when_stuck: whether a run past its deadline ends the
    whole process, for pools that do not enforce time limits themselves.
    """

    def __init__(
        self, unit_of_work: UnitOfWork, worker: str, lease: timedelta, *, exit_when_stuck: bool = False
    ) -> None:
        self._unit_of_work = unit_of_work
        self._worker = worker
        self._lease = lease
        self._exit_when_stuck = exit_when_stuck

    def run(self, kind: JobKind, job_id: UUID, handler: Callable[[ClaimedJob], JobResult]) -> None:
        """Claims the job, runs the handler, ends the job by what comes of it. Nothing happens if it cannot be claimed:
        a message is only a hint."""
        with self._unit_of_work.read() as connection:
            claim = job_engine.claim_job(connection, job_id, kind, self._lease, self._worker)
        if claim is None:
            log.debug("job_not_claimable", job_id=str(job_id), kind=kind)
            return
        with bound(claim), self._heartbeat([claim]), self._failures([claim]):
            log.info("job_claimed", kind=kind)
            made = handler(ClaimedJob(claim, self._reporter(claim)))
            if made.rest is not None:
                self._continue(claim, made.rest, made.write)
                return
            self._finish({claim: made.result}, lambda transaction, _held: made.write(transaction))

    def run_batch(self, kind: JobKind, limit: int, handler: Callable[[Sequence[Claim]], BatchResult]) -> int:
        """Claims up to `limit` due jobs of the kind and runs the handler on all of them at once.

        What the handler raises counts for all. Returns the number of jobs claimed.
        """
        with self._unit_of_work.read() as connection:
            claims = job_engine.claim_batch(connection, kind, limit, self._lease, self._worker)
        if not claims:
            return 0
        log.info("batch_claimed", kind=kind, jobs=len(claims))
        with self._heartbeat(claims), self._failures(claims):
            batch = handler(claims)
            if batch.results:
                self._finish(batch.results, batch.write)
            for claim, failure in batch.failures.items():
                self._fail(claim, failure)
        return len(claims)

    def _continue(self, claim: Claim, rest: Continuation, write: Write) -> None:
        with self._unit_of_work.begin() as transaction:
            held = job_engine.put_back(transaction, claim, rest.order, rest.progress)
            if held:
                write(transaction)
        log.info("job_continued" if held else "lease_lost", kind=claim.kind, progress=round(rest.progress, 3))

    def expire(self, claim: Claim) -> None:
        """Ends or puts back a claim whose worker has vanished."""
        with bound(claim):
            log.warning("lease_expired", kind=claim.kind)
            self._retry(claim, "worker_lost", "The worker that ran this has vanished.")

    def _finish(
        self,
        results: Mapping[Claim, object | None],
        write: Callable[[Transaction, Sequence[Claim]], None],
    ) -> None:
        claims = list(results)
        with self._unit_of_work.begin() as transaction:
            ended = job_engine.succeed(transaction, {claim.id: results[claim] for claim in claims}, claims)
            held = [claim for claim in claims if claim.id in ended]
            if held:
                write(transaction, held)
                job_engine.settle_families(transaction, held)
        for claim in claims:
            state = "job_succeeded" if claim.id in ended else "lease_lost"
            log.info(
                state, kind=claim.kind, job_id=str(claim.id), image_id=claim.image_id, attempt=claim.attempt
            )

    @contextmanager
    def _failures(self, claims: Sequence[Claim]) -> Iterator[None]:
        """Every error of a handler becomes a state of its jobs: none is lost."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - the boundary: any error of any handler becomes a job's state
            for claim in claims:
                self._fail(claim, error)

    def _fail(self, claim: Claim, error: Exception) -> None:
        try:
            with bound(claim):
                self._end(claim, error)
        except DatabaseUnavailable:
            # The lease runs out by itself, and the sweeper takes it from there.
            log.warning("job_end_not_recorded", kind=claim.kind, job_id=str(claim.id))

    def _end(self, claim: Claim, error: Exception) -> None:
        if isinstance(error, BadInput):
            log.info("job_failed", kind=claim.kind, code=error.code)
            with self._unit_of_work.begin() as transaction:
                job_engine.fail(transaction, claim, JobStatus.FAILED, error.code, error.message)
        elif isinstance(error, VitrineError):
            log.warning("job_attempt_failed", kind=claim.kind, code=error.code)
            transient = isinstance(error, RULES[claim.kind].transient_errors)
            self._retry(claim, error.code, error.message, costs_attempt=not transient)
        else:
            log.error("job_error", kind=claim.kind, exc_info=error)
            self._retry(claim, "internal", "Something went wrong inside Vitrine. Its log says what.")

    def _retry(self, claim: Claim, code: str, message: str, *, costs_attempt: bool = True) -> None:
        if costs_attempt and claim.attempt >= claim.max_attempts:
            log.error("job_dead", kind=claim.kind, attempts=claim.attempt, code=code)
            with self._unit_of_work.begin() as transaction:
                job_engine.fail(transaction, claim, JobStatus.DEAD, code, message)
            return
        delay = jittered(RULES[claim.kind].backoff.seconds(claim.attempt))
        log.info("job_requeued", kind=claim.kind, code=code, seconds=round(delay.total_seconds(), 1))
        with self._unit_of_work.read() as connection:
            job_engine.requeue(connection, claim, delay, code, message, costs_attempt=costs_attempt)

    def _reporter(self, claim: Claim) -> Progress:
        def report(progress: float) -> None:
            with self._unit_of_work.read() as connection:
                job_engine.report_progress(connection, claim, progress)

        return report

    @contextmanager
    def _heartbeat(self, claims: Sequence[Claim]) -> Iterator[None]:
        """Renews the leases from a thread of its own while the block runs."""
        done = threading.Event()
        thread = threading.Thread(target=self._beat, args=(claims, done), name="heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _beat(self, claims: Sequence[Claim], done: threading.Event) -> None:
        deadline = time.monotonic() + max(RULES[claim.kind].deadline_seconds for claim in claims)
        held = {claim.id for claim in claims}
        # Three beats a lease: two may be lost before the claim is.
        while held and not done.wait(self._lease.total_seconds() / 3):
            try:
                with self._unit_of_work.read() as connection:
                    held = job_engine.renew_leases(connection, claims, self._lease)
            except DatabaseUnavailable:
                log.warning("heartbeat_missed")
        if done.is_set():
            return
        log.warning("leases_lost", jobs=[str(claim.id) for claim in claims])
        if self._exit_when_stuck and not done.wait(max(0.0, deadline - time.monotonic())):
            log.error("stuck_past_deadline")
            os._exit(STUCK_EXIT)


def jittered(seconds: float) -> timedelta:
    """These seconds and up to as much again by chance."""
    return timedelta(seconds=seconds * random.uniform(1, 2))  # noqa: S311 - not a secret


@contextmanager
def bound(claim: Claim) -> Iterator[None]:
    """Names the job in every log line of the block."""
    names = {"job_id": str(claim.id), "attempt": claim.attempt}
    if claim.image_id is not None:
        names["image_id"] = str(claim.image_id)
    if claim.request_id is not None:
        names["request_id"] = claim.request_id
    with bound_contextvars(**names):
        yield
