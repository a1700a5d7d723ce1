"""The front end, put together. The only place that wires it."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from flask import Flask

from shared.limits import MAX_FILE_BYTES
from shared.logs import configure_logs
from shared.settings import Settings, load_settings, refusing_in_words
from web import cli
from web.http import api, errors
from web.http.bodies.bounded import BoundedBodies
from web.http.bodies.multipart import MAX_FIELD_BYTES, MAX_PARTS
from web.http.middleware import request_log, security
from web.http.middleware.mount import Mount, check_prefix
from web.jobs import api as jobs_api
from web.jobs import index_api
from web.jobs import pages as jobs_pages
from web.layout import pages
from web.layout.error_page import error_page
from web.ops import docs, health
from web.palettes import api as palettes_api
from web.palettes import pages as studio
from web.photos import api as photos_api
from web.photos import files_api
from web.photos.pages import changes, gallery, photo, upload
from web.predictors import api as predictors_api
from web.predictors import photo_api as photo_predictors_api
from web.predictors.pages import card, labels, overview, predictor, tables, training
from web.services import EXTENSION, Services, make_services
from web.similar import api as similar_api

P = ParamSpec("P")
T = TypeVar("T")

# In the order of the document that describes them.
RESOURCES = (
    photos_api.api,
    files_api.api,
    palettes_api.api,
    similar_api.api,
    predictors_api.api,
    photo_predictors_api.api,
    jobs_api.api,
    index_api.api,
    health.api,
    docs.api,
)

PAGES = (
    *(page.blueprint for page in (gallery, photo, changes, upload, studio, jobs_pages)),
    *(page.blueprint for page in (overview, training, predictor, tables, labels, card)),
)

# The parts of a form around a photo of 20 MiB: its fields, headers and boundaries.
ENVELOPE_BYTES = 128 * 1024


class _App(Flask):
    """Flask, told that no view and no hook is a coroutine: it would look at each of them again in every request."""

    def ensure_sync(self, func: Callable[P, T]) -> Callable[P, T]:
        """Hands back what it is given."""
        return func


def create_app(settings: Settings | None = None, services: Services | None = None) -> Flask:
    """The application over these services; without them, over those that the settings name.

    Without settings they are read from the environment, the process logs as they say, and ends with a sentence where
    they cannot be used: so `flask --app web.app` finds it. Connects to nothing. Raises BadSetting.
    """
    if settings is None:
        with refusing_in_words():
            settings = load_settings()
            configure_logs(settings, "web")
            return create_app(settings, services)
    app = _App("web")
    app.extensions[EXTENSION] = services or make_services(settings)
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_FILE_BYTES + ENVELOPE_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_FIELD_BYTES,
        MAX_FORM_PARTS=MAX_PARTS,
    )
    app.wsgi_app = Mount(BoundedBodies(app.wsgi_app), settings.prefix)  # type: ignore[method-assign]
    # In this order: what is refused has a name and a line in the log all the same.
    request_log.register(app)
    security.register(app)
    errors.register(app, error_page)
    docs.register(app, api.register(app, RESOURCES))
    pages.register(app, PAGES)
    cli.register(app)
    check_prefix(app, settings.prefix)
    return app


def create_app_from_environment() -> Flask:
    """The application for a WSGI server: `gunicorn "web.app:create_app_from_environment()"`."""
    return create_app()
