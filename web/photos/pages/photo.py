"""One photo: `/images/<id>`, and the two parts of its page that sliders change."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from flask import Blueprint, g, render_template, request
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from shared.colour import Swatch
from shared.db.queries.index.state import IndexStateRow, index_state
from shared.db.queries.jobs.jobs import JobRow
from shared.db.queries.palettes import find_palette
from shared.db.queries.photos.images import ImageRow, get_image, get_images
from shared.palette_kinds import DEFAULT_KIND, PaletteKind
from web.http.addresses import job_path
from web.http.ids import image_id
from web.http.parameter_sets import read_values
from web.http.parameters import Integer
from web.layout.frame import make_frame
from web.palettes import PaletteOptions, PaletteView, arranged, job_for_palette, palette_view
from web.photos.failures import failure_of
from web.photos.view_models.photo import photo_view
from web.services import current_services
from web.similar import LookAlikesView, choose_look_alikes, look_alikes_view

blueprint = Blueprint("photo", __name__)

LOOK_ALIKES: Final = 12


class PhotoQuery(PaletteOptions):
    """What the address asks for besides the photo. colors: by default as many as it was uploaded with."""

    diversity: Annotated[int, Integer("of the look-alikes, in hundredths, as a slider has it", 0, 100)] = 0


@dataclass(frozen=True, slots=True)
class PaletteState:
    """A palette and, while it is still to be found, the job that does it."""

    view: PaletteView
    job: JobRow | None = None


@blueprint.get("/images/<id>")
def show(id: str) -> str:  # noqa: A002 - the name in the address
    """The photo with everything that is known about it so far."""
    query = _query()
    with current_services().unit_of_work.read() as connection:
        image = get_image(connection, image_id(id))
        state = index_state(connection)
        own = _swatches(connection, image, image.colors, DEFAULT_KIND)
        similar = _look_alikes(connection, state, image, query.diversity / 100)
        failure = failure_of(connection, image)
    return render_template(
        "photos/photo.html",
        frame=make_frame(state),
        view=photo_view(image, own, failure),
        palette=_palette(image, query, own).view,
        look_alikes=similar,
    )


@blueprint.get("/images/<id>/palette")
def palette(id: str) -> Response:  # noqa: A002
    """The palette alone. 202 while it is still to be found, with the job that does it."""
    with current_services().unit_of_work.read() as connection:
        image = get_image(connection, image_id(id))
        own = _swatches(connection, image, image.colors, DEFAULT_KIND)
    found = _palette(image, _query(), own)
    response = Response(render_template("palettes/palette.html", palette=found.view), mimetype="text/html")
    if found.job is not None:
        response.status_code = 202
        response.headers["Location"] = job_path(found.job.id)
    return response


@blueprint.get("/images/<id>/look-alikes")
def look_alikes(id: str) -> str:  # noqa: A002
    """The look-alikes alone."""
    with current_services().unit_of_work.read() as connection:
        image, state = get_image(connection, image_id(id)), index_state(connection)
        view = _look_alikes(connection, state, image, _query().diversity / 100)
    return render_template("similar/look_alikes.html", look_alikes=view)


def _query() -> PhotoQuery:
    return read_values(PhotoQuery, request.args.to_dict(flat=False), blank_is_absent=True)


def _palette(image: ImageRow, options: PaletteOptions, own: Sequence[Swatch]) -> PaletteState:
    """The palette asked for; one that has not been computed yet is started. own: the one of the image's own size."""
    colors = options.colors or image.colors
    if colors == image.colors and options.kind == DEFAULT_KIND:
        return PaletteState(palette_view(image, arranged(own, options.sort), options))
    unit_of_work = current_services().unit_of_work
    with unit_of_work.read() as connection:
        swatches = _swatches(connection, image, colors, options.kind)
    view = palette_view(image, arranged(swatches, options.sort), options)
    if not view.unfinished:
        return PaletteState(view)
    return PaletteState(view, job_for_palette(unit_of_work, image, colors, options.kind, g.request_id))


def _swatches(connection: Connection, image: ImageRow, colors: int, kind: PaletteKind) -> Sequence[Swatch]:
    found = find_palette(connection, image.id, colors, kind)
    return found.swatches if found else ()


def _look_alikes(
    connection: Connection, state: IndexStateRow, image: ImageRow, diversity: float
) -> LookAlikesView:
    similar = choose_look_alikes(connection, state, image.id, LOOK_ALIKES, diversity) or []
    neighbours = get_images(connection, [one.image_id for one in similar])
    return look_alikes_view(image, state, similar, neighbours, diversity)
