"""The two ways to bring the look-alike index up to date, as jobs. One of each may be in flight at a time."""

from datetime import datetime, timedelta

from shared.db.queries.jobs.jobs import NewJob
from shared.jobs.kinds import JobKind


def incremental_run() -> NewJob:
    """Takes in what was added and deleted since the last run."""
    return NewJob(JobKind.INDEX_INCREMENTAL, dedupe_key=JobKind.INDEX_INCREMENTAL.value)


def full_run() -> NewJob:
    """Computes every list again. Its plan adds the tiles and the switch."""
    return NewJob(
        JobKind.INDEX_FULL,
        dedupe_key=JobKind.INDEX_FULL.value,
        children=(NewJob(JobKind.INDEX_PLAN),),
    )


def next_full_run(now: datetime, hour: int) -> datetime:
    """When the clock (UTC) next reaches the hour."""
    today = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    return today if today > now else today + timedelta(days=1)
