"""The gallery: `/`."""

import re
from typing import Final

from flask import Blueprint, redirect, render_template, request
from sqlalchemy import Connection
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from shared.db.queries.index.state import index_state
from shared.db.queries.jobs.jobs import find_in_flight
from shared.db.queries.photos.facets import common_labels, common_tags
from shared.db.queries.photos.images import list_images
from shared.db.queries.photos.selection import deleted_images
from shared.db.queries.previous_page import previous_images
from shared.jobs.kinds import JobKind
from shared.limits import MAX_PAGE
from web.http import parameters
from web.http.cursors import decode_image
from web.layout.frame import make_frame
from web.layout.notice import DEEDS, Done, Notice, notice_of
from web.photos.view_models.gallery import Facets, GalleryQuery, gallery_view
from web.services import current_services

blueprint = Blueprint("gallery", __name__)

# Fills rows of two, three, four and six, and loads within a second.
PAGE_SIZE: Final = 24
# As many tags, and as many labels, as can be taken in at a glance.
MOST_FACETS: Final = 24
_COLOR: Final = re.compile(r"\s*#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})\s*")


@blueprint.get("/")
def show() -> str | Response:
    """A page of photos: newest first, or nearest in colour first."""
    query = read_query(request.args)
    if query.words and (color := _COLOR.fullmatch(query.words)):
        return redirect(GalleryQuery(color=_six_digits(color[1])).address())
    with current_services().unit_of_work.read() as connection:
        page = list_images(connection, query.filter, PAGE_SIZE, query.after)
        newer = None
        if query.after is not None and query.color is None:
            newer = previous_images(connection, query.filter, PAGE_SIZE, query.after)
        facets = Facets(common_tags(connection, MOST_FACETS), common_labels(connection, MOST_FACETS))
        notice = _notice(connection)
        # Looked for where its pictures would be seen to come in.
        demo = find_in_flight(connection, [JobKind.DEMO]) if query == GalleryQuery() else None
        frame = make_frame(index_state(connection), here="gallery.show", search=query.words or "")
    view = gallery_view(query, page, newer, facets, demo)
    return render_template("gallery.html", frame=frame, view=view, notice=notice)


def read_query(args: MultiDict[str, str]) -> GalleryQuery:
    """What the address asks for; an empty field of a form counts as left out. Raises BadParameter, BadCursor."""
    given = {name: [value for value in args.getlist(name) if value] for name in args}
    color = parameters.hex_color("color", given.get("color", []), default=None)
    return GalleryQuery(
        tag=_text("tag", given.get("tag", [])),
        label=_text("label", given.get("label", [])),
        words=_text("q", given.get("q", [])),
        color=color,
        after=decode_image(_text("cursor", given.get("cursor", [])), by_color=color is not None),
        ids=parameters.id_list("ids", given.get("ids", []), most=PAGE_SIZE),
    )


def _six_digits(digits: str) -> str:
    """`1ef` and `11eeff` as `#11eeff`."""
    return "#" + (digits if len(digits) == 6 else "".join(2 * digit for digit in digits)).lower()


def _notice(connection: Connection) -> Notice | None:
    """What a form has just done, which the address tells."""
    deed = parameters.choice("done", request.args.getlist("done"), choices=DEEDS, default=None)
    if deed is None:
        return None
    ids = parameters.id_list("images", request.args.getlist("images"), most=MAX_PAGE) or ()
    return notice_of(Done(deed, ids), deleted_images(connection, ids))


def _text(name: str, values: list[str]) -> str | None:
    return parameters.text(name, values, default=None, max_characters=200)
