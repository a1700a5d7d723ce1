"""Training a predictor: the form, and how far it has come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flask import url_for

from shared.db.queries.photos.facets import Facet
from shared.db.queries.predictors.jobs import OrderedJob
from shared.limits import MAX_COLUMN_NAME, MAX_FILE_BYTES
from shared.predictors.documents import AUTO, MODELS, PredictorKind, Task, TrainOrder
from shared.predictors.labelled_zip import DEFAULT_LIMITS
from web.predictors.documents import MAX_NAME
from web.predictors.requests import DATA, MEBIBYTE
from web.predictors.view_models.figures import listed
from web.predictors.view_models.measures import Headline, headline, model_title
from web.predictors.view_models.work import Work, work_view

# What is learned from, as the address names it.
TABLE: Final = "table"
PHOTOS: Final = "photos"

_FIELDS: Final = ("name", "data", "target", "task", "model", "from_labels")
_CHOOSE: Final = {TABLE: "Choose a CSV file.", PHOTOS: "Choose a zip of photos."}


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a field that is one of several. about: what it means."""

    value: str
    words: str
    about: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class TrainingView:
    """given: what stands in the fields. problems: a sentence a field. labels: what the gallery has to learn from."""

    source: str
    sources: tuple[Choice, ...]
    given: Mapping[str, str]
    problems: Mapping[str, str | None]
    tasks: tuple[Choice, ...]
    models: tuple[Choice, ...]
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
) -> TrainingView:
    """labels: of the gallery's photos, most frequent first."""
    said = {name: given.get(name, "") for name in ("name", "target")}
    usable = [each for each in labels if each.photos > 1]
    return TrainingView(
        source=source,
        sources=tuple(
            Choice(value, name, "", value == source)
            for value, name in ((TABLE, "From a table"), (PHOTOS, "From labelled photos"))
        ),
        given=said,
        problems=_in_words_of_the_page(source, problems),
        tasks=_tasks(given.get("task", AUTO)),
        models=_models(given.get("model", AUTO)),
        labels=_labels_in_words(usable) if len(usable) > 1 else None,
        from_labels=given.get("from_labels") == "true",
        limits=_limits(source, zip_megabytes),
        max_bytes=MAX_FILE_BYTES if source == TABLE else zip_megabytes * MEBIBYTE,
    )


def _in_words_of_the_page(source: str, problems: Mapping[str, str]) -> dict[str, str | None]:
    """A sentence a field, or None. What programs are told about parts of a request, people need not be."""
    said: dict[str, str | None] = dict.fromkeys(_FIELDS)
    for field, message in problems.items():
        said[field if field in said else "data"] = _CHOOSE[source] if message == DATA.missing else message
    return said


def _tasks(chosen: str) -> tuple[Choice, ...]:
    tasks = (
        (
            AUTO,
            "As the column suggests",
            "Words, and a few whole numbers, are told apart; others are estimated.",
        ),
        (Task.CLASSIFICATION.value, "Tell apart", "The column holds labels."),
        (Task.REGRESSION.value, "Estimate a number", "The column holds amounts."),
    )
    return tuple(Choice(value, name, about, value == chosen) for value, name, about in tasks)


def _models(chosen: str) -> tuple[Choice, ...]:
    tables = [model for model in MODELS if model.tasks - {Task.IMAGE_CLASSIFICATION}]
    first = Choice(AUTO, "Whichever does best", "All that fit are compared on rows held out.", chosen == AUTO)
    return first, *(Choice(each.name, each.title, each.about, each.name == chosen) for each in tables)


def _labels_in_words(usable: Sequence[Facet]) -> str:
    return listed([f"{each.name} ({each.photos})" for each in usable], 8)


def _limits(source: str, zip_megabytes: int) -> str:
    if source == TABLE:
        return (
            "CSV in UTF-8 with the names of the columns in its first line, "
            f"at most {MAX_FILE_BYTES // MEBIBYTE} MiB. Ten rows will do; hundreds do better."
        )
    return (
        f"A folder of photos for each label, in one zip: at most {zip_megabytes} MiB "
        f"and {DEFAULT_LIMITS.max_photos:,} photos. A few dozen of each label will do."
    )


@dataclass(frozen=True, slots=True)
class Progress:
    """use_href, headline: once it is trained. again_href: the form, filled as it was."""

    name: str
    work: Work
    headline: Headline | None
    model: str | None
    use_href: str
    card_href: str
    again_href: str


def progress_view(ordered: OrderedJob) -> Progress:
    order = TrainOrder.from_payload(ordered.order)
    result = ordered.job.result or {}
    is_image = order.kind == PredictorKind.IMAGE
    work = work_view(ordered.job, "Learning")
    return Progress(
        name=order.name,
        work=work,
        headline=headline(Task(result["task"]), result["metrics"], None) if work.done else None,
        model=model_title(result["model"]) if work.done else None,
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
