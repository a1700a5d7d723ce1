"""Query and form values, read strictly: what is not plainly right is refused with the name of the field.

Every function takes all values that came under the name (`args.getlist(name)`), since a parameter given twice is an
error and not a choice. None given means the default.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from typing import Final, TypeVar

from shared.errors import BadParameter, ImageNotFound
from shared.limits import MAX_TAG_CHARACTERS, MAX_TAGS
from web.http.ids import image_id

Default = TypeVar("Default")

# More digits than any limit has: a longer number is out of range without being read.
MAX_DIGITS: Final = 20

# [0-9] and not \d: the latter, and int() and float() themselves, take digits of every script.
_INTEGER: Final = re.compile(r"-?[0-9]+")
_NUMBER: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_HEX_COLOR: Final = re.compile(r"(?:#|%23)?([0-9a-fA-F]{6})")


def _single(name: str, values: Sequence[str]) -> str | None:
    if len(values) > 1:
        raise BadParameter(name, f"{name} must be given once.")
    return values[0] if values else None


def integer(
    name: str, values: Sequence[str], *, default: Default, minimum: int, maximum: int
) -> int | Default:
    """A whole number within the bounds (both included), in ASCII digits alone. Raises BadParameter."""
    raw = _single(name, values)
    if raw is None:
        return default
    if _INTEGER.fullmatch(raw) and len(raw) <= MAX_DIGITS:
        value = int(raw)
        if minimum <= value <= maximum:
            return value
    raise BadParameter(name, f"{name} must be a whole number from {minimum} to {maximum}.")


def number(
    name: str, values: Sequence[str], *, default: Default, minimum: float = 0.0, maximum: float = 1.0
) -> float | Default:
    """A number within the bounds (both included), as digits with at most one point. Raises BadParameter."""
    raw = _single(name, values)
    if raw is None:
        return default
    if _NUMBER.fullmatch(raw) and len(raw) <= 2 * MAX_DIGITS:
        value = float(raw)
        if minimum <= value <= maximum:
            return value
    raise BadParameter(name, f"{name} must be a number from {minimum:g} to {maximum:g}, such as 0.5.")


def choice(name: str, values: Sequence[str], *, choices: Collection[str], default: Default) -> str | Default:
    """One of the given words, as written. Raises BadParameter, which lists them."""
    raw = _single(name, values)
    if raw is None:
        return default
    if raw not in choices:
        raise BadParameter(name, f"{name} must be one of {', '.join(choices)}.")
    return raw


def text(name: str, values: Sequence[str], *, default: Default, max_characters: int) -> str | Default:
    """One line of text in Unicode NFC, without blanks around it; may be empty. Raises BadParameter."""
    raw = _single(name, values)
    return default if raw is None else clean_text(name, raw, max_characters=max_characters)


def clean_text(name: str, raw: str, *, max_characters: int) -> str:
    """`raw` as `text` returns it, for a value that came in a JSON body. Raises BadParameter."""
    # Before normalising, whose time grows with the square of the length for text made of combining marks.
    if len(raw) > 4 * max_characters:
        raise BadParameter(name, f"{name} must be at most {max_characters} characters long.")
    value = unicodedata.normalize("NFC", raw).strip()
    if len(value) > max_characters:
        raise BadParameter(name, f"{name} must be at most {max_characters} characters long.")
    if any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in value):
        raise BadParameter(name, f"{name} must be one line of text without control characters.")
    return value


def tag_list(name: str, values: Sequence[str]) -> list[str]:
    """Tags from one comma-separated value: `one, two,one` gives `["one", "two"]`. Raises BadParameter."""
    raw = _single(name, values) or ""
    if len(raw) > 4 * MAX_TAGS * MAX_TAG_CHARACTERS:
        raise BadParameter(name, f"{name} must hold at most {MAX_TAGS} tags.")
    return clean_tags(name, raw.split(","))


def clean_tags(name: str, raw: Iterable[str]) -> list[str]:
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
    return list(tags)


def id_list(name: str, values: Sequence[str], *, most: int) -> tuple[int, ...] | None:
    """Ids of images from one comma-separated value; those that nothing can have are left out. Raises BadParameter."""
    raw = _single(name, values)
    if raw is None:
        return None
    parts = raw.split(",", most)
    if len(parts) > most:
        raise BadParameter(name, f"{name} must hold at most {most} ids.")
    found = []
    for part in parts:
        with suppress(ImageNotFound):
            found.append(image_id(part.strip()))
    return tuple(found)


def hex_color(name: str, values: Sequence[str], *, default: Default) -> str | Default:
    """A colour as `#rrggbb` in lower case; the sign may be missing or percent-encoded. Raises BadParameter."""
    raw = _single(name, values)
    if raw is None:
        return default
    found = _HEX_COLOR.fullmatch(raw)
    if not found:
        raise BadParameter(name, f"{name} must be a colour such as #1e90ff.")
    return f"#{found[1].lower()}"
