"""Where the page before a page begins, so that a list that is paged by key can be walked both ways."""

from uuid import UUID

from sqlalchemy import Connection, select

from shared.db.models import Job
from shared.db.queries.jobs.jobs import JobFilter


def previous_jobs(connection: Connection, wanted: JobFilter, limit: int, before: UUID) -> UUID | None:
    """Before which job the page before begins; None: it is the first."""
    newer = select(Job.id).where(*wanted.conditions(), Job.id >= before).order_by(Job.id)
    return connection.execute(newer.offset(limit).limit(1)).scalar()
