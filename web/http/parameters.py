"""Kinds of parameters: how one is read from a query, a form or JSON, and how it is described.

What is not plainly right is refused with the name of the field: no digits of other scripts, no `1_0`, nothing cut off.
Sets of parameters are declared with these kinds (web/http/parameter_sets.py).
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final, Protocol, runtime_checkable

from shared.errors import BadParameter, ImageNotFound
from shared.limits import MAX_TAG_CHARACTERS, MAX_TAGS
from web.http.ids import image_id

# More digits than any limit has: a longer number is out of range without being read.
MAX_DIGITS: Final = 20

# [0-9] and not \d: the latter, and int() and float() themselves, take digits of every script.
_INTEGER: Final = re.compile(r"-?[0-9]+")
_NUMBER: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_MOMENT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?P<clock>T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?"
)
_LIST: Final[dict[str, Any]] = {"type": "array", "items": {"type": "string"}}
_HEX_COLOR: Final = re.compile(r"(?:#|%23)?([0-9a-fA-F]{6})")
# How programs write lists: JSON (cut off as well), Python's own way, PostgreSQL; CSV with every item in quotes. A tag may
# have brackets, as in "[draft]", and quotes around a part of it.
_LIST_AS_TEXT: Final = re.compile(
    r"""\s*(?:[\[({]\s*["'].*|\[[^\[\]]*,[^\[\]]*\]|\[\s*\]|\{.*\}|"[^"]*"(?:\s*,\s*"[^"]*")*|'[^']*'(?:\s*,\s*'[^']*')*)\s*"""
)


class Kind(Protocol):
    """about: what the parameter means, for the document about the API."""

    @property
    def about(self) -> str: ...

    def from_text(self, name: str, raw: str) -> Any:
        """The value in a query or a form. Raises BadParameter."""

    def from_json(self, name: str, value: Any) -> Any:
        """The value in a JSON body. Raises BadParameter."""

    def schema(self, *, in_json: bool = False) -> dict[str, Any]:
        """The JSON schema of what may be sent in a query or a form, or in a JSON body."""


@runtime_checkable
class Repeatable(Protocol):
    """A kind of which a query or a form may give several values, each under the name."""

    def from_texts(self, name: str, raws: Sequence[str]) -> Any:
        """The one value that they make. Raises BadParameter."""


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number within bounds, both included, in ASCII digits alone."""

    about: str
    minimum: int
    maximum: int

    def from_text(self, name: str, raw: str) -> int:
        if _INTEGER.fullmatch(raw) and len(raw) <= MAX_DIGITS:
            return self.from_json(name, int(raw))
        raise self._refusal(name)

    def from_json(self, name: str, value: Any) -> int:
        # Neither a fraction nor true, which Python calls an int.
        if type(value) is int and self.minimum <= value <= self.maximum:
            return value
        raise self._refusal(name)

    def _refusal(self, name: str) -> BadParameter:
        return BadParameter(name, f"{name} must be a whole number from {self.minimum} to {self.maximum}.")

    def schema(self, *, in_json: bool = False) -> dict[str, Any]:  # noqa: ARG002
        return {"type": "integer", "minimum": self.minimum, "maximum": self.maximum}


@dataclass(frozen=True, slots=True)
class Number:
    """A number within bounds, both included, as digits with at most one point."""

    about: str
    minimum: float = 0.0
    maximum: float = 1.0

    def from_text(self, name: str, raw: str) -> float:
        if _NUMBER.fullmatch(raw) and len(raw) <= 2 * MAX_DIGITS:
            return self.from_json(name, float(raw))
        raise self._refusal(name)

    def from_json(self, name: str, value: Any) -> float:
        if type(value) in {int, float} and self.minimum <= value <= self.maximum:
            return float(value)
        raise self._refusal(name)

    def _refusal(self, name: str) -> BadParameter:
        bounds = f"{self.minimum:g} to {self.maximum:g}"
        return BadParameter(name, f"{name} must be a number from {bounds}, such as 0.5.")

    def schema(self, *, in_json: bool = False) -> dict[str, Any]:  # noqa: ARG002
        return {"type": "number", "minimum": self.minimum, "maximum": self.maximum}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some words, as written."""

    about: str
    choices: Collection[str]

    def from_text(self, name: str, raw: str) -> str:
        return self.from_json(name, raw)

    def from_json(self, name: str, value: Any) -> str:
        if not isinstance(value, str) or value not in self.choices:
            raise BadParameter(name, f"{name} must be one of {', '.join(self.choices)}.")
        return value

    def schema(self, *, in_json: bool = False) -> dict[str, Any]:  # noqa: ARG002
        return {"type": "string", "enum": list(self.choices)}


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text in Unicode NFC, without blanks around it; an empty one is none."""

    about: str
    longest: int

    def from_text(self, name: str, raw: str) -> str | None:
        return clean_text(name, raw, max_characters=self.longest) or None

    def from_json(self, name: str, value: Any) -> str | None:
        return None if value is None else self.from_text(name, _string(name, value))

    def schema(self, *, in_json: bool = False) -> dict[str, Any]:
        return {"type": ["string", "null"] if in_json else "string", "maxLength": self.longest}


@dataclass(frozen=True, slots=True)
class AnyText:
    """Text as it is, of any length that a body may have."""

    about: str

    def from_text(self, name: str, raw: str) -> str:  # noqa: ARG002 - as every kind
        return raw

    def from_json(self, name: str, value: Any) -> str:
        return _string(name, value)

    def schema(self, *, in_json: bool = False) -> dict[str, Any]:  # noqa: ARG002
        return {"type": "string"}


@dataclass(frozen=True, slots=True)
class Color:
    """A colour as `#rrggbb`, in lower case once read; the sign may be missing or percent-encoded."""

    about: str

    def from_text(self, name: str, raw: str) -> str:
        found = _HEX_COLOR.fullmatch(raw)
        if not found:
            raise BadParameter(name, f"{name} must be a colour such as #1e90ff.")
        return f"#{found[1].lower()}"

    def from_json(self, name: str, value: Any) -> str:
        return self.from_text(name, _string(name, value))

    def schema(self, *, in_json: bool = False) -> dict[str, Any]:  # noqa: ARG002
        return {"type": "string", "pattern": "^#[0-9a-fA-F]{6}$"}


@dataclass(frozen=True, slots=True)
class Moment:
    """A time (RFC 3339) or a day, as it was written once read (`moment_of`)."""

    about: str

    def from_text(self, name: str, raw: str) -> str:
        # A plus that was not escaped comes as a blank.
        text = re.sub(r" (?=\d\d:\d\d$)", "+", raw.upper())
        try:
            moment_of(text)
        except (OverflowError, ValueError) as error:
            raise BadParameter(
                name, f"{name} must be a day such as 2026-03-09, or a time such as 2026-03-09T14:05:00Z."
            ) from error
        return text

    def from_json(self, name: str, value: Any) -> str:
        return self.from_text(name, _string(name, value))

    def schema(self, *, in_json: bool = False) -> dict[str, Any]:  # noqa: ARG002
        return {"type": "string", "anyOf": [{"format": "date"}, {"format": "date-time"}]}


def moment_of(text: str, *, end: bool = False) -> datetime:
    """A time or a day as a moment, in UTC where it says no offset. end: a day stands for its end, not for its beginning.

    Raises ValueError and OverflowError.
    """
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise ValueError(text)
    if found["clock"] is None:
        return datetime.combine(date.fromisoformat(text), time.max if end else time.min, UTC)
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class ImageIds:
    """Ids of images, separated by commas or as a list. As numbers once read.

    In a query, one that could not have been given out names none; in a body it is refused as not found.
    """

    about: str
    most: int

    def from_text(self, name: str, raw: str) -> tuple[int, ...]:
        parts = raw.split(",", self.most)
        if len(parts) > self.most:
            raise BadParameter(name, f"{name} must hold at most {self.most} ids.")
        found = []
        for part in parts:
            with suppress(ImageNotFound):
                found.append(image_id(part.strip()))
        return tuple(found)

    def from_json(self, name: str, value: Any) -> tuple[int, ...]:
        ids = _strings(name, value)
        if not 1 <= len(ids) <= self.most:
            raise BadParameter(name, f"{name} must hold 1 to {self.most} ids.")
        return tuple(image_id(each) for each in ids)

    def schema(self, *, in_json: bool = False) -> dict[str, Any]:
        return {**_LIST, "minItems": 1, "maxItems": self.most} if in_json else {"type": "string"}


@dataclass(frozen=True, slots=True)
class Tags:
    """Tags, separated by commas, repeated or as a list, in the order of their first appearance, each once."""

    about: str

    def from_text(self, name: str, raw: str) -> tuple[str, ...]:
        return self.from_texts(name, [raw])

    def from_texts(self, name: str, raws: Sequence[str]) -> tuple[str, ...]:
        if sum(map(len, raws)) > 4 * MAX_TAGS * MAX_TAG_CHARACTERS:
            raise BadParameter(name, f"{name} must hold at most {MAX_TAGS} tags.")
        if any(map(_LIST_AS_TEXT.fullmatch, raws)):
            raise BadParameter(
                name,
                f"{name} takes no list in brackets or quotes here: separate the tags by commas, as in red,round, or repeat the field.",
            )
        return clean_tags(name, (tag for raw in raws for tag in raw.split(",")))

    def from_json(self, name: str, value: Any) -> tuple[str, ...]:
        return clean_tags(name, _strings(name, value))

    def schema(self, *, in_json: bool = False) -> dict[str, Any]:
        return _LIST if in_json else {"type": "string"}


@dataclass(frozen=True, slots=True)
class File:
    """A file in a form. It is read on its way in (web/http/bodies/multipart.py): this only describes it."""

    about: str

    def from_text(self, name: str, raw: str) -> Any:
        raise NotImplementedError

    def from_json(self, name: str, value: Any) -> Any:
        raise NotImplementedError

    def schema(self, *, in_json: bool = False) -> dict[str, Any]:  # noqa: ARG002
        return {"type": "string", "format": "binary"}


def _string(name: str, value: Any) -> str:
    if value is None:
        raise BadParameter(name, f"{name} must not be null.")
    if not isinstance(value, str):
        raise BadParameter(name, f"{name} must be text.")
    return value


def _strings(name: str, value: Any) -> list[str]:
    if value is None:
        raise BadParameter(name, f"{name} must not be null.")
    if not isinstance(value, list):
        raise BadParameter(name, f"{name} must be a list.")
    for place, item in enumerate(value, 1):
        if not isinstance(item, str):
            raise BadParameter(name, f"item {place} of {name} must be text.")
    return value


def clean_text(name: str, raw: str, *, max_characters: int) -> str:
    """One line of text in Unicode NFC, without blanks around it; may be empty. Raises BadParameter."""
    # Before normalising, whose time grows with the square of the length for text made of combining marks.
    if len(raw) > 4 * max_characters:
        raise BadParameter(name, f"{name} must be at most {max_characters} characters long.")
    value = unicodedata.normalize("NFC", raw).strip()
    if len(value) > max_characters:
        raise BadParameter(name, f"{name} must be at most {max_characters} characters long.")
    if any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in value):
        raise BadParameter(name, f"{name} must be one line of text without control characters.")
    return value


def clean_tags(name: str, raw: Iterable[str]) -> tuple[str, ...]:
    """Tags in the order of their first appearance, without empty ones and repetitions. Raises BadParameter."""
    tags: dict[str, None] = {}
    for item in raw:
        tag = clean_text(name, item, max_characters=MAX_TAG_CHARACTERS)
        if "," in tag:
            raise BadParameter(name, f"{name} must hold tags without commas.")
        if tag:
            tags[tag] = None
        if len(tags) > MAX_TAGS:
            raise BadParameter(name, f"{name} must hold at most {MAX_TAGS} tags.")
    return tuple(tags)
