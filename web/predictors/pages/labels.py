"""Photos to label next, so that a predictor of photos learns most from them: `/predictors/<name>/label-next`."""

from typing import Final

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from shared.db.queries.index.state import index_state
from shared.db.queries.jobs.jobs import JobRow
from shared.db.queries.photos import images
from shared.db.queries.predictors.predictors import VersionRow
from shared.errors import PredictorNotFound
from shared.jobs.kinds import JobKind
from shared.predictors.documents import PredictorKind, SuggestOrder
from web.http.ids import job_id
from web.layout.frame import make_frame
from web.predictors.documents import suggestions_of
from web.predictors.pages.rows import asked_version, job_of
from web.predictors.use_cases import suggest_labels
from web.predictors.view_models.labels import labels_view
from web.services import current_services

blueprint = Blueprint("predictor_labels", __name__)

# As many as one looks at in one go.
PHOTOS: Final = 12


@blueprint.get("/predictors/<name>/label-next")
def show(name: str) -> str:
    """What this is for, and a button."""
    with current_services().unit_of_work.read() as connection:
        row = _of_photos(asked_version(connection, name))
    return _page(row, None)


@blueprint.post("/predictors/<name>/label-next")
def choose(name: str) -> Response:
    """Has photos chosen and goes to them."""
    services = current_services()
    with services.unit_of_work.read() as connection:
        row = _of_photos(asked_version(connection, name))
    job = suggest_labels(services, row, PHOTOS, g.request_id)
    return redirect(url_for(".chosen", name=name, id=job.id), code=303)


@blueprint.get("/predictors/<name>/label-next/<id>")
def chosen(name: str, id: str) -> str:  # noqa: A002 - the name in the address
    """The photos, each with the label that it would get."""
    with current_services().unit_of_work.read() as connection:
        row, ordered = job_of(connection, name, job_id(id), JobKind.SUGGEST_LABELS, SuggestOrder)
    return _page(row, ordered.job)


@blueprint.post("/predictors/<name>/label-next/<id>")
def label(name: str, id: str) -> Response:  # noqa: A002
    """Gives the photos the labels that were chosen for them, and goes back to where more are available."""
    with current_services().unit_of_work.begin() as transaction:
        connection = transaction.connection
        row, ordered = job_of(connection, name, job_id(id), JobKind.SUGGEST_LABELS, SuggestOrder)
        for image in images.get_images(connection, suggestions_of(ordered.job).images):
            value = request.form.get(str(image))
            if value in row.card.classes:
                images.change_image(connection, image, {"label": value})
    return redirect(url_for(".chosen", name=name, id=id), code=303)


def _of_photos(row: VersionRow) -> VersionRow:
    if row.kind is not PredictorKind.IMAGE:
        raise PredictorNotFound("This predictor learns from a table: there are no photos to label for it.")
    return row


def _page(row: VersionRow, job: JobRow | None) -> str:
    with current_services().unit_of_work.read() as connection:
        photos = images.get_images(connection, suggestions_of(job).images if job else [])
        frame = make_frame(index_state(connection), here="predictors_page.show")
    return render_template("predictors/labels.html", frame=frame, view=labels_view(row, job, photos))
