"""JSON bodies, read more strictly than the standard library reads them.

What is refused beyond RFC 8259's grammar is what PostgreSQL, other parsers or a Python stack would stumble over: NaN,
numbers beyond 64 bits, NUL, lone surrogates, duplicate keys, deep nesting, anything but an object at the top.
"""

import json
import math
import re
from typing import Any, Final, NoReturn

from shared.errors import BadJson

# Far deeper than any request, far shallower than what exhausts the parser's stack (a crash on Python 3.11).
MAX_DEPTH: Final = 32
# A body of 20 MiB is one photo in base64. Without these two bounds it could be millions of values, each an object.
MAX_STRINGS: Final = 50_000
MAX_OUTSIDE_STRINGS: Final = 1024 * 1024
# The longest decimal of a 64-bit number and of a double, written out.
MAX_INTEGER_CHARACTERS: Final = 20
MAX_FLOAT_CHARACTERS: Final = 400

_STRING: Final = re.compile(r'"[^"]*"')
_BRACKET: Final = re.compile(r"[\[\]{}]")
_FORBIDDEN: Final = re.compile("[\0\ud800-\udfff]")


def loads(data: bytes, max_depth: int = MAX_DEPTH, *, any_number: bool = False) -> dict[str, Any]:
    """The object in a JSON body.

    Integers fit into 64 bits (signed), floats are finite, strings can be stored as UTF-8 and hold no NUL, no object
    has a key twice. Raises BadJson with a sentence that says what to change. any_number: numbers beyond these bounds, NaN
    and Infinity among them, come as floats, for a caller who can name the field at fault.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadJson(f"The body is not valid UTF-8 at byte {error.start}.") from None
    if text.startswith("\ufeff"):
        raise BadJson("The body starts with a byte order mark. Send the JSON without it.")
    _check_shape(text, max_depth)
    try:
        value = json.loads(
            text,
            parse_int=_any_number if any_number else _integer,
            parse_float=_any_number if any_number else _float,
            parse_constant=float if any_number else _refuse_constant,
            object_pairs_hook=_object,
        )
    except json.JSONDecodeError as error:
        raise BadJson(
            f"The body is not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from None
    if not isinstance(value, dict):
        raise BadJson("The body must be one JSON object, in braces.")
    # Only an escape can bring in what UTF-8 and the grammar forbid.
    if "\\u" in text:
        _check_strings(value)
    return value


def _check_shape(text: str, max_depth: int) -> None:
    """Refuse what is nested too deeply or has too many values, before the parser sees it, in linear time.

    Without escaped backslashes, then without escaped quotes, every string ends at the next quote. Where the text is
    no JSON this may count wrongly, but only behind the point where the parser stops.
    """
    bare = text.replace("\\\\", "").replace('\\"', "")
    if bare.count('"') > 2 * MAX_STRINGS:
        raise BadJson("The body holds too many values.")
    outside = _STRING.sub("", bare)
    if len(outside) > MAX_OUTSIDE_STRINGS:
        raise BadJson("The body holds too many values.")
    depth = 0
    for bracket in _BRACKET.finditer(outside):
        depth += 1 if bracket[0] in "[{" else -1
        if depth > max_depth:
            raise BadJson(f"The body is nested more than {max_depth} levels deep.")


def _integer(literal: str) -> int:
    value = int(literal) if len(literal) <= MAX_INTEGER_CHARACTERS else 2**64
    if not -(2**63) <= value < 2**63:
        raise BadJson("The body holds a whole number beyond 64 bits.")
    return value


def _float(literal: str) -> float:
    value = float(literal) if len(literal) <= MAX_FLOAT_CHARACTERS else math.inf
    if not math.isfinite(value):
        raise BadJson("The body holds a number that is too large or too long.")
    return value


def _any_number(literal: str) -> float:
    return float(literal) if len(literal) <= MAX_FLOAT_CHARACTERS else math.inf


def _refuse_constant(literal: str) -> NoReturn:
    raise BadJson(f"The body holds {literal}, which is not JSON. Send a number or null.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise BadJson("The body holds an object with the same key twice.")
    return found


def _check_strings(value: object) -> None:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            if _FORBIDDEN.search(item):
                raise BadJson(
                    "The body holds a string with NUL (\\u0000) or half a character (a lone surrogate)."
                )
        elif isinstance(item, dict):
            waiting.extend(item.keys())
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
