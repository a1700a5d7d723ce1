"""The palette studio: `/palette`. A photo in, its palette out, nothing in the gallery.

With JavaScript the page sends photos to the API itself and takes palettes of other sizes from here; without, its form
comes here and leads to the address of what was found.
"""

from typing import Final

from flask import Blueprint, g, redirect, render_template, request
from werkzeug.wrappers import Response

from shared.db.queries.index.state import index_state
from shared.db.queries.photos.images import ImageFilter, list_images
from shared.errors import BadInput, Conflict
from shared.limits import MAX_COLORS, MIN_COLORS
from web.http import parameters
from web.http.errors import STATUS
from web.http.ids import job_id
from web.jobs.waiting import wait_for_job
from web.layout.frame import make_frame
from web.palettes.ephemeral import get_palette_job, passing_palette
from web.palettes.formats import FORMATS
from web.palettes.responses import exported_palette
from web.palettes.view_models.studio import StudioView, carried_swatches, found_address, studio_view
from web.photos.upload_requests import received_upload
from web.photos.uploads import add_passing_photo
from web.services import current_services

blueprint = Blueprint("studio", __name__)

# Longer than a palette takes where workers are at hand; then the page asks again by itself.
PATIENCE_SECONDS: Final = 20.0
# Photos of the gallery to begin with: a row on a desk, two on a phone.
BESIDE: Final = 6
# 16 codes of six digits, or shares of as many, with the hyphens between them.
_LONGEST: Final = 16 * 7


@blueprint.get("/palette")
def show() -> str | Response:
    """The palette that the address carries, as a page or as a file; without one, the place to drop a photo."""
    colors = parameters.text("colors", request.args.getlist("colors"), default=None, max_characters=_LONGEST)
    shares = parameters.text("shares", request.args.getlist("shares"), default=None, max_characters=_LONGEST)
    form = parameters.choice("format", request.args.getlist("format"), choices=FORMATS, default=None)
    if colors is None:
        with current_services().unit_of_work.read() as connection:
            newest = list_images(connection, ImageFilter(), BESIDE, None).images
        return _page(studio_view(gallery=newest))
    swatches = carried_swatches(colors, shares)
    return exported_palette(form, swatches, "Palette") if form else _page(studio_view(swatches))


@blueprint.post("/palette")
def send() -> Response | tuple[str, int]:
    """Takes one photo and leads to its palette; or says what to change."""
    services = current_services()
    try:
        with received_upload(request) as upload:
            job = add_passing_photo(services, upload, request_id=g.request_id)
    except BadInput as error:
        return _page(studio_view(error=error.message)), STATUS[error.code]
    wait_for_job(services.unit_of_work, services.waiters, job.id, PATIENCE_SECONDS)
    return redirect(found_address(job.id, upload.colors), code=303)


@blueprint.get("/palette/<id>")
def show_found(id: str) -> str | tuple[str, int]:  # noqa: A002 - the name in the address
    """A palette that was found in a photo, of the size asked for."""
    colors = parameters.integer(
        "colors", request.args.getlist("colors"), default=None, minimum=MIN_COLORS, maximum=MAX_COLORS
    )
    with current_services().unit_of_work.read() as connection:
        job = get_palette_job(connection, job_id(id))
    try:
        return _page(studio_view(passing_palette(job, colors), job_id=job.id, colors=colors))
    except Conflict as error:
        return _page(studio_view(error=error.message)), STATUS[error.code]


def _page(view: StudioView) -> str:
    with current_services().unit_of_work.read() as connection:
        frame = make_frame(index_state(connection), here="studio.show")
    return render_template("studio.html", frame=frame, view=view)
