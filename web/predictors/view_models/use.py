"""The page on which a predictor is asked: its form and, once there is one, the answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import url_for

from shared.db.queries.jobs.jobs import JobRow
from shared.db.queries.photos.images import ImageRow
from shared.db.queries.predictors.predictors import VersionRow
from shared.jobs.kinds import JobStatus
from shared.predictors.documents import PredictorKind
from web.http.errors import FieldProblem
from web.photos import Tile, display_picture, make_tile
from web.predictors.documents import prediction_result
from web.predictors.view_models.answer import AnswerView, make_answer
from web.predictors.view_models.form import Form, make_form
from web.predictors.view_models.head import Head, make_head, version_shown
from web.predictors.view_models.work import WorkView, work_view

# --pick of predictors.css.
_PICK_HEIGHT: Final = 96


@dataclass(frozen=True, slots=True)
class Pick:
    """A photo of the gallery that can be asked about."""

    tile: Tile
    chosen: bool


@dataclass(frozen=True, slots=True)
class AskView:
    """form: of a predictor of tables, None for one of photos. work: of the prediction, None before anything was asked.

    problems: what is wrong with the photo or with the form as a whole.
    """

    head: Head
    action: str
    again_href: str
    form: Form | None
    picks: tuple[Pick, ...]
    problems: tuple[str, ...]
    work: WorkView | None
    answer: AnswerView | None


def use_view(
    row: VersionRow,
    photos: Sequence[ImageRow],
    *,
    picked: int | None = None,
    given: Mapping[str, Any] | None = None,
    problems: Sequence[FieldProblem] = (),
    job: JobRow | None = None,
) -> AskView:
    """photos: of the gallery, to pick one from. given: values that stand in the form. job: the prediction."""
    form = None
    if row.kind is PredictorKind.TABULAR:
        form = make_form(row.features, row.rows, given, problems)
    work = None if job is None else work_view(job, "Working it out")
    return AskView(
        head=make_head(row, "predictor.show"),
        action=url_for("predictor.ask", name=row.name, version=version_shown(row)),
        again_href=url_for("predictor.show", name=row.name, version=version_shown(row)),
        form=form,
        picks=tuple(
            Pick(make_tile(photo, row_height=_PICK_HEIGHT, eager=True), photo.id == picked)
            for photo in photos
        ),
        problems=form.problems if form else tuple(each.message for each in problems),
        work=work,
        answer=_answer(row, photos, picked, job),
    )


def _answer(
    row: VersionRow, photos: Sequence[ImageRow], picked: int | None, job: JobRow | None
) -> AnswerView | None:
    if job is None or job.status is not JobStatus.SUCCEEDED:
        return None
    photo = next((photo for photo in photos if photo.id == picked), None)
    return make_answer(row, prediction_result(job), None if photo is None else display_picture(photo))
