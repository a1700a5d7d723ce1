"""Paging by key: what lists of any length have in common."""

from typing import Any

from sqlalchemy import Connection, Select, func, select

# Counting further costs more than the exact number is worth to a reader of page one.
COUNT_LIMIT = 1_000_000


def bounded_count(connection: Connection, rows: Select[Any]) -> int:
    """How many rows a select has, exact up to COUNT_LIMIT and that limit beyond."""
    return connection.execute(count_up_to_limit(rows)).scalar_one()


def count_up_to_limit(rows: Select[Any]) -> Select[int]:
    """The statement that counts them."""
    limited = rows.order_by(None).limit(COUNT_LIMIT).subquery()
    return select(func.count()).select_from(limited)
