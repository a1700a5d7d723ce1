"""What people do to photos and to the gallery by forms: all of it works without JavaScript.

Each answers with a redirect to where its reader was; what was done, and how to undo it, is said there.
"""

from typing import Final
from urllib.parse import parse_qsl

from flask import Blueprint, g, redirect, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from shared.db.queries.photos import images, selection
from shared.errors import BadParameter, ImageNotFound
from shared.limits import DEFAULT_COLORS, MAX_PAGE, MAX_TAGS
from web.http.ids import image_id
from web.http.parameter_sets import read_values
from web.layout.notice import FinishedAction
from web.palettes import job_for_palette_of_all
from web.photos.demo import start_demo
from web.photos.documents import Description
from web.photos.pages.gallery import read_query
from web.services import current_services

blueprint = Blueprint("changes", __name__)

# As many as a page holds that was lengthened some times; each is a row that a transaction locks.
MOST: Final = MAX_PAGE


@blueprint.post("/images/<id>/edit")
def edit(id: str) -> Response:  # noqa: A002 - the name in the address
    """Changes the description of a photo, and goes to its page."""
    wanted = image_id(id)
    form = _description()
    changes = {"caption": form.caption, "tags": list(form.tags), "label": form.label}
    with current_services().unit_of_work.begin() as transaction:
        images.change_image(transaction.connection, wanted, changes)
    return redirect(url_for("photo.show", id=wanted), code=303)


@blueprint.post("/images/<id>/delete")
def delete(id: str) -> Response:  # noqa: A002
    """Deletes a photo and goes to the gallery."""
    with current_services().unit_of_work.begin() as transaction:
        deleted = selection.delete_images(transaction, [image_id(id)])
    if not deleted:
        raise ImageNotFound
    return _back(FinishedAction("deleted", deleted))


@blueprint.post("/selection/delete")
def delete_chosen() -> Response:
    """Deletes the chosen photos."""
    with current_services().unit_of_work.begin() as transaction:
        deleted = selection.delete_images(transaction, _chosen())
    return _back(FinishedAction("deleted", deleted))


@blueprint.post("/selection/restore")
def restore_chosen() -> Response:
    """Brings deleted photos back."""
    with current_services().unit_of_work.begin() as transaction:
        restored = selection.restore_images(transaction, _chosen())
    return _back(FinishedAction("restored", restored))


@blueprint.post("/selection/describe")
def describe_chosen() -> Response:
    """Gives the chosen photos tags beside their own, a label in place of it, or both: whatever was filled in."""
    chosen, form = _chosen(), _description()
    described: list[int] = []
    with current_services().unit_of_work.begin() as transaction:
        if form.tags:
            described = selection.add_tags(transaction.connection, chosen, list(form.tags), MAX_TAGS)
        if form.label:
            described = selection.set_label(transaction.connection, chosen, form.label)
    return _back(FinishedAction("described", described))


@blueprint.post("/selection/palette")
def palette_of_chosen() -> Response:
    """Has one palette found for all of the chosen photos, and goes to the studio, which shows it."""
    job = job_for_palette_of_all(
        current_services().unit_of_work, _chosen(), DEFAULT_COLORS, request_id=g.request_id
    )
    return redirect(f"/palette/{job.id}", code=303)


@blueprint.post("/demo")
def fill_with_demo() -> Response:
    """Has the demo pictures drawn, and goes to the gallery that they come into."""
    start_demo(current_services().unit_of_work, g.request_id)
    return redirect(url_for("gallery.show"), code=303)


def _chosen() -> list[int]:
    ids = request.form.getlist("id")
    if not ids:
        raise BadParameter("id", "No photo was chosen. Choose one or more of them first.")
    if len(ids) > MOST:
        raise BadParameter("id", f"These are {len(ids)} photos. Choose at most {MOST} at a time.")
    return [image_id(each) for each in dict.fromkeys(ids)]


def _description() -> Description:
    return read_values(Description, request.form.to_dict(flat=False))


def _back(done: FinishedAction) -> Response:
    """To where in the gallery the form came from: its query alone is believed, never an address."""
    query = read_query(MultiDict(parse_qsl(request.form.get("back", ""))))
    return redirect(query.here(**done.parts), code=303)
