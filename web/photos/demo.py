"""The use case of filling the gallery with demo pictures, which a worker draws."""

import time
from collections.abc import Iterator
from typing import Final
from uuid import UUID

from shared.db.queries.index.state import index_counts, index_state
from shared.db.queries.jobs.jobs import NewJob, create_job
from shared.db.unit_of_work import UnitOfWork
from shared.jobs.kinds import JobKind

# While one of them is unfinished, another is the same job.
_DEDUPE_KEY: Final = "demo"
_PAUSE_SECONDS: Final = 0.5


def start_demo(unit_of_work: UnitOfWork, request_id: str | None = None) -> UUID:
    """Starts the job that draws the demo pictures; its id. Pictures that exist already stay as they are."""
    with unit_of_work.begin() as transaction:
        return create_job(transaction, NewJob(JobKind.DEMO, dedupe_key=_DEDUPE_KEY, request_id=request_id))


def unindexed_photos(unit_of_work: UnitOfWork) -> Iterator[int]:
    """How many photos are still missing from the look-alike lists, repeated until there is none."""
    while True:
        with unit_of_work.read() as connection:
            pending = index_counts(connection, index_state(connection)).pending
        yield pending
        if not pending:
            return
        time.sleep(_PAUSE_SECONDS)
