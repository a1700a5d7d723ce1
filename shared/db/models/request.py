"""Requests that must not be answered twice in two ways."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, SmallInteger, func
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.base import Base


class IdempotencyKey(Base):
    """The first answer to a request that bore an Idempotency-Key; none while it is being made."""

    __tablename__ = "idempotency_keys"

    # The key together with who sent it, so that two clients cannot meet in one key.
    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[str]
    status: Mapped[int | None] = mapped_column(SmallInteger)
    body: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index(None, "created_at"),)
