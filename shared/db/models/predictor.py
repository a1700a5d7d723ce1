"""Predictors and the versions that training gave them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Integer, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.base import Base
from shared.predictors.documents import PredictorKind, Task

KINDS = ", ".join(f"'{kind}'" for kind in PredictorKind)
TASKS = ", ".join(f"'{task}'" for task in Task)


class Predictor(Base):
    """A name under which models are trained. One of its versions, the current one, answers unless another is asked."""

    __tablename__ = "predictors"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    current_version: Mapped[int] = mapped_column(Integer)
    # Also once it is deleted: no number is given twice.
    newest_version: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class PredictorVersion(Base):
    """One trained model: what it learned from, how well it does on what it has not seen, and where it lies.

    features, metrics, confusion and card are documents of shared/predictors/documents.py. The model is the blob
    `blob_keys.predictor(sha256)`; libraries: the versions it was made with, by name.
    """

    __tablename__ = "predictor_versions"

    predictor_id: Mapped[int] = mapped_column(
        ForeignKey("predictors.id", ondelete="CASCADE"), primary_key=True
    )
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str]
    task: Mapped[str]
    target: Mapped[str]
    model: Mapped[str]
    rows: Mapped[int]
    features: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    metrics: Mapped[dict[str, Any]]
    confusion: Mapped[dict[str, Any] | None]
    card: Mapped[dict[str, Any]]
    sha256: Mapped[str]
    bytes: Mapped[int]
    libraries: Mapped[dict[str, Any]]
    # The training. No foreign key: jobs are archived before predictors are.
    job_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        CheckConstraint(f"kind IN ({KINDS})", name="kind"),
        CheckConstraint(f"task IN ({TASKS})", name="task"),
        CheckConstraint("version > 0 AND rows > 0 AND bytes > 0", name="sizes"),
        Index(None, "sha256"),
    )
