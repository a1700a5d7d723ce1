"""The contract of predictors in schemas (see web/http/schemas.py)."""

from typing import Any, Final

from marshmallow import Schema, fields, validate

from shared.predictors.documents import AUTO, MODELS, Task
from web.http.answer_schemas import AnswerSchema, always
from web.http.fields import QueryChoice, QueryInteger, QueryText

MAX_NAME: Final = 64
MAX_COLUMN_NAME: Final = 100

_TASKS: Final = [task.value for task in Task]


def _file(description: str) -> Any:
    """For the document only: files are read on their way in (web/http/bodies/multipart.py)."""
    return fields.Raw(
        required=True, metadata={"type": "string", "format": "binary", "description": description}
    )


# --- requests ---------------------------------------------------------------------------------------------------


class TrainingFields(Schema):
    """The fields beside the data."""

    name = QueryText("what the predictor is to be called; an existing name gets a new version", most=MAX_NAME)
    task = QueryChoice(
        "what to predict; auto: as the target's values suggest", choices=[AUTO, *_TASKS], default=AUTO
    )
    target = QueryText("the column to predict; for photos, what their labels mean", most=MAX_COLUMN_NAME)
    model = QueryChoice(
        "a name from /predictors/models; auto: whichever does best in cross-validation",
        choices=[AUTO, *(model.name for model in MODELS)],
        default=AUTO,
    )
    from_labels = QueryChoice(
        "true: learn from the labels of the gallery's photos, without data",
        choices=["true", "false"],
        default="false",
    )


class TrainingForm(TrainingFields):
    data = _file("a CSV file; for photos, a zip of folders that are named by label")


class VersionQuery(Schema):
    version = QueryInteger(
        "which version; the current one by default", minimum=1, maximum=2**31 - 1, default=None
    )


class DeletionQuery(Schema):
    version = QueryInteger(
        "delete this version only; all of them by default", minimum=1, maximum=2**31 - 1, default=None
    )


class PredictorsQuery(Schema):
    limit = QueryInteger("how many at most", minimum=1, maximum=200, default=24)
    cursor = QueryText("where the page begins: `next` of the page before", most=200)


class CurrentVersion(Schema):
    version = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(1, 2**31 - 1, error="version must be the number of a version."),
        metadata={"description": "the version that answers from now on"},
    )


class ValuesBody(Schema):
    """A value for each feature, by its name. For the document only: each predictor has features of its own."""

    class Meta:
        additional_properties = True


class BatchForm(Schema):
    data = _file("a CSV file with a column for each feature")


# --- answers ----------------------------------------------------------------------------------------------------


class FeatureSchema(AnswerSchema):
    """What goes in. A predictor of photos has one, of the type image."""

    name = always(fields.String, "its column, and its name in a request")
    label = always(fields.String, "its name without the unit")
    type = always(fields.String, "number, category, boolean or image")
    unit = always(fields.String, "as the header of the column says", allow_none=True)
    min = always(fields.Float, "least in the training data; of numbers", allow_none=True)
    max = always(fields.Float, "most in the training data; of numbers", allow_none=True)
    mean = always(fields.Float, "in the training data; of numbers", allow_none=True)
    choices = always(fields.List, "what a category may be", cls_or_instance=fields.String(), allow_none=True)
    default = always(fields.Raw, "what is usual: the median, or what is most frequent", allow_none=True)
    required = always(fields.Boolean, "whether it must have a value")
    missing = always(fields.Integer, "rows of the training data without a value")


class ConfusionSchema(AnswerSchema):
    labels = always(fields.List, "the classes", cls_or_instance=fields.String())
    matrix = always(
        fields.List,
        "held-out rows: a list for each true class, with a count for each predicted one",
        cls_or_instance=fields.List(fields.Integer()),
    )


class VersionSchema(AnswerSchema):
    version = always(fields.Integer, "counted from 1")
    current = always(fields.Boolean, "whether it answers unless another is asked for")
    task = always(fields.String, "what it predicts", validate=validate.OneOf(_TASKS))
    model = always(fields.String, "a name of /predictors/models")
    rows = always(fields.Integer, "what it learned from")
    metrics = always(fields.Dict, "on held-out data")
    created_at = always(fields.AwareDateTime, "when it was trained")


