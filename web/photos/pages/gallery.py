"""The gallery: `/`."""

import re
from typing import Annotated, Final

from flask import Blueprint, redirect, render_template, request
from sqlalchemy import Connection
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from shared.db.queries.index.state import index_state
from shared.db.queries.jobs.jobs import find_in_flight
from shared.db.queries.photos.facets import common_labels, common_tags
from shared.db.queries.photos.listing import Position, list_images, previous_images
from shared.db.queries.photos.selection import deleted_images
from shared.jobs.kinds import JobKind
from shared.limits import MAX_PAGE
from web.http.cursors import MAX_CURSOR, decode_image
from web.http.parameter_sets import Parameters, read_values
from web.http.parameters import Choice, ImageIds, Text
from web.layout.frame import make_frame
from web.layout.notice import ACTIONS, FinishedAction, Notice, notice_of
from web.photos.documents import ImagesFilter
from web.photos.view_models.gallery import Facets, GalleryQuery, gallery_view
from web.services import current_services

blueprint = Blueprint("gallery", __name__)

# Fills rows of two, three, four and six, and loads within a second.
PAGE_SIZE: Final = 24
# Of tags and of labels: as many as can be scanned at a glance.
MAX_FACETS: Final = 24
_COLOR: Final = re.compile(r"\s*#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})\s*")


class GalleryPageQuery(ImagesFilter):
    cursor: Annotated[str | None, Text("where the page begins", MAX_CURSOR)] = None


class NoticeQuery(Parameters):
    done: Annotated[str | None, Choice("what was just done", ACTIONS)] = None
    images: Annotated[tuple[int, ...], ImageIds("to which images", MAX_PAGE)] = ()


@blueprint.get("/")
def show() -> str | Response:
    """A page of photos, in the order asked for."""
    query = read_query(request.args)
    if query.words and (color := _COLOR.fullmatch(query.words)):
        return redirect(GalleryQuery(color=_six_digits(color[1])).address())
    with current_services().unit_of_work.read() as connection:
        page = list_images(connection, query.filter, PAGE_SIZE, query.after)
        previous = _previous_page(connection, query)
        facets = Facets(common_tags(connection, MAX_FACETS), common_labels(connection, MAX_FACETS))
        notice = _notice(connection)
        # Only where its pictures would appear.
        demo = find_in_flight(connection, [JobKind.DEMO]) if query == GalleryQuery() else None
        frame = make_frame(index_state(connection), here="gallery.show", search=query.words or "")
    view = gallery_view(query, page, previous, facets, demo)
    return render_template("photos/gallery.html", frame=frame, view=view, notice=notice)


def _previous_page(connection: Connection, query: GalleryQuery) -> Position | None:
    """Where the page before this one begins; None for the first."""
    if query.after is None:
        return None
    return previous_images(connection, query.filter, PAGE_SIZE, query.after)


def read_query(args: MultiDict[str, str]) -> GalleryQuery:
    """What the address asks for; an empty field of a form counts as left out. Raises BadParameters, BadCursor."""
    query = read_values(GalleryPageQuery, args.to_dict(flat=False), blank_is_absent=True)
    return GalleryQuery(
        tag=query.tag,
        label=query.label,
        words=query.q,
        color=query.color,
        after=decode_image(query.cursor, query.filter.order),
        ids=query.ids,
        taken_from=query.taken_from,
        taken_to=query.taken_to,
        sort=query.sort,
    )


def _six_digits(digits: str) -> str:
    """`1ef` and `11eeff` as `#11eeff`."""
    return "#" + (digits if len(digits) == 6 else "".join(2 * digit for digit in digits)).lower()


def _notice(connection: Connection) -> Notice | None:
    """What a form has just done, according to the address."""
    query = read_values(NoticeQuery, request.args.to_dict(flat=False))
    if query.done is None:
        return None
    return notice_of(FinishedAction(query.done, query.images), deleted_images(connection, query.images))
