"""The JSON API: its resources, the document about them, and the ETags of its answers."""

from collections.abc import Sequence
from typing import Any

from flask import Flask, Response, request

from web.http.routing import API_PREFIX, Resource, register_resources

ABOUT = (
    "Upload photos, get their palettes and their look-alikes; train predictors and ask them. Errors are application/problem+json (RFC 9457). "
    "Lists are paged by cursor. GETs bear an ETag and honour If-None-Match."
)


def register(app: Flask, resources: Sequence[Resource]) -> dict[str, Any]:
    """Adds the API and returns the OpenAPI document about it."""
    spec = register_resources(app, resources, ABOUT)
    app.after_request(_tag)
    document: dict[str, Any] = spec.to_dict()
    return document


def _tag(response: Response) -> Response:
    """Lets a client that has this very answer already do without it."""
    tagged = request.method in {"GET", "HEAD"} and response.status_code == 200
    if tagged and request.path.startswith(API_PREFIX) and not response.is_streamed:
        response.headers.setdefault("Cache-Control", "private, no-cache")
        response.add_etag()
        response.make_conditional(request)
    return response
