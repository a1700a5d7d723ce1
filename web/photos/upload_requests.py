"""Reading a photo from a request: a multipart form, or JSON with the file in base64."""

import base64
import binascii
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from flask import Request
from marshmallow import Schema, ValidationError

from shared.errors import BadParameter, UseMultipart
from web.http.bodies.json_bodies import json_body, refuse
from web.http.bodies.multipart import read_form
from web.http.bodies.spool import Spool
from web.http.schemas import UploadBody, UploadForm
from web.photos.uploads import Upload

_DATA_URL: Final = re.compile(r"data:[^,]{0,200};base64,")
_FORM: Final = UploadForm()
_BODY: Final = UploadBody()
# Decoded piece by piece, so that base64 text and picture are not both whole in memory: a multiple of four.
_CHUNK_CHARACTERS: Final = 256 * 1024


@contextmanager
def received_upload(asked: Request) -> Iterator[Upload]:
    """The photo in the request's body, with what was said about it; gone at the end of the block.

    Raises UseMultipart, NoFile, OneFileOnly, TooLarge, BadJson and BadParameters; RequestEntityTooLarge (413).
    """
    with Spool() as spool:
        if asked.mimetype == "multipart/form-data":
            yield _from_form(asked, spool)
        elif asked.is_json:
            yield _from_json(asked, spool)
        else:
            raise UseMultipart


def _from_form(asked: Request, spool: Spool) -> Upload:
    form = read_form(asked.stream, asked.content_type or "", spool)
    return _upload(spool, form.filename, _load(_FORM, form.fields))


def _from_json(asked: Request, spool: Spool) -> Upload:
    said = _load(_BODY, json_body(asked))
    spool.fill(_decoded(said["image"]))
    return _upload(spool, said["name"], said)


def _load(schema: Schema, raw: Any) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = schema.load(raw, unknown="exclude" if schema is _FORM else "raise")
    except ValidationError as error:
        refuse(error)
    return loaded


def _upload(spool: Spool, name: str, said: dict[str, Any]) -> Upload:
    return Upload(
        file=spool,
        name=name,
        colors=said["colors"],
        caption=said["caption"],
        tags=tuple(said["tags"]),
        label=said["label"],
    )


def _decoded(text: str) -> Iterator[bytes]:
    """The bytes of base64 text, as such, with line breaks, or in a data: URL. Raises BadParameter."""
    found = _DATA_URL.match(text)
    encoded = text[found.end() :] if found else text
    if "\n" in encoded:
        encoded = encoded.replace("\r", "").replace("\n", "")
    for start in range(0, len(encoded), _CHUNK_CHARACTERS):
        try:
            yield base64.b64decode(encoded[start : start + _CHUNK_CHARACTERS], validate=True)
        except (binascii.Error, ValueError) as error:
            raise BadParameter("image", "image must be a file in base64, or a data: URL with one.") from error
