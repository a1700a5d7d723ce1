"""Idempotency keys: each is claimed, then holds the first answer for a day."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection, and_, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.db.models import IdempotencyKey
from shared.errors import KeyInUse, KeyReused

LIFETIME: Final = timedelta(hours=24)
# No request is worked on for this long before its answer is kept, so a process that claimed the key has died.
ABANDONED: Final = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    status: int
    body: dict[str, Any]


def claim_key(connection: Connection, key: str, request_hash: str) -> KeptAnswer | None:
    """The answer that the key got first. None: the key is now the caller's, to be kept or released.

    Raises KeyReused when it came with another request, KeyInUse while its first request is being answered.
    """
    fresh = {
        "request_hash": request_hash,
        "status": None,
        "body": None,
        "created_at": func.now(),
    }
    unfinished = and_(IdempotencyKey.status.is_(None), IdempotencyKey.created_at < func.now() - ABANDONED)
    claimed = connection.execute(
        upsert(IdempotencyKey)
        .values(key=key, **fresh)
        .on_conflict_do_update(
            index_elements=[IdempotencyKey.key], set_=fresh, where=or_(_expired(), unfinished)
        )
        .returning(IdempotencyKey.key)
    ).scalar()
    if claimed is not None:
        return None
    row = connection.execute(
        select(IdempotencyKey.request_hash, IdempotencyKey.status, IdempotencyKey.body).where(
            IdempotencyKey.key == key
        )
    ).one_or_none()
    if row is not None and row.request_hash != request_hash:
        raise KeyReused
    if row is None or row.status is None:
        raise KeyInUse
    return KeptAnswer(row.status, row.body)


def keep_answer(connection: Connection, key: str, answer: KeptAnswer) -> None:
    """Holds the answer to the request that claimed the key."""
    connection.execute(
        update(IdempotencyKey).where(IdempotencyKey.key == key).values(status=answer.status, body=answer.body)
    )


def release_key(connection: Connection, key: str) -> None:
    """Lets the key be used again: its request came to nothing."""
    connection.execute(
        delete(IdempotencyKey).where(IdempotencyKey.key == key, IdempotencyKey.status.is_(None))
    )


def forget_expired_keys(connection: Connection) -> int:
    """Removes keys that are past their day; how many there were."""
    return connection.execute(delete(IdempotencyKey).where(_expired())).rowcount


def _expired() -> Any:
    return IdempotencyKey.created_at < func.now() - LIFETIME
