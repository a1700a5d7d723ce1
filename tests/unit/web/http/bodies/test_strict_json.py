"""JSON bodies: what is refused, and that everything else reads as the standard library reads it."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import BadJson
from web.http.bodies import strict_json

REFUSED: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "not valid JSON"),
    "malformed": (b'{"a": }', "line 1, column 7"),
    "a trailing comma": (b'{"a": 1,}', "not valid JSON"),
    "two documents": (b"{}{}", "not valid JSON"),
    "single quotes": (b"{'a': 1}", "not valid JSON"),
    "a raw control character": (b'{"a": "\x01"}', "not valid JSON"),
    "invalid UTF-8": (b'{"a": "\xff"}', "UTF-8 at byte 7"),
    "a surrogate in UTF-8": (b'{"a": "\xed\xa0\x80"}', "UTF-8"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "byte order mark"),
    "NaN": (b'{"a": NaN}', "NaN"),
    "Infinity": (b'{"a": Infinity}', "Infinity"),
    "-Infinity": (b'{"a": [-Infinity]}', "-Infinity"),
    "an integer of 5,000 digits": (b'{"a": ' + b"9" * 5000 + b"}", "64 bits"),
    "2^63": (b'{"a": 9223372036854775808}', "64 bits"),
    "-2^63 - 1": (b'{"a": -9223372036854775809}', "64 bits"),
    "a float that overflows": (b'{"a": 1e999}', "too large"),
    "a float of 5,000 digits": (b'{"a": 0.' + b"1" * 5000 + b"}", "too long"),
    "an escaped NUL": (b'{"a": "x\\u0000"}', "NUL"),
    "an escaped NUL in a key": (b'{"x\\u0000": 1}', "NUL"),
    "an escaped NUL deep down": (b'{"a": [{"b": ["\\u0000"]}]}', "NUL"),
    "a lone high surrogate": (b'{"a": "\\ud800"}', "surrogate"),
    "a lone low surrogate": (b'{"a": "\\udc00 \\ud83d"}', "surrogate"),
    "duplicate keys": (b'{"a": 1, "a": 1}', "same key twice"),
    "duplicate keys inside": (b'{"b": [{"a": 1, "\\u0061": 2}]}', "same key twice"),
    "an array at the top": (b"[1]", "one JSON object"),
    "null at the top": (b"null", "one JSON object"),
    "a string at the top": (b'"{}"', "one JSON object"),
    "a number at the top": (b"1", "one JSON object"),
    "100,000 arrays": (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "32 levels"),
    "100,000 unclosed arrays": (b"[" * 100_000, "32 levels"),
    "100,000 objects": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "values|32 levels"),
    "arrays behind escaped quotes": (b'{"a\\\\\\"": ["\\\\", ' + b"[" * 100_000, "32 levels"),
    "100,000 strings": (b'{"a": [' + b'"",' * 100_000 + b'""]}', "too many values"),
    "a million numbers": (b'{"a": [' + b"0," * 1_000_000 + b"0]}", "too many values"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_plain_json_is_refused_with_a_reason(name: str) -> None:
    data, reason = REFUSED[name]
    with pytest.raises(BadJson, match=reason):
        strict_json.loads(data)


ACCEPTED: dict[str, tuple[bytes, dict[str, Any]]] = {
    "an empty object": (b"{}", {}),
    "blanks around": (b" \r\n\t{ } \n", {}),
    "the ends of 64 bits": (
        b'{"a": [9223372036854775807, -9223372036854775808]}',
        {"a": [2**63 - 1, -(2**63)]},
    ),
    "a pair of surrogates": (b'{"a": "\\ud83d\\ude00"}', {"a": "\U0001f600"}),
    "an emoji": ('{"a": "\U0001f600"}'.encode(), {"a": "\U0001f600"}),
    "brackets in a string": (b'{"a": "' + b"[{" * 1000 + b'"}', {"a": "[{" * 1000}),
    "escaped quotes and brackets": (
        b'{"a": "\\\\\\"' + b"[" * 100 + b'\\\\"}',
        {"a": '\\"' + "[" * 100 + "\\"},
    ),
    "a backslash and u": (b'{"a": "\\\\u0000"}', {"a": "\\u0000"}),
    "the same key in two objects": (b'{"a": {"a": 1}, "b": {"a": 2}}', {"a": {"a": 1}, "b": {"a": 2}}),
    "a tiny float": (b'{"a": 1e-999}', {"a": 0.0}),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_plain_json_is_read(name: str) -> None:
    data, expected = ACCEPTED[name]
    assert strict_json.loads(data) == expected


def test_thirty_two_levels_pass_and_one_more_does_not() -> None:
    def nested(levels: int) -> bytes:
        return b'{"a": ' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"

    strict_json.loads(nested(32))
    with pytest.raises(BadJson):
        strict_json.loads(nested(33))
    with pytest.raises(BadJson):
        strict_json.loads(nested(4), max_depth=3)


def test_a_photo_in_base64_is_read() -> None:
    image = "QUJD" * 1_000_000
    assert strict_json.loads(json.dumps({"image": image, "colors": 6}).encode()) == {
        "image": image,
        "colors": 6,
    }


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    texts,
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4)
)


@given(value=st.dictionaries(texts, values, max_size=4), ascii_only=st.booleans())
def test_valid_objects_read_as_the_standard_library_reads_them(
    value: dict[str, Any], ascii_only: bool
) -> None:
    data = json.dumps(value, ensure_ascii=ascii_only).encode()
    assert strict_json.loads(data) == json.loads(data) == value


@given(data=st.binary(max_size=60) | st.text('{}[]":,\\u0dn1eE.- \n', max_size=60).map(str.encode))
def test_any_bytes_give_an_object_or_our_error(data: bytes) -> None:
    try:
        value = strict_json.loads(data)
    except BadJson:
        return
    assert value == json.loads(data)


def test_numbers_beyond_all_bounds_are_left_to_a_caller_who_asks_for_them() -> None:
    body = b'{"a": NaN, "b": -Infinity, "c": 1e999, "d": 100000000000000000000, "e": 2}'
    found = strict_json.loads(body, any_number=True)
    assert math.isnan(found["a"])
    assert found["b"] == -math.inf
    assert found["c"] == math.inf
    assert (found["d"], found["e"]) == (1e20, 2)
    assert strict_json.loads(b'{"a": ' + b"9" * 5000 + b"}", any_number=True)["a"] == math.inf
    with pytest.raises(BadJson):
        strict_json.loads(body)
