"""The file name that a part of a form bears, however its client has written it."""

import re
from contextlib import suppress
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from typing import Final
from urllib.parse import unquote_to_bytes

from werkzeug.sansio.multipart import File

from web.http.filenames import decode_name

_PARAMETER: Final = re.compile(r';\s*([\w*]+)=("(?:[^"\\]|\\.)*"|[^;]*)')
_ESCAPED: Final = re.compile(r'\\([\\"])')
_EXTENDED: Final = re.compile(r"([\w-]+)'[\w-]*'(.+)")
_ENCODED_WORDS: Final = re.compile(r"=\?[\w-]+\?[bBqQ]\?.*\?=")
# Percent signs that all begin an escape: "100 %.jpg" has none.
_PERCENT_ENCODED: Final = re.compile(r"(?:[^%]|%[0-9A-Fa-f]{2})*")


def part_name(part: File) -> str:
    """The name in `filename*` (RFC 8187) if there is one, else in `filename`.

    The latter may be as it is, percent-encoded (RFC 7578, 4.2) or in encoded words (RFC 2047, as .NET sends it).
    """
    found = _PARAMETER.findall(part.headers["Content-Disposition"])
    parameters = {name.lower(): _unquoted(value.strip()) for name, value in found}
    extended = _EXTENDED.fullmatch(parameters.get("filename*", ""))
    if extended:
        charset, value = extended.groups()
        raw = unquote_to_bytes(value)
        return raw.decode("latin-1") if charset.lower() == "iso-8859-1" else decode_name(raw)
    # Werkzeug puts names together that are sent in pieces (RFC 2231).
    return _decoded(parameters.get("filename", part.filename))


def _unquoted(value: str) -> str:
    """A value without its quotes. Browsers do not escape backslashes: only two of them, or one before a quote, are an escape."""
    quoted = len(value) > 1 and value[0] == value[-1] == '"'
    return _ESCAPED.sub(r"\1", value[1:-1]) if quoted else value


def _decoded(name: str) -> str:
    if _ENCODED_WORDS.fullmatch(name):
        with suppress(HeaderParseError, LookupError, ValueError):
            return str(make_header(decode_header(name)))
    if _PERCENT_ENCODED.fullmatch(name):
        with suppress(UnicodeDecodeError):
            return unquote_to_bytes(name).decode()
    # Browsers escape quotes and line breaks, and nothing else.
    return name.replace("%22", '"')
