"""The site: HTML that works without JavaScript. A blueprint a page."""

from collections.abc import Iterable

from flask import Blueprint, Flask
from jinja2 import StrictUndefined

from shared.colour import LMS_FROM_LINEAR, OKLAB_FROM_CUBE_ROOTS, SRGB_CURVE
from web.layout.frame import Frame, make_frame


def register(app: Flask, blueprints: Iterable[Blueprint]) -> None:
    """Adds the pages to the application, and to every template what the frame around a page needs."""
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    # A name that a template misspells is an error, not a blank.
    app.jinja_env.undefined = StrictUndefined
    # Scripts compute colours as the rest does.
    app.jinja_env.globals["oklab_numbers"] = {
        "curve": SRGB_CURVE._asdict(),
        "lms": LMS_FROM_LINEAR,
        "oklab": OKLAB_FROM_CUBE_ROOTS,
    }
    app.context_processor(_frame)


def _frame() -> dict[str, Frame]:
    """The frame of pages that bring none of their own, such as errors: they cannot count on the database."""
    return {"frame": make_frame(None)}
