"""Images and the palettes found in them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, SmallInteger, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, REAL
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.base import Base
from shared.db.vector import Vector

ALIVE = text("deleted_at IS NULL")
# Before every time: stands in for the time of photos that say none, so that one index has them all.
NEVER = text("'-infinity'::timestamp with time zone")


class Image(Base):
    """A photo in the gallery. A deleted one keeps its row, hidden from every query, until it is purged."""

    __tablename__ = "images"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    sha256: Mapped[str]
    name: Mapped[str]
    # `shared.natural_order.natural_key` of it, which is compared codepoint by codepoint.
    name_key: Mapped[str] = mapped_column(Text(collation="C"), server_default="")
    caption: Mapped[str | None]
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    label: Mapped[str | None]
    # As the header says at first; upright, once the photo has been decoded.
    width: Mapped[int]
    height: Mapped[int]
    bytes: Mapped[int]
    format: Mapped[str]
    colors: Mapped[int] = mapped_column(SmallInteger)
    # Facts of each photo (worker/imaging/algorithms/facts.py): null until the photo has been analysed for them.
    perceptual_hash: Mapped[int | None] = mapped_column(info={"fact": True})
    taken_at: Mapped[datetime | None] = mapped_column(info={"fact": True})
    # Of the camera's clock, in minutes east of UTC.
    taken_offset: Mapped[int | None] = mapped_column(SmallInteger, info={"fact": True})
    # `shared.photo_notes`, by their codes.
    notes: Mapped[str | None] = mapped_column(info={"fact": True})
    # No foreign key: jobs are archived before images are.
    job_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    analysed_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("width > 0 AND height > 0 AND bytes > 0", name="sizes"),
        Index("uq_images_sha256_alive", "sha256", unique=True, postgresql_where=ALIVE),
        Index("ix_images_id_alive", "id", postgresql_where=ALIVE),
        Index("ix_images_label_id_alive", "label", "id", postgresql_where=ALIVE),
        Index(
            "ix_images_taken_id_alive",
            func.coalesce(text("taken_at"), NEVER),
            "id",
            postgresql_where=ALIVE,
        ),
        Index("ix_images_name_key_id_alive", "name_key", "id", postgresql_where=ALIVE),
        Index("ix_images_tags", "tags", postgresql_using="gin"),
        Index(
            "ix_images_caption_words",
            func.to_tsvector(text("'simple'"), func.coalesce(text("caption"), text("''"))),
            postgresql_using="gin",
        ),
    )


class Palette(Base):
    """One palette of an image. swatches: `[{"hex", "proportion"}, ...]`, largest share first."""

    __tablename__ = "palettes"

    image_id: Mapped[int] = mapped_column(ForeignKey("images.id", ondelete="CASCADE"), primary_key=True)
    colors: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    # PaletteKind (shared/palette_kinds.py).
    style: Mapped[str] = mapped_column(primary_key=True, server_default="dominant")
    ground: Mapped[str] = mapped_column(primary_key=True, server_default="included")
    version: Mapped[str] = mapped_column(primary_key=True)
    swatches: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class PaletteColor(Base):
    """The swatches of an image's own palette as points in OKLab, for finding images by colour."""

    __tablename__ = "palette_colors"

    image_id: Mapped[int] = mapped_column(ForeignKey("images.id", ondelete="CASCADE"), primary_key=True)
    rank: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    oklab: Mapped[Sequence[float]] = mapped_column(Vector(3))
    proportion: Mapped[float] = mapped_column(REAL)
