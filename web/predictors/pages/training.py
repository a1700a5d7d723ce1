"""Training a predictor: `/predictors/new`, and the page on which one looks on."""

from collections.abc import Mapping
from typing import Final

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from shared.db.queries.index.state import index_state
from shared.db.queries.photos.facets import common_labels
from shared.db.queries.predictors.jobs import get_ordered_job
from shared.errors import BadInput, BadParameter
from shared.jobs.kinds import JobKind
from shared.limits import MEBIBYTE
from shared.predictors.documents import TrainOrder
from web.http.errors import STATUS, BadParameters
from web.http.ids import job_id
from web.layout.frame import make_frame
from web.predictors.requests import NoData, received_training_form, training_of
from web.predictors.use_cases import start_training
from web.predictors.view_models.training import PHOTOS, TABLE, progress_view, training_view
from web.services import current_services

blueprint = Blueprint("predictor_training", __name__)

# More than are listed: those of single photos are left out.
MOST_LABELS: Final = 100


@blueprint.get("/predictors/new")
def show() -> str:
    """The form, for a table or for photos."""
    return _page(request.args.to_dict(), {})


@blueprint.post("/predictors/new")
def send() -> Response | tuple[str, int]:
    """Takes the data and goes to the page on which the training is looked at; or says at each field what to change."""
    services = current_services()
    given: Mapping[str, str] = {}
    try:
        with received_training_form(request, services.settings.zip_megabytes * MEBIBYTE) as form:
            given = {name: values[0] for name, values in form.fields.items()}
            job = start_training(services, training_of(form), g.request_id)
    except RequestEntityTooLarge:
        return _page(given, {"data": "This is larger than Vitrine takes."}), 413
    except NoData as error:
        return _page(given, {}, data_missing=True), STATUS[error.code]
    except BadInput as error:
        return _page(given, _problems(error)), STATUS[error.code]
    return redirect(url_for(".progress", id=job.id), code=303)


@blueprint.get("/predictors/new/<id>")
def progress(id: str) -> str:  # noqa: A002 - the name in the address
    """How far the training has come, and at last the way to the predictor or the reason why there is none."""
    with current_services().unit_of_work.read() as connection:
        ordered = get_ordered_job(connection, job_id(id), JobKind.TRAIN_PREDICTOR, TrainOrder)
        frame = make_frame(index_state(connection), here="predictors_page.show")
    return render_template("predictors/progress.html", frame=frame, view=progress_view(ordered))


def _page(given: Mapping[str, str], problems: Mapping[str, str], *, data_missing: bool = False) -> str:
    source = PHOTOS if request.args.get("source") == PHOTOS else TABLE
    services = current_services()
    with services.unit_of_work.read() as connection:
        labels = common_labels(connection, MOST_LABELS) if source == PHOTOS else []
        frame = make_frame(index_state(connection), here="predictors_page.show")
    view = training_view(
        source, given, problems, labels, services.settings.zip_megabytes, data_missing=data_missing
    )
    return render_template("predictors/new.html", frame=frame, view=view)


def _problems(error: BadInput) -> dict[str, str]:
    """Sentences by field; what is about no field is about the data."""
    if isinstance(error, BadParameters):
        return {each.field: each.message for each in error.problems}
    return {error.field if isinstance(error, BadParameter) else "data": error.message}
