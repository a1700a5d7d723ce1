"""Removing rows that are no longer needed."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, delete, select

from shared.db.models import Image, Job, ScheduleRun
from shared.jobs.kinds import ACTIVE, JobKind


def purge_deleted_images(connection: Connection, before: datetime, limit: int) -> int:
    """Removes up to `limit` rows of images deleted before then, with their jobs, palettes and embeddings."""
    oldest = select(Image.id).where(Image.deleted_at < before).order_by(Image.deleted_at).limit(limit)
    return connection.execute(delete(Image).where(Image.id.in_(oldest))).rowcount


def known_photos(connection: Connection, sha256s: Collection[str]) -> set[str]:
    """Those of the photos that an image row still names, deleted or not."""
    return set(connection.execute(select(Image.sha256).where(Image.sha256.in_(sha256s))).scalars())


def full_run_underway(connection: Connection) -> bool:
    """Whether a full run may still be reading its snapshot."""
    running = select(Job.id).where(
        Job.kind == JobKind.INDEX_FULL.value, Job.status.in_([status.value for status in ACTIVE])
    )
    return connection.execute(running.limit(1)).scalar() is not None


def forget_schedule_runs(connection: Connection, before: datetime) -> None:
    connection.execute(delete(ScheduleRun).where(ScheduleRun.due_at < before))
