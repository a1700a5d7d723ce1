"""Training a predictor: the form, and how far it has come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flask import url_for

from shared.db.queries.photos.facets import Facet
from shared.db.queries.predictors.jobs import OrderedJob
from shared.limits import MAX_COLUMN_NAME, MAX_FILE_BYTES, MAX_FILE_MEBIBYTES, MEBIBYTE
from shared.predictors.documents import AUTO, MODELS, PredictorKind, Task, TrainOrder
from shared.predictors.labelled_zip import DEFAULT_LIMITS
from shared.predictors.results import training_result_from
from web.predictors.documents import MAX_NAME
from web.predictors.view_models.figures import listed
from web.predictors.view_models.measures import Headline, headline, model_title
from web.predictors.view_models.work import WorkView, work_view

# What is learned from, as the address names it.
TABLE: Final = "table"
PHOTOS: Final = "photos"

_FIELDS: Final = ("name", "data", "target", "task", "model", "from_labels")
_CHOOSE: Final = {TABLE: "Choose a CSV file.", PHOTOS: "Choose a zip of photos."}


@dataclass(frozen=True, slots=True)
class Option:
    """A value of a field that is one of several. about: what it means."""

    value: str
    words: str
    about: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class TrainingView:
    """given: what stands in the fields. problems: a sentence a field. labels: what the gallery has to learn from."""

    source: str
    sources: tuple[Option, ...]
    given: Mapping[str, str]
    problems: Mapping[str, str | None]
    tasks: tuple[Option, ...]
    models: tuple[Option, ...]
    labels: str | None
    from_labels: bool
    limits: str
    max_bytes: int
    max_name: int = MAX_NAME
    max_target: int = MAX_COLUMN_NAME


def training_view(
    source: str,
    given: Mapping[str, str],
    problems: Mapping[str, str],
    labels: Sequence[Facet],
    zip_megabytes: int,
    *,
    data_missing: bool = False,
) -> TrainingView:
    """problems: sentences by field. labels: of the gallery's photos, most frequent first."""
    kept = {name: given.get(name, "") for name in ("name", "target")}
    usable = [each for each in labels if each.photos > 1]
    return TrainingView(
        source=source,
        sources=tuple(
            Option(value, name, "", value == source)
            for value, name in ((TABLE, "From a table"), (PHOTOS, "From labelled photos"))
        ),
        given=kept,
        problems=_by_field(problems) | ({"data": _CHOOSE[source]} if data_missing else {}),
        tasks=_tasks(given.get("task", AUTO)),
        models=_models(given.get("model", AUTO)),
        labels=_labels_in_words(usable) if len(usable) > 1 else None,
        from_labels=given.get("from_labels") == "true",
        limits=_limits(source, zip_megabytes),
        max_bytes=MAX_FILE_BYTES if source == TABLE else zip_megabytes * MEBIBYTE,
    )


def _by_field(problems: Mapping[str, str]) -> dict[str, str | None]:
    """A sentence for each field of the form, or None; what is about no field is about the data."""
    found: dict[str, str | None] = dict.fromkeys(_FIELDS)
    for field, message in problems.items():
        found[field if field in found else "data"] = message
    return found


def _tasks(chosen: str) -> tuple[Option, ...]:
    tasks = (
        (
            AUTO,
            "As the column suggests",
            "Words, and a few whole numbers, are told apart; others are estimated.",
        ),
        (Task.CLASSIFICATION.value, "Tell apart", "The column holds labels."),
        (Task.REGRESSION.value, "Estimate a number", "The column holds amounts."),
    )
    return tuple(Option(value, name, about, value == chosen) for value, name, about in tasks)


def _models(chosen: str) -> tuple[Option, ...]:
    tables = [model for model in MODELS if model.tasks - {Task.IMAGE_CLASSIFICATION}]
    first = Option(AUTO, "Whichever does best", "All that fit are compared on rows held out.", chosen == AUTO)
    return first, *(Option(each.name, each.title, each.about, each.name == chosen) for each in tables)


def _labels_in_words(usable: Sequence[Facet]) -> str:
    return listed([f"{each.name} ({each.photos})" for each in usable], 8)


def _limits(source: str, zip_megabytes: int) -> str:
    if source == TABLE:
        return (
            "CSV in UTF-8 with the names of the columns in its first line, "
            f"at most {MAX_FILE_MEBIBYTES} MiB. Ten rows will do; hundreds do better."
        )
    return (
        f"A folder of photos for each label, in one zip: at most {zip_megabytes} MiB "
        f"and {DEFAULT_LIMITS.max_photos:,} photos. A few dozen of each label will do."
    )


@dataclass(frozen=True, slots=True)
class Progress:
    """use_href, headline: once it is trained. again_href: the form, filled as it was."""

    name: str
    work: WorkView
    headline: Headline | None
    model: str | None
    use_href: str
    card_href: str
    again_href: str


def progress_view(ordered: OrderedJob[TrainOrder]) -> Progress:
    order = ordered.order
    is_image = order.kind == PredictorKind.IMAGE
    work = work_view(ordered.job, "Learning")
    result = training_result_from(ordered.job.result or {}) if work.done else None
    return Progress(
        name=order.name,
        work=work,
        headline=headline(result.metrics, None) if result else None,
        model=model_title(result.model) if result else None,
        use_href=url_for("predictor.show", name=order.name),
        card_href=url_for("predictor_card.show", name=order.name),
        again_href=url_for(
            "predictor_training.show",
            source=PHOTOS if is_image else TABLE,
            name=order.name,
            target=order.target,
            task=order.task,
            model=order.model,
        ),
    )
