"""The site: HTML that works without JavaScript. A blueprint a page."""

from flask import Flask
from jinja2 import StrictUndefined

from web.jobs import pages as jobs
from web.layout.frame import Frame, make_frame
from web.pages import (
    predictor,
    predictor_card,
    predictor_labels,
    predictor_tables,
    predictor_training,
    predictors,
)
from web.palettes import pages as studio
from web.photos.pages import changes, gallery, photo, upload


def register(app: Flask) -> None:
    """Adds the pages to the application, and to every template what the frame around a page needs."""
    for page in (gallery, photo, changes, upload, studio, jobs):
        app.register_blueprint(page.blueprint)
    for page in (
        predictors,
        predictor_training,
        predictor,
        predictor_tables,
        predictor_labels,
        predictor_card,
    ):
        app.register_blueprint(page.blueprint)
    # A name that a template misspells is an error, not a blank.
    app.jinja_env.undefined = StrictUndefined
    app.context_processor(_frame)


def _frame() -> dict[str, Frame]:
    """The frame of pages that bring none of their own, such as errors: they cannot count on the database."""
    return {"frame": make_frame(None)}
