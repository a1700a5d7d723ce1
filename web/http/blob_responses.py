"""Answers that stream a blob. What is in it is told by its first bytes, never by a name or a client."""

import string
import unicodedata
from collections.abc import Iterator
from contextlib import ExitStack
from typing import IO, Final
from urllib.parse import quote

from flask import Request, Response

from shared.file_types import FILE_TYPES, HEAD_BYTES, FileType, picture_format
from shared.storage import BlobStore
from web.http.filenames import display_name, split_extension

_CHUNK_BYTES: Final = 64 * 1024
_UNKNOWN: Final = FileType("application/octet-stream", ".bin")
# Means the same to every client within quotes: others end the name, or are decoded by some.
_PLAIN: Final = frozenset(string.ascii_letters + string.digits + " ._-()")
_YEAR_SECONDS: Final = 31_536_000


def blob_answer(
    blobs: BlobStore, key: str, incoming: Request, *, tag: str, name: str, secret: bool = False
) -> Response:
    """The blob as the body, with headers that let no browser make anything but a picture of it.

    tag: names this very content, so that a client that has it need not fetch it again; name: shown when it is saved;
    secret: no cache may keep it. Raises BlobNotFound and StorageUnavailable.
    """
    # Weakly (RFC 9110, 13.1.2): a proxy that packs what it passes on marks tags as weak.
    known = incoming.if_none_match.contains_weak(tag)
    response = Response(status=304) if known else _stream(blobs, key, name)
    response.set_etag(tag)
    # The bytes behind an address never change: a photo that is sent again gets a new one.
    fresh = f"private, max-age={_YEAR_SECONDS}, immutable"
    response.headers["Cache-Control"] = "no-store" if secret else fresh
    return response


def _stream(blobs: BlobStore, key: str, name: str) -> Response:
    with ExitStack() as opened:
        size = blobs.stat(key).size
        blob = opened.enter_context(blobs.open(key))
        head = blob.read(HEAD_BYTES)
        kind = _kind(head)
        response = Response(_chunks(head, blob), content_type=kind.content_type)
        response.call_on_close(opened.pop_all().close)
    response.headers["Content-Length"] = str(size)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Content-Disposition"] = _disposition(name, kind.extension)
    return response


def _chunks(head: bytes, blob: IO[bytes]) -> Iterator[bytes]:
    yield head
    while chunk := blob.read(_CHUNK_BYTES):
        yield chunk


def _kind(head: bytes) -> FileType:
    found = picture_format(head)
    return _UNKNOWN if found is None else FILE_TYPES[found]


def _disposition(name: str, extension: str) -> str:
    """An inline disposition (RFC 6266) that saves under the photo's name, with the extension of what is sent.

    `filename*` (RFC 8187) has the name as it is; `filename`, for clients that know no other, is what ASCII has of it.
    """
    filename = split_extension(display_name(name))[0] + extension
    return f"inline; filename=\"{_in_ascii(filename)}\"; filename*=UTF-8''{quote(filename, safe='')}"


def _in_ascii(name: str) -> str:
    """Letters without their accents, and _ for what has none of them, or would be read as more than a character."""
    spelled = (unicodedata.normalize("NFKD", char) for char in name)
    return "".join("".join(filter(_PLAIN.__contains__, chars)) or "_" for chars in spelled)
