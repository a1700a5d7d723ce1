"""Predictors and their answers as the API shows them, and what may be asked of them."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Final, TypeAlias, TypeVar

import msgspec

from shared.db.queries.jobs.jobs import JobRow
from shared.db.queries.photos.images import ImageRow
from shared.db.queries.predictors.predictors import VersionRow, VersionSummary
from shared.limits import DEFAULT_PAGE, MAX_COLUMN_NAME, MAX_PAGE
from shared.predictors.cards import Card, CardPhoto, PhotoCard
from shared.predictors.documents import AUTO, MODELS, PredictorKind, Task
from shared.predictors.features import Feature
from shared.predictors.metrics import Confusion
from shared.predictors.results import (
    BatchPredictionResult,
    PredictionResult,
    SuggestionsResult,
    training_result_from,
)
from web.http.addresses import image_path, job_path, predictor_path
from web.http.documents import UNSET, Document, Time, about, time_text
from web.http.parameter_sets import Parameters
from web.http.parameters import Choice, File, Integer, Text
from web.photos import Image

T = TypeVar("T")

MAX_NAME: Final = 64
_LARGEST_VERSION: Final = 2**31 - 1


# --- parameters -----------------------------------------------------------------------------------------------------


class TrainingFields(Parameters):
    """The fields beside the data."""

    name: Annotated[
        str | None,
        Text("what the predictor is to be called; an existing name gets a new version", MAX_NAME),
    ] = None
    task: Annotated[
        str,
        Choice(
            "what to predict; auto: as the target's values suggest", (AUTO, *(task.value for task in Task))
        ),
    ] = AUTO
    target: Annotated[
        str | None, Text("the column to predict; for photos, what their labels mean", MAX_COLUMN_NAME)
    ] = None
    model: Annotated[
        str,
        Choice(
            "a name from /predictors/models; auto: whichever does best in cross-validation",
            (AUTO, *(model.name for model in MODELS)),
        ),
    ] = AUTO
    from_labels: Annotated[
        str,
        Choice("true: learn from the labels of the gallery's photos, without data", ("true", "false")),
    ] = "false"


class TrainingForm(TrainingFields):
    data: Annotated[None, File("a CSV file; for photos, a zip of folders that are named by label")] = None


class BatchForm(Parameters):
    data: Annotated[None, File("a CSV file with a column for each feature")]


class ValuesBody(Parameters):
    """A value for each feature, by its name: each predictor has features of its own."""

    open: ClassVar[bool] = True


class VersionQuery(Parameters):
    version: Annotated[
        int | None, Integer("which version; the current one by default", 1, _LARGEST_VERSION)
    ] = None


class DeletionQuery(Parameters):
    version: Annotated[
        int | None, Integer("delete this version only; all of them by default", 1, _LARGEST_VERSION)
    ] = None


class CurrentVersion(Parameters):
    version: Annotated[int, Integer("the version that answers from now on", 1, _LARGEST_VERSION)]


class PredictorsQuery(Parameters):
    limit: Annotated[int, Integer("how many at most", 1, MAX_PAGE)] = DEFAULT_PAGE
    cursor: Annotated[str | None, Text("where the page begins: `next` of the page before", 200)] = None


class TrainingPhotoQuery(VersionQuery):
    of: Annotated[str | None, Text("of which data, as links say it: those of another are not found", 64)] = (
        None
    )


class LayerQuery(Parameters):
    layer: Annotated[
        str,
        Choice(
            "photo: with the photo in greys under it; overlay: the colours alone, in the shape of the whole photo",
            ("photo", "overlay"),
        ),
    ] = "photo"


class SuggestionsQuery(VersionQuery):
    k: Annotated[int, Integer("how many photos at most", 1, 48)] = 12


# --- predictors -----------------------------------------------------------------------------------------------------


# msgspec describes no union of several structs, so the types below are told in words.
MetricsOfTask: TypeAlias = Annotated[
    Any, about("on held-out data, beside the baseline's: by the task, see docs/predictors.md", type="object")
]
CardOfTask: TypeAlias = Annotated[
    Any, about("how it was trained and what to beware of: by the task, see docs/predictors.md", type="object")
]


class Version(Document):
    version: Annotated[int, about("counted from 1")]
    current: Annotated[bool, about("whether it answers unless another is asked for")]
    task: Annotated[Task, about("what it predicts")]
    model: Annotated[str, about("a name of /predictors/models")]
    rows: Annotated[int, about("what it learned from")]
    metrics: MetricsOfTask
    created_at: Annotated[Time, about("when it was trained")]

    @classmethod
    def of(cls, version: VersionSummary, current: int) -> "Version":
        return cls(
            version=version.version,
            current=version.version == current,
            task=version.task,
            model=version.model,
            rows=version.rows,
            metrics=version.metrics,
            created_at=time_text(version.created_at),
        )


class PredictorLinks(Document):
    self: Annotated[str, about("this version")]
    predict: Annotated[str, about("POST values here")]
    predict_batch: Annotated[str | None, about("POST a table here")]

    @classmethod
    def of(cls, row: VersionRow) -> "PredictorLinks":
        here, version = predictor_path(row.name), f"?version={row.version}"
        tabular = row.kind is PredictorKind.TABULAR
        return cls(
            self=f"{here}{version}",
            predict=f"{here}/predict{version}",
            predict_batch=f"{here}/predict-batch{version}" if tabular else None,
        )


class Predictor(Document):
    """A predictor in one of its versions."""

    name: Annotated[str, about("its name")]
    version: Annotated[int, about("counted from 1")]
    current: Annotated[bool, about("whether this version answers unless another is asked for")]
    kind: Annotated[PredictorKind, about("what goes in: the columns of a table, or a photo")]
    task: Annotated[Task, about("what it predicts")]
    target: Annotated[str, about("the column that it predicts")]
    features: Annotated[
        tuple[Feature, ...], about("what goes in; a predictor of photos has one, of the type image")
    ]
    metrics: MetricsOfTask
    confusion: Annotated[Confusion | None, about("what was taken for what, of classes")]
    model: Annotated[str, about("a name of /predictors/models")]
    rows: Annotated[int, about("what it learned from")]
    created_at: Annotated[Time, about("when it was trained")]
    sha256: Annotated[str, about("of the stored model")]
    libraries: Annotated[dict[str, str], about("versions that it was made with")]
    links: Annotated[PredictorLinks, about("where to go on")]

    @classmethod
    def of(cls, row: VersionRow) -> "Predictor":
        return cls(**_fields_of(row), features=tuple(map(_without_counts, row.features)))


class PredictorCard(Predictor):
    """A predictor with its card and its history."""

    card: CardOfTask
    versions: Annotated[tuple[Version, ...], about("newest first")]

    @classmethod
    def of_versions(cls, row: VersionRow, versions: Sequence[VersionSummary]) -> "PredictorCard":
        return cls(
            **_fields_of(row),
            features=tuple(row.features),
            card=with_photo_links(row),
            versions=tuple(Version.of(each, row.current_version) for each in versions),
        )


def _fields_of(row: VersionRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "version": row.version,
        "current": row.version == row.current_version,
        "kind": row.kind,
        "task": row.task,
        "target": row.target,
        "metrics": row.metrics,
        "confusion": row.confusion,
        "model": row.model,
        "rows": row.rows,
        "created_at": time_text(row.created_at),
        "sha256": row.sha256,
        "libraries": row.libraries,
        "links": PredictorLinks.of(row),
    }


def _without_counts(feature: Feature) -> Feature:
    """As lists show it: only the card shows how often each value came."""
    return msgspec.structs.replace(feature, histogram=UNSET, counts=UNSET)


class CardPhotoLinks(Document):
    image: str | None
    thumbnail: str


class LinkedCardPhoto(CardPhoto, frozen=True):
    """A photo that a card names, with where it is to be seen."""

    links: CardPhotoLinks


def with_photo_links(row: VersionRow) -> Card:
    """The card; of photos, with where each photo that it names is to be seen."""
    if not isinstance(row.card, PhotoCard):
        return row.card
    here = predictor_path(row.name)
    photos = {}
    for number, photo in row.card.photos.items():
        image = None if photo.image is None else image_path(int(photo.image))
        # The hash for caches: a predictor may be deleted, and another take its name.
        of_zip = f"{here}/photos/{number}?version={row.version}&of={row.sha256[:12]}"
        links = CardPhotoLinks(image=image, thumbnail=of_zip if image is None else f"{image}/thumbnail")
        photos[number] = LinkedCardPhoto(photo.name, photo.label, photo.image, links)
    return msgspec.structs.replace(row.card, photos=photos)


class PredictorPage(Document):
    items: Annotated[tuple[Predictor, ...], about("by name")]
    next: Annotated[str | None, about("cursor of the next page; null on the last")]
    total: Annotated[int, about("how many there are on all pages, counted up to a million")]


class Model(Document):
    name: Annotated[str, about("what to ask for")]
    title: Annotated[str, about("what people call it")]
    about: Annotated[str, about("what it is good for")]
    tasks: Annotated[tuple[Task, ...], about("what it can predict")]


class Models(Document):
    items: Annotated[tuple[Model, ...], about("auto is not among them")]

    @classmethod
    def all(cls) -> "Models":
        items = (
            Model(name=each.name, title=each.title, about=each.about, tasks=tuple(sorted(each.tasks)))
            for each in MODELS
        )
        return cls(items=tuple(items))


# --- answers --------------------------------------------------------------------------------------------------------


class Prediction(PredictionResult, Document, frozen=True, kw_only=True):
    """What a predictor answered."""

    job: Annotated[str, about("the job that this is the result of")]


def prediction_result(job: JobRow) -> Prediction:
    """What a predictor answered. Raises ValueError for a job that has no result."""
    result = _result(job, PredictionResult)
    fields = msgspec.structs.asdict(result)
    fields["explanation"] = f"{job_path(job.id)}/explanation" if result.explanation else None
    return Prediction(**fields, job=str(job.id))


class TrainingLinks(Document):
    predictor: Annotated[str, about("what was trained")]


class Training(Document):
    """What a training brought: its metrics, and where the predictor is."""

    predictor: Annotated[str, about("its name")]
    model: Annotated[str, about("a name of /predictors/models")]
    task: Annotated[Task, about("what it predicts")]
    metrics: MetricsOfTask
    links: Annotated[TrainingLinks, about("where to go on")]


def training_result(job: JobRow) -> Training:
    """What a training brought. Raises ValueError for a job that has no result."""
    result = training_result_from(job.result or {})
    links = TrainingLinks(predictor=predictor_path(result.predictor))
    return Training(**msgspec.structs.asdict(result), links=links)


class BatchLinks(Document):
    csv: Annotated[str, about("the table with its answers")]


class Batch(BatchPredictionResult, Document, frozen=True, kw_only=True):
    """What came of a table of predictions, and where it is."""

    links: Annotated[BatchLinks, about("where to go on")]


def batch_result(job: JobRow) -> Batch:
    """What came of a table of predictions. Raises ValueError for a job that has no result."""
    fields = msgspec.structs.asdict(_result(job, BatchPredictionResult))
    return Batch(**fields, links=BatchLinks(csv=f"{job_path(job.id)}/predictions"))


def _result(job: JobRow, kind: type[T]) -> T:
    result = job.result_as(kind)
    if result is None:
        raise ValueError(f"Job {job.id} has no result.")
    return result


def suggestions_of(job: JobRow) -> SuggestionsResult:
    """The photos that a job suggests to label; none before it has ended."""
    return job.result_as(SuggestionsResult) or SuggestionsResult(())


class Suggestion(Document):
    image: Annotated[Image, about("a photo without a label")]
    prediction: Annotated[str, about("the label that it would get")]
    probabilities: Annotated[dict[str, float], about("of each label")]
    uncertainty: Annotated[float, about("entropy of the probabilities: 0 is sure, 1 has no idea")]


class Suggestions(Document):
    items: Annotated[tuple[Suggestion, ...], about("best first")]

    @classmethod
    def of(cls, job: JobRow, shown: Mapping[int, ImageRow]) -> "Suggestions":
        """shown: the photos that are still in the gallery; the others are left out."""
        return cls(
            items=tuple(
                Suggestion(
                    image=Image.of(shown[int(item.image)]),
                    prediction=item.prediction,
                    probabilities=item.probabilities,
                    uncertainty=item.uncertainty,
                )
                for item in suggestions_of(job).items
                if int(item.image) in shown
            )
        )
