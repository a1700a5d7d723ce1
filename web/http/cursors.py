"""Cursors: where the next page of a list begins, as text that means nothing to the client that holds it.

A cursor names a place, not a page, so that it stays right while things are added and deleted.
"""

import base64
import binascii
import math
import re
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from shared.db.queries.photos.listing import Order, Position
from shared.errors import BadCursor

# One that holds a name of 120 characters, four bytes each, has about 700.
MAX_CURSOR: Final = 1000

_LETTERS: Final = {Order.NEWEST: "i", Order.COLOR: "c", Order.TAKEN: "t", Order.NAME: "a"}
_IMAGE: Final = re.compile(r"(?P<letter>[icta])(?P<id>[1-9][0-9]{0,18})(?::(?P<value>[^\0]+))?")
_NAME: Final = re.compile(r"n([ -~]{1,64})")
_JOB: Final = re.compile(r"j([0-9a-f]{32})")


def encode_image(position: Position | None, order: Order) -> str | None:
    """The cursor of a page of images that ends at the position; none on the last page."""
    if position is None:
        return None
    value = position.value.isoformat() if isinstance(position.value, datetime) else position.value
    return _encode(f"{_LETTERS[order]}{position.id}" + ("" if value is None else f":{value}"))


def decode_image(cursor: str | None, order: Order) -> Position | None:
    """The position of a cursor. Raises BadCursor, also for one of a list in another order."""
    if cursor is None:
        return None
    found = _IMAGE.fullmatch(_decode(cursor))
    if not found or found["letter"] != _LETTERS[order]:
        raise BadCursor
    try:
        return Position(_id(found["id"]), _value(order, found["value"]))
    except (OverflowError, ValueError) as error:
        raise BadCursor from error


def _value(order: Order, text: str | None) -> float | datetime | str | None:
    """Raises BadCursor, OverflowError and ValueError."""
    match order, text:
        case ((Order.NEWEST | Order.TAKEN), None):
            return None
        case Order.TAKEN, str():
            return datetime.fromisoformat(text).astimezone(UTC)
        case Order.NAME, str():
            return text
        case Order.COLOR, str() if math.isfinite(distance := float(text)):
            return distance
    raise BadCursor


def encode_job(last: UUID | None) -> str | None:
    """The cursor of a page of jobs that ends with the job; none on the last page."""
    return None if last is None else _encode(f"j{last.hex}")


def decode_job(cursor: str | None) -> UUID | None:
    """The job of a cursor. Raises BadCursor."""
    if cursor is None:
        return None
    found = _JOB.fullmatch(_decode(cursor))
    if not found:
        raise BadCursor
    return UUID(found[1])


def encode_name(last: str | None) -> str | None:
    """The cursor of a page that ends with the name; none on the last page."""
    return None if last is None else _encode(f"n{last}")


def decode_name(cursor: str | None) -> str | None:
    """The name of a cursor. Raises BadCursor."""
    if cursor is None:
        return None
    found = _NAME.fullmatch(_decode(cursor))
    if not found:
        raise BadCursor
    return found[1]


def _encode(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str) -> str:
    if len(cursor) > MAX_CURSOR:
        raise BadCursor
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return raw.decode()
    except (binascii.Error, ValueError) as error:
        raise BadCursor from error


def _id(digits: str) -> int:
    value = int(digits)
    if value >= 2**63:
        raise BadCursor
    return value
