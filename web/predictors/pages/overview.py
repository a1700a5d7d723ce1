"""All predictors: `/predictors`."""

from typing import Final

from flask import Blueprint, render_template, request, url_for

from shared.db.queries.index.state import index_state
from shared.db.queries.predictors.jobs import trainings_under_way
from shared.db.queries.predictors.predictors import list_predictors
from web.http import cursors
from web.http.parameter_sets import read_values
from web.layout.frame import make_frame
from web.layout.paging import Pages
from web.predictors.documents import PredictorsQuery
from web.predictors.view_models.overview import overview
from web.services import current_services

blueprint = Blueprint("predictors_page", __name__)

# Fills rows of two, three and four.
PAGE_SIZE: Final = 24
MOST_TRAININGS: Final = 12


@blueprint.get("/predictors")
def show() -> str:
    """A card for each predictor, by name, and what is being trained."""
    after = cursors.decode_name(read_values(PredictorsQuery, request.args.to_dict(flat=False)).cursor)
    with current_services().unit_of_work.read() as connection:
        found, _ = list_predictors(connection, PAGE_SIZE + 1, after)
        under_way = [] if after else trainings_under_way(connection, MOST_TRAININGS)
        frame = make_frame(index_state(connection), here="predictors_page.show")
    more = len(found) > PAGE_SIZE
    pages = Pages(
        previous=url_for(".show") if after else None,
        next=url_for(".show", cursor=cursors.encode_name(found[PAGE_SIZE - 1].name)) if more else None,
        previous_words="First page",
        next_words="More",
    )
    view = overview(found[:PAGE_SIZE], under_way, pages)
    return render_template("predictors/overview.html", frame=frame, view=view)
