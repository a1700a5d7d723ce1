"""How the work as a whole is going: what waits, what is done, who does it.

Made for ten million rows: each question reads one partial index, over a window of time or up to a limit, and no more.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Interval, Text

from shared.jobs.kinds import JobKind, JobStatus

# Of one kind, or of one window: counting further tells a reader nothing more, and costs a tenth of a second each time.
MOST_WAITING: Final = 100_000
MOST_FINISHED: Final = 200_000
MOST_WORKERS: Final = 50


@dataclass(frozen=True, slots=True)
class QueueRow:
    """Jobs of a kind. waiting: due, counted up to MOST_WAITING; later: put back for another try; oldest: how long the
    first of those waiting has been due."""

    kind: JobKind
    waiting: int
    later: int
    running: int
    oldest: timedelta | None


@dataclass(frozen=True, slots=True)
class FinishedRow:
    """Jobs of a kind that ended in one way within one step of time that begins at `begin`."""

    kind: JobKind
    status: JobStatus
    begin: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Finished:
    """Jobs that ended since `since`. cut: there were more than MOST_FINISHED, and only the newest of them are counted."""

    since: datetime
    now: datetime
    step: timedelta
    rows: tuple[FinishedRow, ...]
    cut: bool


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """A process that takes jobs, as its jobs tell. seen: how long ago it ended one, or renewed the lease of one."""

    name: str
    seen: timedelta
    running: int
    finished: int
    kinds: tuple[JobKind, ...]


def queue_states(connection: Connection, kinds: Collection[JobKind]) -> list[QueueRow]:
    """One row a kind, in the order given. Only for kinds that workers take: a parent is the sum of its children."""
    names = [kind.value for kind in kinds]
    rows = connection.execute(QUEUE_STATES, {"kinds": names, "most": MOST_WAITING})
    return [QueueRow(**{**row._asdict(), "kind": JobKind(row.kind)}) for row in rows]


QUEUE_STATES = text("""
    WITH active AS (
        SELECT kind, count(*) AS jobs FROM jobs
        WHERE status = 'running' AND lease_expires_at IS NOT NULL GROUP BY kind
    )
    SELECT wanted.kind,
           (SELECT count(*) FROM (
               SELECT FROM jobs WHERE jobs.kind = wanted.kind AND status = 'queued' AND NOT blocked
                   AND run_at <= now() LIMIT :most) AS due) AS waiting,
           (SELECT count(*) FROM (
               SELECT FROM jobs WHERE jobs.kind = wanted.kind AND status = 'queued' AND NOT blocked
                   AND run_at > now() LIMIT :most) AS put_back) AS later,
           coalesce(active.jobs, 0) AS running,
           now() - (SELECT min(run_at) FROM jobs WHERE jobs.kind = wanted.kind AND status = 'queued' AND NOT blocked
               AND run_at <= now()) AS oldest
    FROM unnest(:kinds) WITH ORDINALITY AS wanted (kind, place) LEFT JOIN active USING (kind)
    ORDER BY wanted.place
""").bindparams(bindparam("kinds", type_=ARRAY(Text())))


def finished_jobs(connection: Connection, window: timedelta, step: timedelta) -> Finished:
    """Jobs without children that ended within the window, by kind, end and step of time.

    The window ends with the step that is under way, so that steps stay where they are while time goes on.
    """
    bounds = connection.execute(BOUNDS, {"window": window, "step": step}).one()
    values = {"since": bounds.since, "step": step, "most": MOST_FINISHED}
    rows = connection.execute(FINISHED_JOBS, values).all()
    found = tuple(FinishedRow(JobKind(row.kind), JobStatus(row.status), row.begin, row.jobs) for row in rows)
    cut = sum(row.count for row in found) >= MOST_FINISHED
    return Finished(bounds.since, bounds.now, step, found, cut)


# Steps are counted from a fixed moment, so that two readers see the same ones.
BOUNDS = text("""
    SELECT date_bin(:step, now(), TIMESTAMPTZ '2020-01-01 00:00:00Z') + :step - :window AS since, now() AS now
""").bindparams(bindparam("window", type_=Interval()), bindparam("step", type_=Interval()))

FINISHED_JOBS = text("""
    SELECT kind, status, date_bin(:step, finished_at, TIMESTAMPTZ '2020-01-01 00:00:00Z') AS begin, count(*) AS jobs
    FROM (
        SELECT kind, status, finished_at FROM jobs WHERE children = 0 AND finished_at >= :since
        ORDER BY finished_at DESC LIMIT :most
    ) AS newest
    GROUP BY 1, 2, 3
""").bindparams(bindparam("step", type_=Interval()))


def workers_seen(connection: Connection, window: timedelta, lease: timedelta) -> list[WorkerRow]:
    """Processes that ended or hold a job within the window, those seen last first. lease: how long a claim lasts."""
    values = {"window": window, "lease": lease, "most": MOST_FINISHED, "workers": MOST_WORKERS}
    rows = connection.execute(WORKERS_SEEN, values)
    return [
        WorkerRow(row.worker, row.seen, row.running, row.finished, tuple(map(JobKind, sorted(row.kinds))))
        for row in rows
    ]


# A heartbeat puts the lease at now + lease, so that a lease tells when its worker was last heard of.
WORKERS_SEEN = text("""
    SELECT worker, greatest(now() - max(seen), interval '0') AS seen,
           count(*) FILTER (WHERE active) AS running, count(*) FILTER (WHERE NOT active) AS finished,
           array_agg(DISTINCT kind) AS kinds
    FROM (
        (SELECT worker, kind, finished_at AS seen, false AS active FROM jobs
         WHERE children = 0 AND finished_at >= now() - :window AND worker IS NOT NULL
         ORDER BY finished_at DESC LIMIT :most)
        UNION ALL
        SELECT worker, kind, least(lease_expires_at - :lease, now()), true FROM jobs
        WHERE status = 'running' AND lease_expires_at IS NOT NULL
    ) AS signs
    GROUP BY worker ORDER BY seen, worker LIMIT :workers
""").bindparams(bindparam("window", type_=Interval()), bindparam("lease", type_=Interval()))
