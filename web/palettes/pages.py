"""The palette studio: `/palette`. A photo in, its palette out, nothing in the gallery.

With JavaScript the page sends photos to the API itself and takes palettes of other sizes from here; without, its form
comes here and leads to the address of its palette.
"""

from dataclasses import replace
from typing import Annotated, Final

from flask import Blueprint, g, redirect, render_template, request
from werkzeug.wrappers import Response

from shared.db.queries.index.state import index_state
from shared.db.queries.photos.listing import ImageFilter, list_images
from shared.errors import BadInput, Conflict
from web.http.errors import STATUS
from web.http.ids import job_id
from web.http.parameter_sets import Parameters, read_values
from web.http.parameters import Choice, Text
from web.http.waiting import wait_for_job
from web.layout.frame import make_frame
from web.palettes.documents import PaletteOptions
from web.palettes.ephemeral import ephemeral_palettes, get_palette_job
from web.palettes.formats import FORMATS
from web.palettes.order import arranged
from web.palettes.responses import exported_palette
from web.palettes.view_models.studio import StudioView, palette_address, parse_swatches, studio_view
from web.photos import find_palette_of_upload, received_upload
from web.services import current_services

blueprint = Blueprint("studio", __name__)

# Longer than a palette takes while workers are free; after that the page polls.
MAX_WAIT_SECONDS: Final = 20.0
# Photos of the gallery to start from: a row on a desktop, two on a phone.
GALLERY_PHOTOS: Final = 6
# 16 codes of six digits, or shares of as many, with the hyphens between them.
_MAX_CHARACTERS: Final = 16 * 7


class StudioQuery(Parameters):
    """A palette that the address carries: codes of six digits and shares, with hyphens between them."""

    colors: Annotated[str | None, Text("the colours", _MAX_CHARACTERS)] = None
    shares: Annotated[str | None, Text("their shares", _MAX_CHARACTERS)] = None
    format: Annotated[str | None, Choice("what the palette is written as", tuple(FORMATS))] = None


@blueprint.get("/palette")
def show() -> str | Response:
    """The palette that the address carries, as a page or as a file; without one, the place to drop a photo."""
    query = read_values(StudioQuery, request.args.to_dict(flat=False))
    if query.colors is None:
        with current_services().unit_of_work.read() as connection:
            newest = list_images(connection, ImageFilter(), GALLERY_PHOTOS, None).images
        return _page(studio_view(gallery=newest))
    swatches = parse_swatches(query.colors, query.shares)
    if query.format is not None:
        return exported_palette(query.format, swatches, "Palette")
    return _page(studio_view(swatches))


@blueprint.post("/palette")
def send() -> Response | tuple[str, int]:
    """Takes one photo and leads to its palette; or says what to change."""
    services = current_services()
    try:
        with received_upload(request) as upload:
            job = find_palette_of_upload(services, upload, request_id=g.request_id)
    except BadInput as error:
        return _page(studio_view(error=error.message)), STATUS[error.code]
    wait_for_job(services.unit_of_work, services.waiters, job.id, MAX_WAIT_SECONDS)
    return redirect(palette_address(job.id, upload.colors), code=303)


@blueprint.get("/palette/<id>")
def show_palette(id: str) -> str | tuple[str, int]:  # noqa: A002 - the name in the address
    """A palette that was found in a photo, of the size and kind asked for."""
    options = read_values(PaletteOptions, request.args.to_dict(flat=False))
    with current_services().unit_of_work.read() as connection:
        job = get_palette_job(connection, job_id(id))
    try:
        found = ephemeral_palettes(job)
        swatches = None if found is None else found.palette(options.colors, options.kind)
        if found is not None:
            options = replace(options, colors=options.colors or found.size)
        shown = arranged(swatches, options.sort) if swatches else None
        return _page(studio_view(shown, job_id=job.id, options=options))
    except Conflict as error:
        return _page(studio_view(error=error.message)), STATUS[error.code]


def _page(view: StudioView) -> str:
    with current_services().unit_of_work.read() as connection:
        frame = make_frame(index_state(connection), here="studio.show")
    return render_template("palettes/studio.html", frame=frame, view=view)
