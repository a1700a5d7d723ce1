"""Where the page before a page begins, so that a list that is paged by key can be walked both ways."""

from uuid import UUID

from sqlalchemy import Connection, select

from shared.db.models import Image, Job
from shared.db.queries.jobs.jobs import JobFilter
from shared.db.queries.photos.images import ImageFilter, Position


def previous_images(
    connection: Connection, wanted: ImageFilter, limit: int, after: Position
) -> Position | None:
    """For a list ordered by age: after which image the page before begins; None: it is the first.

    after: where the page at hand begins, so that the page before ends with this very image.
    """
    newer = select(Image.id).where(*wanted.conditions(), Image.id >= after.id).order_by(Image.id)
    found = connection.execute(newer.offset(limit).limit(1)).scalar()
    return None if found is None else Position(found)


def previous_jobs(connection: Connection, wanted: JobFilter, limit: int, before: UUID) -> UUID | None:
    """Before which job the page before begins; None: it is the first."""
    newer = select(Job.id).where(*wanted.conditions(), Job.id >= before).order_by(Job.id)
    return connection.execute(newer.offset(limit).limit(1)).scalar()
