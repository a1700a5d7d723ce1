"""The JSON API: its resources, and the ETags of its answers."""

from collections.abc import Sequence
from typing import Any

from flask import Flask, Response, request

from web.http.addresses import API_PREFIX
from web.http.openapi import openapi_document
from web.http.routing import Resource

ABOUT = (
    "Upload photos, get their palettes and their look-alikes; train predictors and ask them. Errors are "
    "application/problem+json (RFC 9457). Lists are paged by cursor. GETs have an ETag and honour If-None-Match."
)


def register(app: Flask, resources: Sequence[Resource]) -> dict[str, Any]:
    """Adds the API and returns the OpenAPI document about it."""
    for resource in resources:
        app.register_blueprint(resource.blueprint)
    app.after_request(_tag)
    return openapi_document(resources, ABOUT)


def _tag(response: Response) -> Response:
    """Lets a client that has this very answer already do without it."""
    tagged = request.method in {"GET", "HEAD"} and response.status_code == 200
    if tagged and request.path.startswith(API_PREFIX) and not response.is_streamed:
        response.headers.setdefault("Cache-Control", "private, no-cache")
        response.add_etag()
        # Most clients have nothing yet: looking through all that an answer may depend on costs as much as the tag.
        if "HTTP_IF_NONE_MATCH" in request.environ:
            response.make_conditional(request)
    return response
