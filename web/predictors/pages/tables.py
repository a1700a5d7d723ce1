"""A whole table of questions to a predictor: `/predictors/<name>/tables`."""

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from shared.db.queries.index.state import index_state
from shared.db.queries.jobs.jobs import JobRow
from shared.db.queries.predictors.predictors import VersionRow
from shared.errors import BadInput, NoFile
from shared.jobs.kinds import JobKind
from shared.predictors.documents import BatchOrder
from web.http.errors import STATUS
from web.http.ids import job_id
from web.layout.frame import make_frame
from web.predictors.pages.rows import asked_version, job_of
from web.predictors.requests import received_table
from web.predictors.use_cases import start_batch
from web.predictors.view_models.tables import tables_view
from web.services import current_services

blueprint = Blueprint("predictor_tables", __name__)


@blueprint.get("/predictors/<name>/tables")
def show(name: str) -> str:
    """The form for a table."""
    with current_services().unit_of_work.read() as connection:
        row = asked_version(connection, name)
    return _page(row)


@blueprint.post("/predictors/<name>/tables")
def send(name: str) -> Response | tuple[str, int]:
    """Takes the table and goes to the page on which it is answered; or says what to change."""
    services = current_services()
    with services.unit_of_work.read() as connection:
        row = asked_version(connection, name)
    try:
        with received_table(request) as table:
            job = start_batch(services, row, table, g.request_id)
    except RequestEntityTooLarge:
        return _page(row, problem="The table is larger than Vitrine takes. Send fewer rows at a time."), 413
    except NoFile as error:
        return _page(row, problem="Choose a CSV file."), STATUS[error.code]
    except BadInput as error:
        return _page(row, problem=error.message), STATUS[error.code]
    return redirect(url_for(".work", name=name, id=job.id), code=303)


@blueprint.get("/predictors/<name>/tables/<id>")
def work(name: str, id: str) -> str:  # noqa: A002 - the name in the address
    """How far the table has come, and at last where to download it."""
    with current_services().unit_of_work.read() as connection:
        row, ordered = job_of(connection, name, job_id(id), JobKind.PREDICT_BATCH, BatchOrder)
    return _page(row, job=ordered.job)


def _page(row: VersionRow, *, problem: str | None = None, job: JobRow | None = None) -> str:
    with current_services().unit_of_work.read() as connection:
        frame = make_frame(index_state(connection), here="predictors_page.show")
    return render_template("predictors/tables.html", frame=frame, view=tables_view(row, problem, job))
