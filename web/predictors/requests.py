"""Reading what is sent to predictors: data to train from, a form to answer, a table to answer row by row."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from flask import Request

from shared.errors import BadParameter, UseMultipart
from shared.limits import MEBIBYTE
from shared.predictors.documents import AUTO, MODELS, Task
from web.http.bodies.json_bodies import json_body
from web.http.bodies.multipart import MAX_PARTS, PHOTO, FilePart, Form, read_form
from web.http.bodies.spool import Spool
from web.http.errors import BadValues, FieldProblem
from web.http.ids import image_id
from web.http.parameter_sets import NoParameters, read_values
from web.predictors.documents import MAX_NAME, TrainingFields

DATA: Final = FilePart(
    "data", 'No data came with the request. Send a CSV file, or a zip of photos, in a part named "data".'
)
TABLE: Final = FilePart("data", 'No table came with the request. Send a CSV file in a part named "data".')

# The parts of a form around its data.
ENVELOPE_BYTES: Final = 128 * 1024
# As many as a table may have columns (shared/predictors/tables.py), and some room.
MAX_FORM_FIELDS: Final = 1_100
# A form of numbers is far below this.
MAX_BODY_BYTES: Final = MEBIBYTE

# What stands in an address, a file name and a heading alike.
_NAME: Final = re.compile(rf"[A-Za-z0-9](?:[A-Za-z0-9 ._-]{{0,{MAX_NAME - 2}}}[A-Za-z0-9])?")
# Addresses beside those of predictors.
_RESERVED: Final = frozenset({"models", "new"})


class NoData(BadParameter):
    """No data came with the request."""


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """What is to be trained. data: none where the gallery's labels are learned from."""

    name: str
    task: str
    target: str
    model: str
    data: Spool | None


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be predicted for: values as they came, or a photo, uploaded or of the gallery."""

    values: Mapping[str, Any] | None = None
    photo: Spool | None = None
    image: int | None = None


@dataclass(frozen=True, slots=True)
class TrainingForm:
    """What came, not looked at yet. data: none where no file came."""

    fields: Mapping[str, list[str]]
    data: Spool | None


@contextmanager
def received_training(incoming: Request, most_bytes: int) -> Iterator[TrainingRequest]:
    """The training that the form describes; its data, of at most so many bytes, are gone at the end of the block.

    Raises UseMultipart, NoFile, TooLarge and BadParameters.
    """
    with received_training_form(incoming, most_bytes) as form:
        yield training_of(form)


@contextmanager
def received_training_form(incoming: Request, most_bytes: int) -> Iterator[TrainingForm]:
    """As `received_training`, for who needs what was said also where it cannot be used."""
    # What is sent is told by fields that may come behind the data: tables have a lower bound of their own.
    incoming.max_content_length = most_bytes + ENVELOPE_BYTES
    too_large = f"The data are larger than Vitrine takes. Send at most {most_bytes // MEBIBYTE} MiB."
    with Spool(most_bytes, too_large) as spool:
        form = _form(incoming, spool, FilePart(DATA.name, DATA.missing, needed=False))
        yield TrainingForm(form.fields, spool if form.has_file else None)


def training_of(form: TrainingForm) -> TrainingRequest:
    """What is to be trained. Raises BadParameters."""
    fields = read_values(TrainingFields, form.fields, refuse_unknown=True)
    from_labels = fields.from_labels == "true"
    if form.data is None and not from_labels:
        raise NoData("data", DATA.missing)
    if form.data is not None and from_labels:
        raise BadParameter("from_labels", "from_labels takes no data: send one or the other.")
    return TrainingRequest(
        name=checked_name(fields.name),
        task=_checked_task(fields.task, from_labels=from_labels),
        target=fields.target or "",
        model=_checked_model(fields.model, fields.task),
        data=form.data,
    )


def _form(incoming: Request, spool: Spool, file: FilePart, most_parts: int = MAX_PARTS) -> Form:
    if incoming.mimetype != "multipart/form-data":
        raise UseMultipart("Send this as multipart/form-data.")
    return read_form(incoming.stream, incoming.content_type or "", spool, file, most_parts)


def checked_name(name: str | None) -> str:
    """A name for a predictor. Raises BadParameter."""
    if not name or not _NAME.fullmatch(name):
        raise BadParameter(
            "name",
            f"name must be 1 to {MAX_NAME} letters (a to z), digits, blanks, points, dashes or underscores, "
            "and begin and end with a letter or a digit.",
        )
    if name.lower() in _RESERVED:
        raise BadParameter("name", f"A predictor cannot be called {name}. Choose another name.")
    return name


def _checked_task(task: str, *, from_labels: bool) -> str:
    if from_labels and task != Task.IMAGE_CLASSIFICATION:
        raise BadParameter(
            "task", "The gallery's labels are learned from with the task image-classification."
        )
    return task


def _checked_model(model: str, task: str) -> str:
    """Whether the model can do the task. Of a task that is yet to be inferred, the worker says so."""
    if AUTO in {model, task}:
        return model
    fitting = [each.name for each in MODELS if Task(task) in each.tasks]
    if model not in fitting:
        raise BadParameter("model", f"model must be one of {', '.join([AUTO, *fitting])} for {task}.")
    return model


@contextmanager
def received_table(incoming: Request) -> Iterator[Spool]:
    """The table in the form; gone at the end of the block. Raises UseMultipart, NoFile, TooLarge and BadParameters."""
    with Spool() as spool:
        form = _form(incoming, spool, TABLE)
        read_values(NoParameters, form.fields, refuse_unknown=True)
        yield spool


@contextmanager
def received_question(incoming: Request) -> Iterator[Question]:
    """What the body asks: JSON, a form (urlencoded or multipart), or a form with a photo.

    Raises BadJson, BadValues, NoFile, TooLarge and UseMultipart.
    """
    with Spool() as spool:
        if incoming.is_json:
            incoming.max_content_length = MAX_BODY_BYTES
            yield Question(values=json_body(incoming, any_number=True))
        elif incoming.mimetype == "application/x-www-form-urlencoded":
            yield Question(values=_once({name: incoming.form.getlist(name) for name in incoming.form}))
        elif incoming.mimetype == "multipart/form-data":
            form = _form(incoming, spool, FilePart(PHOTO.name, PHOTO.missing, needed=False), MAX_FORM_FIELDS)
            yield Question(
                values=None if form.has_file else _once(form.fields), photo=spool if form.has_file else None
            )
        else:
            raise UseMultipart("Send the values as JSON or as a form.")


def _once(fields: Mapping[str, list[str]]) -> dict[str, str]:
    twice = [name for name, values in fields.items() if len(values) > 1]
    if twice:
        raise BadValues(FieldProblem(name, f"{name} must be given once.") for name in twice)
    return {name: values[0] for name, values in fields.items()}


def image_of(question: Question) -> int:
    """The photo of the gallery that the values name: `{"image": id}`. Raises BadValues and ImageNotFound."""
    values = question.values or {}
    if set(values) != {"image"} or not isinstance(values["image"], str):
        raise BadValues([FieldProblem("file", 'Send a photo in a part named "file", or {"image": "<id>"}.')])
    return image_id(values["image"])
