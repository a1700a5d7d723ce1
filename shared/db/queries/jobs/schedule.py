"""Scheduled runs: each happens once, however many beats there are."""

from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.db.models import ScheduleRun


def take_run(connection: Connection, name: str, due_at: datetime) -> bool:
    """Takes the run of this name that was due then. False: it has been taken already."""
    taken = connection.execute(
        upsert(ScheduleRun)
        .values(name=name, due_at=due_at)
        .on_conflict_do_nothing()
        .returning(ScheduleRun.name)
    )
    return taken.scalar() is not None
