"""The JSON API, a module a resource."""

from flask import Flask, Response, request

from web.http.routing import API_PREFIX
from web.http.routing import register as register_resources
from web.jobs import api as jobs
from web.jobs import index_api as index
from web.ops import docs, health
from web.palettes import api as palettes
from web.photos import api as images
from web.photos import files_api as files
from web.predictors import api as predictors
from web.predictors import photo_api as photo_predictors
from web.similar import api as similar

RESOURCES = (
    images.api,
    files.api,
    palettes.api,
    similar.api,
    predictors.api,
    photo_predictors.api,
    jobs.api,
    index.api,
    health.api,
    docs.api,
)

ABOUT = (
    "Upload photos, get their palettes and their look-alikes; train predictors and ask them. Errors are application/problem+json (RFC 9457). "
    "Lists are paged by cursor. GETs bear an ETag and honour If-None-Match."
)


def register(app: Flask) -> None:
    """Adds the API, the document about it and that document's page."""
    spec = register_resources(app, RESOURCES, ABOUT)
    docs.keep_document(app.extensions, spec.to_dict())
    app.register_blueprint(docs.pages)
    app.after_request(_tag)


def _tag(response: Response) -> Response:
    """Lets a client that has this very answer already do without it."""
    tagged = request.method in {"GET", "HEAD"} and response.status_code == 200
    if tagged and request.path.startswith(API_PREFIX) and not response.is_streamed:
        response.headers.setdefault("Cache-Control", "private, no-cache")
        response.add_etag()
        response.make_conditional(request)
    return response
