"""How the API shows what jobs bring, by kind: a kind with no line here shows what its handler returned."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

from shared.db.queries.jobs.jobs import JobRow
from shared.jobs.kinds import JobKind
from web.http.addresses import image_path
from web.http.documents import Document, about
from web.palettes import palette_result
from web.predictors import batch_result, prediction_result, training_result


class AnalysedImageLinks(Document):
    image: Annotated[str, about("the image")]
    palette: Annotated[str, about("its colours")]
    similar: Annotated[str, about("its look-alikes")]


class AnalysedImage(Document):
    """What an upload brought."""

    image: Annotated[str, about("id of the image")]
    links: Annotated[AnalysedImageLinks, about("where to go on")]


def _analysed(job: JobRow) -> Any:
    if job.image_id is None:
        return job.result
    here = image_path(job.image_id)
    links = AnalysedImageLinks(image=here, palette=f"{here}/palette", similar=f"{here}/similar")
    return AnalysedImage(image=str(job.image_id), links=links)


RESULTS: Final[Mapping[JobKind, Callable[[JobRow], Any]]] = {
    JobKind.ANALYSE_IMAGE: _analysed,
    JobKind.PALETTE: palette_result,
    JobKind.TRAIN_PREDICTOR: training_result,
    JobKind.PREDICT: prediction_result,
    JobKind.PREDICT_BATCH: batch_result,
}
