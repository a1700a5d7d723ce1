"""One predictor in use: `/predictors/<name>`, and its answers at addresses of their own.

With JavaScript the page sends its form by itself and takes over what comes back; without, the form comes here and its
answer is a page, which refreshes until the worker is done.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask import Blueprint, g, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from shared.db.queries.index.state import index_state
from shared.db.queries.photos.images import ImageRow, get_images
from shared.db.queries.photos.listing import ImageFilter, list_images
from shared.db.queries.predictors.predictors import VersionRow
from shared.errors import BadInput, ImageNotFound
from shared.jobs.kinds import JobKind
from shared.predictors.documents import PredictOrder, PredictorKind
from web.http.errors import STATUS, BadValues, FieldProblem
from web.http.ids import image_id, job_id
from web.http.waiting import wait_for_job
from web.layout.frame import Frame, make_frame
from web.predictors.pages.rows import asked_version, job_of
from web.predictors.requests import Question, received_question
from web.predictors.use_cases import start_prediction
from web.predictors.view_models.use import use_view
from web.services import current_services

blueprint = Blueprint("predictor", __name__)

# Longer than any prediction that is not stuck behind something; then there is a page to look at meanwhile.
PREDICTION_SECONDS: Final = 10
# Photos of the gallery to pick one from: three rows on a desk. Others are reached from their own pages.
PHOTOS: Final = 18


@blueprint.get("/predictors/<name>")
def show(name: str) -> str:
    """The form, filled with what is usual."""
    with current_services().unit_of_work.read() as connection:
        row = asked_version(connection, name)
        picked = _picked(request.args.get("image"))
        photos = _photos(connection, row, picked)
        frame = _frame(connection)
    return render_template("predictors/use.html", frame=frame, view=use_view(row, photos, picked=picked))


@blueprint.post("/predictors/<name>")
def ask(name: str) -> Response | tuple[str, int]:
    """Has the form answered and goes to the answer; or says at each field what to change."""
    services = current_services()
    with services.unit_of_work.read() as connection:
        row = asked_version(connection, name)
    given: Mapping[str, Any] = {}
    try:
        with received_question(request) as question:
            given = question.values or {}
            job = start_prediction(services, row, _checked(row, question), g.request_id)
    except (BadInput, ImageNotFound) as error:
        return _refusal(row, given, error)
    wait_for_job(services.unit_of_work, services.waiters, job.id, PREDICTION_SECONDS)
    return redirect(url_for(".answer", name=name, id=job.id), code=303)


@blueprint.get("/predictors/<name>/answers/<id>")
def answer(name: str, id: str) -> str:  # noqa: A002 - the name in the address
    """The form as it was asked, and the answer as far as there is one."""
    with current_services().unit_of_work.read() as connection:
        row, ordered = job_of(connection, name, job_id(id), JobKind.PREDICT, PredictOrder)
        picked = ordered.order.image
        photos = _photos(connection, row, picked)
        frame = _frame(connection)
    view = use_view(row, photos, picked=picked, given=ordered.order.values, job=ordered.job)
    return render_template("predictors/use.html", frame=frame, view=view)


def _refusal(row: VersionRow, given: Mapping[str, Any], error: BadInput | ImageNotFound) -> tuple[str, int]:
    problems: Sequence[FieldProblem] = (FieldProblem("file", error.message),)
    if isinstance(error, BadValues):
        problems = error.problems
    with current_services().unit_of_work.read() as connection:
        photos = _photos(connection, row, None)
        frame = _frame(connection)
    view = use_view(row, photos, given=given, problems=problems)
    return render_template("predictors/use.html", frame=frame, view=view), STATUS[error.code]


def _checked(row: VersionRow, question: Question) -> Question:
    """The question, unless it is that of a form in which no photo was chosen. Raises BadValues."""
    is_empty = question.photo is None and "image" not in (question.values or {})
    if row.kind is PredictorKind.IMAGE and is_empty:
        raise BadValues([FieldProblem("file", "Choose a photo, or pick one of the gallery.")])
    return question


def _picked(text: str | None) -> int | None:
    """The photo of the gallery that the address names; nothing where there is none such."""
    try:
        return None if text is None else image_id(text)
    except ImageNotFound:
        return None


def _photos(connection: Connection, row: VersionRow, picked: int | None) -> list[ImageRow]:
    """The newest photos that can be asked about, of predictors of photos; first of them the one that was picked."""
    if row.kind is not PredictorKind.IMAGE:
        return []
    newest = list_images(connection, ImageFilter(), PHOTOS, None).images
    chosen = get_images(connection, [picked]) if picked is not None else {}
    others = [image for image in newest if image.id not in chosen and image.analysed_at is not None]
    return [*chosen.values(), *others][:PHOTOS]


def _frame(connection: Connection) -> Frame:
    return make_frame(index_state(connection), here="predictors_page.show")
