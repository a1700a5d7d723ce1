"""Forms with one file (multipart/form-data, RFC 7578), read part by part while they come in.

Werkzeug's decoder does the parsing. Its form parser is not used: it lets a body that was cut off pass as an empty one,
and a file name with a line break as a field.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Final

from werkzeug.datastructures import Headers
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData

from shared.errors import BadParameter, NoFile, OneFileOnly, TooLarge
from web.http.bodies.part_names import part_name
from web.http.bodies.spool import Spool
from web.http.filenames import decode_name

# A photo, its caption, tags, label and colours, and some room.
MAX_PARTS: Final = 10
# Captions and tags are far below this.
MAX_FIELD_BYTES: Final = 64 * 1024

# RFC 2046 allows 70, which not every client knows.
MAX_BOUNDARY: Final = 200

_CHUNK_BYTES: Final = 64 * 1024
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_ESCAPED: Final = re.compile(r"\\.")
_MALFORMED: Final = "The multipart body is malformed or was cut off."


@dataclass(slots=True)
class Form:
    """What came: every value of each field in order, and the name of the file as it was given."""

    fields: dict[str, list[str]] = field(default_factory=dict)
    filename: str = ""
    has_file: bool = False


@dataclass(frozen=True, slots=True)
class FilePart:
    """The part that holds the file. missing: what to say where it does not come; needed: whether it must."""

    name: str
    missing: str
    needed: bool = True


PHOTO: Final = FilePart("file", NoFile().message)


def read_form(
    stream: IO[bytes],
    content_type: str,
    spool: Spool,
    file: FilePart = PHOTO,
    most_parts: int = MAX_PARTS,
) -> Form:
    """The form in the stream; its file goes into the spool.

    Raises NoFile for a body that is malformed, cut off or without its file, OneFileOnly, and TooLarge.
    """
    boundary = parse_options_header(content_type)[1].get("boundary", "")
    if not 1 <= len(boundary) <= MAX_BOUNDARY or not boundary.isascii():
        raise NoFile("The Content-Type has no boundary, so the parts of the body cannot be told apart.")
    reader = _Reader(spool, file, most_parts)
    try:
        for event in _events(stream, _Decoder(boundary.encode())):
            reader.take(event)
    except ValueError as error:
        raise NoFile(_MALFORMED) from error
    if file.needed and not reader.form.has_file:
        raise NoFile(file.missing)
    return reader.form


class _Decoder(MultipartDecoder):
    """Takes headers that are not UTF-8, which are those of older clients with a name in Latin-1."""

    def _parse_headers(self, data: bytes | bytearray) -> Headers:
        return super()._parse_headers(decode_name(bytes(data)).encode())


def _events(stream: IO[bytes], decoder: MultipartDecoder) -> Iterator[Event]:
    while True:
        event = decoder.next_event()
        if isinstance(event, NeedData):
            # What the decoder keeps is a header that does not end, or no multipart body at all.
            if len(decoder.buffer) > MAX_FIELD_BYTES:
                raise NoFile(_MALFORMED)
            decoder.receive_data(stream.read(_CHUNK_BYTES) or None)
        else:
            yield event
        if isinstance(event, Epilogue):
            return


class _Reader:
    """Puts each part where it belongs."""

    def __init__(self, spool: Spool, file: FilePart, most_parts: int) -> None:
        self.form = Form()
        self._spool = spool
        self._file = file
        self._most_parts = most_parts
        self._parts = 0
        self._field_bytes = 0
        self._part: Field | File | None = None
        self._text = bytearray()

    def take(self, event: Event) -> None:
        if isinstance(event, Field | File):
            self._begin(event)
        elif isinstance(event, Data):
            self._add(event.data)
            if not event.more_data:
                self._end()

    def _begin(self, part: Field | File) -> None:
        self._parts += 1
        if self._parts > self._most_parts:
            raise TooLarge(f"The form has more than {self._most_parts} parts.")
        _check_headers(part)
        self._part = part
        if isinstance(part, Field) and part.name == self._file.name:
            raise NoFile(f'The part named "{self._file.name}" has no file name.')
        if isinstance(part, File) and part.filename:
            if self.form.has_file:
                raise OneFileOnly
            if part.name != self._file.name:
                raise NoFile(self._file.missing)
            self.form.has_file = True
            self.form.filename = part_name(part)

    def _add(self, data: bytes) -> None:
        if isinstance(self._part, File):
            # An input without a choice comes as a file without a name.
            if self._part.filename:
                self._spool.write(data)
            return
        self._field_bytes += len(data)
        if self._field_bytes > MAX_FIELD_BYTES:
            raise TooLarge("The fields of the form are larger than Vitrine takes. Keep them within 64 kB.")
        self._text += data

    def _end(self) -> None:
        if not isinstance(self._part, Field):
            return
        name = self._part.name or ""
        try:
            value = self._text.decode()
        except UnicodeDecodeError as error:
            raise BadParameter(name, f"{name} is not valid UTF-8.") from error
        self.form.fields.setdefault(name, []).append(value)
        self._text.clear()


def _check_headers(part: Field | File) -> None:
    """Raises NoFile where a line break has split a header: a name with one would pass for another header."""
    disposition = part.headers["Content-Disposition"]
    quotes = _ESCAPED.sub("", disposition).count('"')
    if quotes % 2 or not all(_TOKEN.fullmatch(name) for name, _ in part.headers):
        raise NoFile(_MALFORMED)
