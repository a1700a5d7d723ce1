"""One photo: `/images/<id>`, and its deletion."""

from typing import Final

from flask import Blueprint, redirect, render_template, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from shared.db.queries.images import ImageRow, delete_image, get_image, get_images
from shared.db.queries.index import IndexStateRow, Similar, index_state, similar_images
from shared.db.queries.jobs import get_job
from shared.db.queries.palettes import find_palette
from shared.errors import JobNotFound
from shared.jobs import JobStatus
from web.ids import image_id
from web.pages.view_models.frame import make_frame
from web.pages.view_models.photo import photo_view
from web.pages.view_models.tile import make_tile
from web.presenters import swatches
from web.services import current_services

blueprint = Blueprint("photo", __name__)

LOOK_ALIKES: Final = 12


@blueprint.get("/images/<id>")
def show(id: str) -> str:  # noqa: A002 - the name in the address
    """The photo with all that is known of it so far."""
    with current_services().unit_of_work.read() as connection:
        image = get_image(connection, image_id(id))
        state = index_state(connection)
        palette = find_palette(connection, image.id, image.colors)
        similar = _similar(connection, state, image)
        neighbours = get_images(connection, [one.image_id for one in similar])
        failure = _failure(connection, image)
    found = swatches(palette.swatches) if palette else []
    view = photo_view(image, found, similar, neighbours, failure)
    return render_template("photo.html", frame=make_frame(state), view=view)


@blueprint.get("/images/<id>/delete")
def ask_to_delete(id: str) -> str:  # noqa: A002
    """Asks before the photo goes: there is no way back."""
    with current_services().unit_of_work.read() as connection:
        image = get_image(connection, image_id(id))
        frame = make_frame(index_state(connection))
    return render_template("delete.html", frame=frame, tile=make_tile(image, row_height=320, eager=True))


@blueprint.post("/images/<id>/delete")
def delete(id: str) -> Response:  # noqa: A002
    """Deletes the photo and goes to the gallery."""
    with current_services().unit_of_work.begin() as transaction:
        delete_image(transaction, image_id(id))
    return redirect(url_for("gallery.show"), code=303)


def _similar(connection: Connection, state: IndexStateRow, image: ImageRow) -> list[Similar]:
    if state.generation is None:
        return []
    return (similar_images(connection, state.generation, image.id) or [])[:LOOK_ALIKES]


def _failure(connection: Connection, image: ImageRow) -> str | None:
    """What went wrong with the photo, as its job tells it."""
    if not {image.palette, image.embedding} & {JobStatus.FAILED, JobStatus.DEAD} or image.job_id is None:
        return None
    try:
        return get_job(connection, image.job_id).error_message
    except JobNotFound:  # jobs are archived before images are
        return None
