"""The site: HTML that works without JavaScript. A blueprint a page."""

from flask import Flask
from jinja2 import StrictUndefined

from web.jobs import pages as jobs
from web.layout.frame import Frame, make_frame
from web.palettes import pages as studio
from web.photos.pages import changes, gallery, photo, upload
from web.predictors.pages import card as predictor_card
from web.predictors.pages import labels as predictor_labels
from web.predictors.pages import overview as predictors
from web.predictors.pages import predictor
from web.predictors.pages import tables as predictor_tables
from web.predictors.pages import training as predictor_training


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
