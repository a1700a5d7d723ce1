"""Cursors: where the next page of a list begins, as text that means nothing to the client that holds it.

A cursor names a place, not a page, so that it stays right while things are added and deleted.
"""

import base64
import binascii
import math
import re
from typing import Final
from uuid import UUID

from shared.db.queries.photos.images import Position
from shared.errors import BadCursor

_IMAGE: Final = re.compile(r"i([1-9][0-9]{0,18})")
_COLOUR: Final = re.compile(r"c([1-9][0-9]{0,18}):([0-9.e+-]{1,32})")
_NAME: Final = re.compile(r"n([ -~]{1,64})")
_JOB: Final = re.compile(r"j([0-9a-f]{32})")


def encode_image(position: Position | None) -> str | None:
    """The cursor of a page of images that ends at the position; none on the last page."""
    if position is None:
        return None
    if position.distance is None:
        return _encode(f"i{position.id}")
    return _encode(f"c{position.id}:{position.distance!r}")


def decode_image(cursor: str | None, *, by_color: bool) -> Position | None:
    """The position of a cursor. Raises BadCursor, also for one of a list in another order."""
    if cursor is None:
        return None
    text = _decode(cursor)
    if not by_color and (found := _IMAGE.fullmatch(text)):
        return Position(_id(found[1]))
    if by_color and (found := _COLOUR.fullmatch(text)):
        return Position(_id(found[1]), _distance(found[2]))
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
    if len(cursor) > 100:
        raise BadCursor
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return raw.decode("ascii")
    except (binascii.Error, ValueError) as error:
        raise BadCursor from error


def _id(digits: str) -> int:
    value = int(digits)
    if value >= 2**63:
        raise BadCursor
    return value


def _distance(text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise BadCursor from error
    if not math.isfinite(value):
        raise BadCursor
    return value
