"""Requests that wait for a job. Each holds a thread, so only some may: the others are answered at once."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Final
from uuid import UUID

from shared.db.queries.jobs import jobs
from shared.db.queries.jobs.jobs import JobRow
from shared.db.unit_of_work import UnitOfWork
from shared.jobs.kinds import FINISHED

# Of one process (gunicorn_config.py): enough to keep both cores busy while most requests wait for Postgres or storage.
THREADS: Final = 16
# The longest that a request is held; proxies commonly cut off at 60 s.
LONGEST_WAIT_SECONDS: Final = 30

# A prediction is noticed within milliseconds, long jobs are asked about four times a second.
_FIRST_PAUSE_SECONDS: Final = 0.005
_LONGEST_PAUSE_SECONDS: Final = 0.25


class Waiters:
    """Places for requests that wait; half of the threads, so that the other half always answers."""

    def __init__(self, places: int = THREADS // 2) -> None:
        self._places = BoundedSemaphore(places)

    @contextmanager
    def place(self) -> Iterator[bool]:
        """Whether there is a place; it is kept to the end of the block."""
        taken = self._places.acquire(blocking=False)
        try:
            yield taken
        finally:
            if taken:
                self._places.release()


def read_job(unit_of_work: UnitOfWork, job_id: UUID) -> JobRow:
    """The job as it is now. Raises JobNotFound."""
    with unit_of_work.read() as connection:
        return jobs.get_job(connection, job_id)


def wait_for_job(unit_of_work: UnitOfWork, waiters: Waiters, job_id: UUID, seconds: float) -> JobRow:
    """The job once it has ended, or after so many seconds, or at once where no place is left. Raises JobNotFound."""
    if seconds <= 0:
        return read_job(unit_of_work, job_id)
    with waiters.place() as may_wait:
        for job in job_states(unit_of_work, job_id, seconds if may_wait else 0):
            last = job
    return last


def job_states(unit_of_work: UnitOfWork, job_id: UUID, seconds: float) -> Iterator[JobRow]:
    """The job again and again until it has ended or the seconds have passed, changed or not.

    No connection is held in between. Raises JobNotFound.
    """
    deadline = time.monotonic() + seconds
    pause = _FIRST_PAUSE_SECONDS
    while True:
        job = read_job(unit_of_work, job_id)
        yield job
        left = deadline - time.monotonic()
        if job.status in FINISHED or left <= 0:
            return
        time.sleep(min(pause, left))
        pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)
