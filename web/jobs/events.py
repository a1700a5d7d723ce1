"""A job as server-sent events (HTML standard, section 9.2)."""

import time
from collections.abc import Iterator
from typing import Final

import msgspec

from shared.db.queries.jobs.jobs import JobRow
from shared.db.unit_of_work import UnitOfWork
from shared.errors import JobNotFound, Unavailable
from shared.jobs.kinds import FINISHED
from web.http.waiting import Waiters, job_states
from web.jobs.documents import Job

# Proxies cut a silent connection after 15 to 60 s.
_HEARTBEAT_SECONDS: Final = 10.0
# A stream holds a thread. The browser reconnects by itself, and meanwhile others have had their turn.
_LONGEST_SECONDS: Final = 60.0
# When it reconnects: soon after a stream of a minute, later if there was no free place.
_RETRY_MILLISECONDS: Final = 1000
_CROWDED_RETRY_MILLISECONDS: Final = 5000


def stream_events(unit_of_work: UnitOfWork, waiters: Waiters, first: JobRow) -> Iterator[str]:
    """`status` at once and with each change of it, `progress` as it goes on, `done` at the end: a Job each.

    Without a free place among the waiters it sends the current state and ends.
    """
    with waiters.place() as may_wait:
        yield f"retry: {_RETRY_MILLISECONDS if may_wait else _CROWDED_RETRY_MILLISECONDS}\n\n"
        yield _event("status", first)
        if first.status in FINISHED:
            yield _event("done", first)
        elif may_wait:
            try:
                yield from _changes(unit_of_work, first)
            except (JobNotFound, Unavailable):
                # The headers are sent, so the answer can only end. The browser reconnects and gets the error then.
                return


def _changes(unit_of_work: UnitOfWork, last: JobRow) -> Iterator[str]:
    last_sent = time.monotonic()
    for job in job_states(unit_of_work, last.id, _LONGEST_SECONDS):
        events = list(_difference(last, job))
        if not events and time.monotonic() - last_sent > _HEARTBEAT_SECONDS:
            events = [": still here\n\n"]
        if events:
            last_sent = time.monotonic()
            yield from events
        last = job


def _difference(last: JobRow, job: JobRow) -> Iterator[str]:
    if (job.status, job.steps) != (last.status, last.steps):
        yield _event("status", job)
    if job.progress != last.progress:
        yield _event("progress", job)
    if job.status in FINISHED:
        yield _event("done", job)


def _event(name: str, job: JobRow) -> str:
    data = msgspec.json.encode(Job.of(job)).decode()
    return f"event: {name}\ndata: {data}\n\n"
