"""What jobs of predictors bring, as their rows keep it and as pages and the API show it."""

from collections.abc import Mapping
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from shared.predictors.documents import Task
from shared.predictors.metrics import METRICS, Metrics
from shared.predictors.values import Value
from shared.typed_json import from_json

M = TypeVar("M")


class TrainingResult(msgspec.Struct, Generic[M], frozen=True, kw_only=True):
    """What a `train-predictor` job brings. predictor: its name; metrics: of the new version, by its task."""

    predictor: str
    model: str
    task: Task
    metrics: M


def training_result_from(stored: Mapping[str, Any]) -> TrainingResult[Metrics]:
    """The result of a training as its row keeps it. Raises ValueError for what is none."""
    kind: Any = TrainingResult[METRICS[Task(stored["task"])]]  # type: ignore[misc] # known only by the row
    result: TrainingResult[Metrics] = from_json(stored, kind)
    return result


class Input(msgspec.Struct, frozen=True):
    """A value that was submitted."""

    name: Annotated[str, Meta(description="the feature")]
    label: Annotated[str, Meta(description="its name without the unit")]
    unit: Annotated[str | None, Meta(description="its unit")]
    value: Annotated[Value, Meta(description="as it was read")]


class Reason(msgspec.Struct, frozen=True):
    """What a value did to a prediction."""

    name: Annotated[str, Meta(description="the feature")]
    value: Annotated[Value, Meta(description="the value that was given")]
    usual: Annotated[Value, Meta(description="the value that it was compared with")]
    effect: Annotated[
        float, Meta(description="how far the value moved the prediction, against the usual one")
    ]


class Familiarity(msgspec.Struct, frozen=True):
    """How similar a photo is to those of the training."""

    similarity: float
    threshold: Annotated[float, Meta(description="below it a photo is unlike all of them")]


class PredictionResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a `predict` job brings. explanation: names its pictures in the store."""

    prediction: Annotated[str | float, Meta(description="a label, or a number")]
    probabilities: Annotated[dict[str, float] | None, Meta(description="of each label; they sum to 1")]
    interval: Annotated[tuple[float, float] | None, Meta(description="lowest and highest plausible number")]
    warnings: Annotated[tuple[str, ...], Meta(description="what to beware of")]
    explanation: Annotated[str | None, Meta(description="a picture of where the evidence is, of photos")]
    inputs: Annotated[tuple[Input, ...], Meta(description="what was submitted, as read")]
    reasons: Annotated[tuple[Reason, ...], Meta(description="what drove it, strongest first")]
    predictor: Annotated[str, Meta(description="its name")]
    version: Annotated[int, Meta(description="the version that answered")]
    model: Annotated[str, Meta(description="a name of /predictors/models")]
    reasons_about: Annotated[
        str | UnsetType | None, Meta(description="how the effects were found, for a person")
    ] = UNSET
    familiarity: Annotated[Familiarity | UnsetType, Meta(description="of photos")] = UNSET


class BatchPredictionResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a `predict-batch` job brings, beside its file."""

    rows: Annotated[int, Meta(description="of the table")]
    failed: Annotated[int, Meta(description="rows without a prediction; the column `error` says why")]
    warned: Annotated[int, Meta(description="rows with a warning")]
    ignored_columns: Annotated[
        tuple[str, ...], Meta(description="columns that are no features, left as they were")
    ]
    predictor: Annotated[str, Meta(description="its name")]
    version: Annotated[int, Meta(description="the version that answered")]


class SuggestedPhoto(msgspec.Struct, frozen=True, kw_only=True):
    """A photo of the gallery to label. image: its id; uncertainty: entropy of the probabilities, 0 to 1."""

    image: str
    prediction: str
    probabilities: dict[str, float]
    uncertainty: float


class SuggestionsResult(msgspec.Struct, frozen=True):
    """What a `suggest-labels` job brings. items: best first."""

    items: tuple[SuggestedPhoto, ...]

    @property
    def images(self) -> list[int]:
        """The ids of the photos."""
        return [int(each.image) for each in self.items]