class PredictorLinksSchema(AnswerSchema):
    self = always(fields.String, "this version")
    predict = always(fields.String, "POST values here")
    predict_batch = always(fields.String, "POST a table here", allow_none=True)


class PredictorSchema(AnswerSchema):
    """A predictor in one of its versions."""

    name = always(fields.String, "its name")
    version = always(fields.Integer, "counted from 1")
    current = always(fields.Boolean, "whether this version answers unless another is asked for")
    kind = always(fields.String, "tabular or image")
    task = always(fields.String, "what it predicts", validate=validate.OneOf(_TASKS))
    target = always(fields.String, "the column that it predicts")
    features = always(fields.List, "what goes in", cls_or_instance=fields.Nested(FeatureSchema))
    metrics = always(fields.Dict, "on held-out data, beside the baseline's")
    confusion = always(
        fields.Nested, "what was taken for what, of classes", nested=ConfusionSchema, allow_none=True
    )
    model = always(fields.String, "a name of /predictors/models")
    rows = always(fields.Integer, "what it learned from")
    created_at = always(fields.AwareDateTime, "when it was trained")
    sha256 = always(fields.String, "of the stored model")
    libraries = always(fields.Dict, "versions that it was made with")
    links = always(fields.Nested, "where to go on", nested=PredictorLinksSchema)


class PredictorCardSchema(PredictorSchema):
    """A predictor with its card and its history."""

    card = always(fields.Dict, "how it was trained and what to beware of: see docs/predictors.md")
    versions = always(fields.List, "newest first", cls_or_instance=fields.Nested(VersionSchema))


class PredictorPageSchema(AnswerSchema):
    items = always(fields.List, "by name", cls_or_instance=fields.Nested(PredictorSchema))
    next = always(fields.String, "cursor of the next page; null on the last", allow_none=True)
    total = always(fields.Integer, "how many there are on all pages, counted up to a million")


class ModelSchema(AnswerSchema):
    name = always(fields.String, "what to ask for")
    title = always(fields.String, "what people call it")
    about = always(fields.String, "what it is good for")
    tasks = always(fields.List, "what it can predict", cls_or_instance=fields.String())


class ModelsSchema(AnswerSchema):
    items = always(fields.List, "auto is not among them", cls_or_instance=fields.Nested(ModelSchema))


class InputSchema(AnswerSchema):
    name = always(fields.String, "the feature")
    label = always(fields.String, "its name without the unit")
    unit = always(fields.String, "its unit", allow_none=True)
    value = always(fields.Raw, "as it was read", allow_none=True)


class ReasonSchema(AnswerSchema):
    name = always(fields.String, "the feature")
    value = always(fields.Raw, "the value that was given", allow_none=True)
    usual = always(fields.Raw, "the value that it was compared with", allow_none=True)
    effect = always(fields.Float, "how far the value moved the prediction, against the usual one")


class PredictionSchema(AnswerSchema):
    prediction = always(fields.Raw, "a label, or a number")
    probabilities = always(
        fields.Dict,
        "of each label; they sum to 1",
        keys=fields.String(),
        values=fields.Float(),
        allow_none=True,
    )
    interval = always(
        fields.List, "lowest and highest plausible number", cls_or_instance=fields.Float(), allow_none=True
    )
    warnings = always(fields.List, "what to beware of", cls_or_instance=fields.String())
    explanation = always(fields.String, "a picture of where the evidence is, of photos", allow_none=True)
    familiarity = fields.Dict(
        keys=fields.String(),
        values=fields.Float(),
        metadata={
            "description": "of photos: `similarity` to those of the training; below `threshold` it is unlike all"
        },
    )
    inputs = always(fields.List, "what was submitted, as read", cls_or_instance=fields.Nested(InputSchema))
    reasons = always(
        fields.List, "what drove it, strongest first", cls_or_instance=fields.Nested(ReasonSchema)
    )
    reasons_about = fields.String(metadata={"description": "how the effects were found, for a person"})
    predictor = always(fields.String, "its name")
    version = always(fields.Integer, "the version that answered")
    model = always(fields.String, "a name of /predictors/models")
    job = always(fields.String, "the job that this is the result of")
