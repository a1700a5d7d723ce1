"""The model card of a predictor, its history, and its deletion: `/predictors/<name>/card`."""

import re
from typing import Final

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from shared.db.queries.index.state import index_state
from shared.db.queries.predictors import predictors
from shared.errors import BadParameter
from shared.predictors.documents import PredictorKind
from web.layout.frame import make_frame
from web.predictors.pages.rows import asked_version, version_in
from web.predictors.view_models import plots
from web.predictors.view_models.confusion import confusion_view, example_photos
from web.predictors.view_models.head import make_head
from web.predictors.view_models.model_card import model_card
from web.predictors.view_models.training import PHOTOS, TABLE
from web.services import current_services

blueprint = Blueprint("predictor_card", __name__)

_CELL: Final = re.compile(r"([0-9]{1,3})-([0-9]{1,3})")


@blueprint.get("/predictors/<name>/card")
def show(name: str) -> str:
    """All that is known of a version; of photos, with those behind a cell of the confusion matrix."""
    with current_services().unit_of_work.read() as connection:
        row = asked_version(connection, name)
        versions = predictors.list_versions(connection, row.predictor_id)
        frame = make_frame(index_state(connection), here="predictors_page.show")
    return render_template(
        "predictors/card.html",
        frame=frame,
        head=make_head(row, "predictor_card.show"),
        card=model_card(row, versions),
        confusion=confusion_view(row, _cell()),
        examples=example_photos(row),
        frame_of_plots=plots,
        train_href=url_for(
            "predictor_training.show",
            source=PHOTOS if row.kind is PredictorKind.IMAGE else TABLE,
            name=row.name,
            target=row.target,
        ),
    )


@blueprint.post("/predictors/<name>/current")
def make_current(name: str) -> Response:
    """Has another version answer from now on."""
    version = version_in(request.form)
    if version is None:
        raise BadParameter("version", "Say which version.")
    with current_services().unit_of_work.begin() as transaction:
        predictors.make_current(transaction.connection, name, version)
    return redirect(url_for(".show", name=name, _anchor="versions"), code=303)


@blueprint.get("/predictors/<name>/delete")
def ask_to_delete(name: str) -> str:
    """Asks before the predictor goes, or the version that the address names: there is no way back."""
    version = version_in(request.args)
    with current_services().unit_of_work.read() as connection:
        row = predictors.get_predictor(connection, name, version)
        count = len(predictors.list_versions(connection, row.predictor_id))
        frame = make_frame(index_state(connection), here="predictors_page.show")
    return render_template("predictors/delete.html", frame=frame, name=row.name, version=version, count=count)


@blueprint.post("/predictors/<name>/delete")
def delete(name: str) -> Response:
    """Deletes the predictor with all of its versions and goes to the others; or only the version of the address."""
    version = version_in(request.args)
    with current_services().unit_of_work.begin() as transaction:
        if version is None:
            predictors.delete_predictor(transaction, name)
            return redirect(url_for("predictors_page.show"), code=303)
        predictors.delete_version(transaction.connection, name, version)
    return redirect(url_for(".show", name=name, _anchor="versions"), code=303)


def _cell() -> tuple[int, int] | None:
    found = _CELL.fullmatch(request.args.get("cell", ""))
    return (int(found[1]), int(found[2])) if found else None
