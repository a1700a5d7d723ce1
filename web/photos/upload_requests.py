"""Reading a photo from a request: a multipart form, or JSON with the file in base64."""

import base64
import binascii
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from flask import Request

from shared.errors import BadParameter, UseMultipart
from web.http.bodies.json_bodies import json_body
from web.http.bodies.multipart import read_form
from web.http.bodies.spool import Spool
from web.http.parameter_sets import read_json, read_values
from web.photos.documents import PhotoForm, UploadBody, UploadFields
from web.photos.uploads import Upload

# Of routes that take a photo: the bodies and the errors.
UPLOAD_FORMS: Final = {"multipart/form-data": PhotoForm, "application/json": UploadBody}
UPLOAD_PROBLEMS: Final = (401, 403, 409, 413, 415, 422, 503)
_DATA_URL: Final = re.compile(r"data:[^,]{0,200};base64,")
# Decoded piece by piece, so that base64 text and picture are not both whole in memory: a multiple of four.
_CHUNK_CHARACTERS: Final = 256 * 1024


@contextmanager
def received_upload(request: Request) -> Iterator[Upload]:
    """The photo in the request's body, with its description; deleted at the end of the block.

    Raises UseMultipart, NoFile, OneFileOnly, TooLarge, BadJson and BadParameters; RequestEntityTooLarge (413).
    """
    with Spool() as spool:
        if request.mimetype == "multipart/form-data":
            yield _from_form(request, spool)
        elif request.is_json:
            yield _from_json(request, spool)
        else:
            raise UseMultipart


def _from_form(request: Request, spool: Spool) -> Upload:
    form = read_form(request.stream, request.content_type or "", spool)
    return _upload(spool, form.filename, read_values(UploadFields, form.fields, refuse_unknown=True))


def _from_json(request: Request, spool: Spool) -> Upload:
    body = read_json(UploadBody, json_body(request))
    spool.fill(_decoded(body.image))
    return _upload(spool, body.name, body)


def _upload(spool: Spool, name: str, fields: UploadFields) -> Upload:
    return Upload(
        file=spool,
        name=name,
        colors=fields.colors,
        caption=fields.caption,
        tags=fields.tags,
        label=fields.label,
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
