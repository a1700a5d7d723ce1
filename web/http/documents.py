"""What the API answers with. A document is one typed declaration: it is built from it, written by it and described by it.

    class Step(Document):
        kind: Annotated[JobKind, about("kind of the step")]

Fields that an answer may lack are `... | UnsetType = UNSET`. The OpenAPI document follows from the declarations
(web/http/openapi.py).
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeAlias, dataclass_transform

import msgspec
from flask import Response
from msgspec import UNSET, Meta, UnsetType

__all__ = [
    "UNSET",
    "Document",
    "Time",
    "UnsetType",
    "about",
    "json_response",
    "offset_text",
    "optional_time",
    "time_text",
]

_ENCODER: Final = msgspec.json.Encoder()


@dataclass_transform(frozen_default=True, kw_only_default=True)
class _DocumentMeta(msgspec.StructMeta):
    """Tells type checkers what the base class tells msgspec."""


class Document(msgspec.Struct, metaclass=_DocumentMeta, frozen=True, kw_only=True):
    """The base of all documents. Clients must accept fields that they do not know: an answer may come to say more."""


def about(description: str, **more: Any) -> Meta:
    """What the document about the API says of a field; more: further keys of its JSON schema."""
    return Meta(description=description, extra_json_schema=more or None)


Time: TypeAlias = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
"""RFC 3339 in UTC, to the millisecond (`time_text`)."""


def time_text(moment: datetime) -> Time:
    """RFC 3339 in UTC, to the millisecond. moment: with its time zone."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def optional_time(moment: datetime | None) -> Time | None:
    return None if moment is None else time_text(moment)


def offset_text(minutes: int) -> str:
    """An offset from UTC as RFC 3339 has it: `+02:00`. minutes: east of Greenwich."""
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def json_response(
    document: Document | Mapping[str, Any],
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    *,
    content_type: str = "application/json",
) -> Response:
    """The document as the body of an answer."""
    response = Response(_ENCODER.encode(document), status, content_type=content_type)
    if headers:
        response.headers.update(headers)
    return response
