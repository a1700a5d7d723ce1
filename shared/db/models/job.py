"""Jobs and the runs of the schedule."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, SmallInteger, func, text
from sqlalchemy.dialects.postgresql import REAL
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.base import Base
from shared.jobs.kinds import JobStatus

STATUSES = ", ".join(f"'{status}'" for status in JobStatus)


class Job(Base):
    """One piece of work that someone may wait for; with children, the sum of theirs. See docs/jobs.md."""

    __tablename__ = "jobs"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    image_id: Mapped[int | None] = mapped_column(ForeignKey("images.id", ondelete="CASCADE"))
    kind: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=JobStatus.QUEUED)
    payload: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    result: Mapped[dict[str, Any] | None]
    error_code: Mapped[str | None]
    error_message: Mapped[str | None]
    progress: Mapped[float] = mapped_column(REAL, server_default="0")
    # Of two jobs in flight with the same key, the second is never made.
    dedupe_key: Mapped[str | None]
    request_id: Mapped[str | None]

    # A child of a later stage is blocked until all of the earlier stages have succeeded.
    stage: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    blocked: Mapped[bool] = mapped_column(server_default=text("false"))
    children: Mapped[int] = mapped_column(Integer, server_default="0")
    children_finished: Mapped[int] = mapped_column(Integer, server_default="0")

    # attempt is the fence: a finish that has an older number changes nothing.
    attempt: Mapped[int] = mapped_column(Integer, server_default="0")
    max_attempts: Mapped[int] = mapped_column(Integer)
    run_at: Mapped[datetime] = mapped_column(server_default=func.now())
    lease_expires_at: Mapped[datetime | None]
    deadline_at: Mapped[datetime | None]
    worker: Mapped[str | None]
    # When a message for it was last sent: at once after the commit that makes it. None: it is still to be sent.
    published_at: Mapped[datetime | None] = mapped_column(server_default=func.now())

    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint(f"status IN ({STATUSES})", name="status"),
        CheckConstraint(
            "(status = 'running') = (lease_expires_at IS NOT NULL) OR children > 0", name="lease"
        ),
        Index("ix_jobs_due", "kind", "run_at", postgresql_where=text("status = 'queued' AND NOT blocked")),
        Index("ix_jobs_active", "kind", "image_id", postgresql_where=text("status IN ('queued', 'running')")),
        Index("ix_jobs_leases", "lease_expires_at", postgresql_where=text("status = 'running'")),
        Index(
            "ix_jobs_parent_id_stage", "parent_id", "stage", postgresql_where=text("parent_id IS NOT NULL")
        ),
        Index("ix_jobs_image_id", "image_id", "id", postgresql_where=text("image_id IS NOT NULL")),
        Index("ix_jobs_top_id", "id", postgresql_where=text("parent_id IS NULL")),
        Index("ix_jobs_top_status_id", "status", "id", postgresql_where=text("parent_id IS NULL")),
        Index("ix_jobs_top_kind_id", "kind", "id", postgresql_where=text("parent_id IS NULL")),
        Index(
            "ix_jobs_finished_at",
            "finished_at",
            postgresql_where=text("children = 0 AND finished_at IS NOT NULL"),
        ),
        Index(
            "uq_jobs_dedupe_key_active",
            "dedupe_key",
            unique=True,
            postgresql_where=text("status IN ('queued', 'running')"),
        ),
    )


class ScheduleRun(Base):
    """A scheduled run that has been started. Its key makes it happen once, however many beats there are."""

    __tablename__ = "schedule_runs"

    name: Mapped[str] = mapped_column(primary_key=True)
    due_at: Mapped[datetime] = mapped_column(primary_key=True)
    job_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
