"""How much does the job engine add to a job? Claim and finish around an empty handler, beside two bare UPDATEs."""

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Final
from uuid import UUID

import psycopg2
import structlog

from benchmarks.report import table
from benchmarks.servers import running_database
from benchmarks.support import BenchmarkFailed, interleave, milliseconds
from infra.local.processes import Processes
from shared.db.engine import make_engine
from shared.db.queries.jobs import jobs
from shared.db.queries.jobs.engine import Claim
from shared.db.queries.jobs.jobs import JobFilter, NewJob
from shared.db.unit_of_work import UnitOfWork
from shared.jobs.dispatch import SendOnCommit
from shared.jobs.kinds import JobKind, JobStatus
from shared.logs import configure_logs
from shared.settings import Settings
from tests.support.fakes import RecordingDispatcher
from tests.support.services import service_folder
from worker.lifecycle import BatchResult, ClaimedJob, JobResult, Lifecycle

ROUNDS: Final = 10
BATCH: Final = 32
TARGET_MILLISECONDS: Final = 3.0

_CLAIM: Final = """
    UPDATE jobs SET status = 'running', attempt = attempt + 1, lease_expires_at = now() + interval '60 s',
        started_at = now() WHERE id = %s AND status = 'queued' RETURNING attempt, payload
"""
_FINISH: Final = """
    UPDATE jobs SET status = 'succeeded', progress = 1, finished_at = now(), lease_expires_at = NULL
    WHERE id = %s AND attempt = %s AND status = 'running'
"""


class Engine:
    """The job engine in this process, over a database with nothing but jobs. Times are seconds a job."""

    def __init__(self, settings: Settings) -> None:
        self._engine = make_engine(settings, "benchmark")
        self._dispatcher = RecordingDispatcher()
        self._unit_of_work = UnitOfWork(self._engine, SendOnCommit(self._dispatcher, self._engine))
        lease = timedelta(seconds=settings.lease_seconds)
        self._lifecycle = Lifecycle(self._unit_of_work, "benchmark", lease)
        self._bare = psycopg2.connect(settings.database_url.replace("+psycopg2", "", 1))
        self._bare.autocommit = True

    def close(self) -> None:
        self._bare.close()
        self._engine.dispose()

    def alone(self) -> list[float]:
        """Jobs of one step, each claimed and finished by itself."""
        return [self._run(JobKind.PALETTE, job_id) for job_id in self._make(NewJob(JobKind.PALETTE))]

    def first_step(self) -> list[float]:
        """First steps of uploads: claiming one starts its parent, finishing it frees the second step."""
        steps = (NewJob(JobKind.ANALYSE), NewJob(JobKind.EMBED, stage=1))
        self._make(NewJob(JobKind.ANALYSE_IMAGE, children=steps))
        waiting = [job_id for kind, job_id in self._dispatcher.sent if kind is JobKind.ANALYSE]
        self._dispatcher.sent.clear()
        return [self._run(JobKind.ANALYSE, job_id) for job_id in waiting]

    def second_step(self) -> list[float]:
        """Second steps of the same uploads, claimed and finished as one batch, which ends their parents."""
        start = time.perf_counter()
        done = self._lifecycle.run_batch(JobKind.EMBED, BATCH, _do_nothing_to_all)
        seconds = time.perf_counter() - start
        self._dispatcher.sent.clear()
        return [seconds / done]

    def bare(self) -> list[float]:
        """The same rows claimed and finished by two statements of psycopg2."""
        return [self._run_bare(job_id) for job_id in self._make(NewJob(JobKind.PALETTE))]

    def unfinished(self) -> int:
        with self._unit_of_work.read() as connection:
            totals = [
                jobs.list_jobs(connection, JobFilter(status), 1)[1]
                for status in JobStatus
                if status != "succeeded"
            ]
        return sum(totals)

    def _make(self, new: NewJob) -> list[UUID]:
        self._dispatcher.sent.clear()
        with self._unit_of_work.begin() as transaction:
            return [jobs.create_job(transaction, new) for _ in range(BATCH)]

    def _run(self, kind: JobKind, job_id: UUID) -> float:
        start = time.perf_counter()
        self._lifecycle.run(kind, job_id, _do_nothing)
        return time.perf_counter() - start

    def _run_bare(self, job_id: UUID) -> float:
        start = time.perf_counter()
        with self._bare.cursor() as cursor:
            cursor.execute(_CLAIM, (str(job_id),))
            attempt, _payload = cursor.fetchone() or (0, None)
            cursor.execute(_FINISH, (str(job_id), attempt))
        return time.perf_counter() - start


def run() -> str:
    """The section of RESULTS.md."""
    with (
        service_folder("bench") as folder,
        Processes() as processes,
        running_database(processes, folder / "postgres") as url,
        _logging_to(folder / "log"),
    ):
        found = _measure(Settings(database_url=url))
    peer = found["bare"]
    rows = [
        ("a job of one step", found["alone"]),
        ("first step of an upload", found["first step"]),
        (f"second step of an upload, {BATCH} at a time", found["second step"]),
        ("peer: `UPDATE … RETURNING` and `UPDATE` in psycopg2", peer),
    ]
    head = ("claim and finish around nothing", "p50 ms a job", "p95 ms a job", "times the peer", "added ms")
    shown = [
        (
            name,
            milliseconds(times, 50),
            milliseconds(times, 95),
            f"{median(times) / median(peer):.2f}",
            f"{1000 * (median(times) - median(peer)):.1f}",
        )
        for name, times in rows
    ]
    return (
        "How much does the job engine add to a job? "
        f"Target: at most {TARGET_MILLISECONDS:.0f} ms a job for claim and finish.\n\n"
        f"{table(head, shown)}\n\n"
        f"{len(peer)} jobs of each sort, {BATCH} at a time in turns, one worker in one process; every commit is synced "
        "to the disk (two a job, on both sides). Heartbeat thread and two log lines a job included."
    )


def _measure(settings: Settings) -> dict[str, list[float]]:
    engine = Engine(settings)
    try:
        contenders = {
            "alone": engine.alone,
            "bare": engine.bare,
            # One contender, since the second steps are those of the first ones.
            "steps": lambda: [*engine.first_step(), *engine.second_step()],
        }
        interleave(contenders, 1)  # statements are compiled and pages are read once
        found = interleave(contenders, ROUNDS)
        if engine.unfinished():
            raise BenchmarkFailed("Some jobs were not finished.")
    finally:
        engine.close()
    return {
        "alone": _flat(found["alone"]),
        "bare": _flat(found["bare"]),
        "first step": _flat([times[:-1] for times in found["steps"]]),
        "second step": [times[-1] for times in found["steps"]],
    }


def _flat(rounds: Sequence[Sequence[float]]) -> list[float]:
    return [each for times in rounds for each in times]


def _do_nothing(_job: ClaimedJob) -> JobResult:
    return JobResult()


def _do_nothing_to_all(claims: Sequence[Claim]) -> BatchResult:
    return BatchResult(dict.fromkeys(claims), {}, lambda _transaction, _held: None)


@contextmanager
def _logging_to(path: Path) -> Iterator[None]:
    """Logs as a worker does, to a file, so that writing the lines is part of what is measured."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    with path.open("w") as file:
        with redirect_stderr(file):
            configure_logs(Settings(), "worker")
        try:
            yield
        finally:
            root.handlers = handlers
            root.setLevel(level)
            structlog.reset_defaults()
