"""Forms that change photos and the gallery: all of them work without JavaScript.

Each answers with a redirect to the page that its reader was on, which shows what was done and how to undo it.
"""

from typing import Final
from urllib.parse import parse_qsl

from flask import Blueprint, g, redirect, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from shared.errors import BadParameter
from shared.limits import DEFAULT_COLORS, MAX_PAGE
from web.http.ids import image_id
from web.http.parameter_sets import read_values
from web.layout.notice import FinishedAction
from web.palettes import job_for_palette_of_all
from web.photos import changes
from web.photos.demo import start_demo
from web.photos.documents import Description
from web.photos.pages.gallery import read_query
from web.services import current_services

blueprint = Blueprint("changes", __name__)

# A page that was extended a few times holds as many; each is a row that a transaction locks.
MAX_SELECTED: Final = MAX_PAGE


@blueprint.post("/images/<id>/edit")
def edit(id: str) -> Response:  # noqa: A002 - the name in the address
    """Changes the description of a photo, and goes to its page."""
    wanted = image_id(id)
    form = _description()
    given = {"caption": form.caption, "tags": list(form.tags), "label": form.label}
    changes.change_image(current_services().unit_of_work, wanted, given)
    return redirect(url_for("photo.show", id=wanted), code=303)


@blueprint.post("/images/<id>/delete")
def delete(id: str) -> Response:  # noqa: A002
    """Deletes a photo and goes to the gallery."""
    wanted = image_id(id)
    changes.delete_image(current_services().unit_of_work, wanted)
    return _redirect_back(FinishedAction("deleted", [wanted]))


@blueprint.post("/selection/delete")
def delete_selected() -> Response:
    """Deletes the chosen photos."""
    deleted = changes.delete_images(current_services().unit_of_work, _selected())
    return _redirect_back(FinishedAction("deleted", deleted))


@blueprint.post("/selection/restore")
def restore_selected() -> Response:
    """Brings deleted photos back."""
    restored = changes.restore_images(current_services().unit_of_work, _selected())
    return _redirect_back(FinishedAction("restored", restored))


@blueprint.post("/selection/describe")
def describe_selected() -> Response:
    """Gives the chosen photos tags beside their own, a label in place of it, or both: whatever was filled in."""
    form = _description()
    described = changes.describe_images(current_services().unit_of_work, _selected(), form.tags, form.label)
    return _redirect_back(FinishedAction("described", described))


@blueprint.post("/selection/palette")
def palette_of_selected() -> Response:
    """Has one palette found for all of the chosen photos, and goes to the studio, which shows it."""
    job = job_for_palette_of_all(
        current_services().unit_of_work, _selected(), DEFAULT_COLORS, request_id=g.request_id
    )
    return redirect(url_for("studio.show_palette", id=job.id), code=303)


@blueprint.post("/demo")
def fill_with_demo() -> Response:
    """Has the demo pictures drawn, and goes to the gallery that they come into."""
    start_demo(current_services().unit_of_work, g.request_id)
    return redirect(url_for("gallery.show"), code=303)


def _selected() -> list[int]:
    ids = request.form.getlist("id")
    if not ids:
        raise BadParameter("id", "No photo was chosen. Choose one or more of them first.")
    if len(ids) > MAX_SELECTED:
        raise BadParameter("id", f"These are {len(ids)} photos. Choose at most {MAX_SELECTED} at a time.")
    return [image_id(each) for each in dict.fromkeys(ids)]


def _description() -> Description:
    return read_values(Description, request.form.to_dict(flat=False))


def _redirect_back(done: FinishedAction) -> Response:
    """To the page of the gallery that the form was on: only its query is taken from the form, never an address."""
    query = read_query(MultiDict(parse_qsl(request.form.get("back", ""))))
    return redirect(query.here(**done.parts), code=303)
