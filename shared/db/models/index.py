"""Embeddings and the look-alike lists made from them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, SmallInteger, func, text
from sqlalchemy.dialects.postgresql import ARRAY, BIGINT, REAL
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.base import Base
from shared.db.vector import Vector
from shared.limits import DIMENSIONS


class Embedding(Base):
    """The embedding of an image under one model: (512,) float32, L2-normalised."""

    __tablename__ = "embeddings"

    image_id: Mapped[int] = mapped_column(ForeignKey("images.id", ondelete="CASCADE"), primary_key=True)
    model: Mapped[str] = mapped_column(primary_key=True)
    embedding: Mapped[Sequence[float]] = mapped_column(Vector(DIMENSIONS))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("ix_embeddings_model_image_id", "model", "image_id"),)


class IndexState(Base):
    """The one row that says which generation readers see. Switching it is the switch."""

    __tablename__ = "index_state"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    # What the lists are made of, and what embedding workers compute now. They differ while weights change.
    model: Mapped[str | None]
    target_model: Mapped[str | None]
    weights: Mapped[str | None]
    generation: Mapped[int | None]
    # Goes up with every change of the lists: the fence between two runs.
    version: Mapped[int] = mapped_column(server_default=text("0"))
    # 101 quantiles of the similarity of random pairs: what makes a similarity a percentile.
    similarity_quantiles: Mapped[list[float] | None] = mapped_column(ARRAY(REAL))

    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)


class IndexChange(Base):
    """An image whose place in the index is out of date: embedded or deleted since the last run.

    Written with the embedding or the deletion, removed with the lists that follow it.
    """

    __tablename__ = "index_changes"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    image_id: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index(None, "image_id"),)


class IndexRun(Base):
    """One run that brought the lists up to date. Its id is the generation that a full run makes."""

    __tablename__ = "index_runs"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    job_id: Mapped[UUID] = mapped_column(unique=True)
    mode: Mapped[str]
    model: Mapped[str | None]
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]
    images: Mapped[int | None]
    new: Mapped[int | None]
    removed: Mapped[int | None]
    # Full runs only: how many lists differed from those that incremental runs had kept.
    drift: Mapped[int | None]

    __table_args__ = (CheckConstraint("mode IN ('full', 'incremental')", name="mode"),)


class NeighbourList(Base):
    """The look-alikes of an image in one generation, most similar first.

    No foreign keys: a list is checked against `images` when it is read, and a million of them are written at once.
    """

    __tablename__ = "neighbour_lists"

    generation: Mapped[int] = mapped_column(primary_key=True)
    image_id: Mapped[int] = mapped_column(primary_key=True)
    neighbour_ids: Mapped[list[int]] = mapped_column(ARRAY(BIGINT))
    similarities: Mapped[list[float]] = mapped_column(ARRAY(REAL))
