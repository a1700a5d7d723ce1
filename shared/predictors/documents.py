"""What front end and workers say to each other about predictors. Standard library only.

A predictor's `kind` decides which code guards its data, trains it and predicts with it. To add one: a value here, a
guard in web/predictors/use_cases.py, an implementation in worker/predictors/kinds.py.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final


class PredictorKind(StrEnum):
    """What goes in: the columns of a table, or a photo."""

    TABULAR = "tabular"
    IMAGE = "image"


class Task(StrEnum):
    """What comes out."""

    CLASSIFICATION = "classification"
    REGRESSION = "regression"
    IMAGE_CLASSIFICATION = "image-classification"

    @property
    def kind(self) -> PredictorKind:
        return PredictorKind.IMAGE if self is Task.IMAGE_CLASSIFICATION else PredictorKind.TABULAR


# Left to the data: the task of a table to the values of its target, the model to cross-validation.
AUTO: Final = "auto"


@dataclass(frozen=True, slots=True)
class Model:
    """A way to learn that can be asked for by name."""

    name: str
    title: str
    about: str
    tasks: frozenset[Task]


_BOTH: Final = frozenset({Task.CLASSIFICATION, Task.REGRESSION})

MODELS: Final = (
    Model(
        "gaussian-naive-bayes",
        "Gaussian naive Bayes",
        "A bell curve for each feature and class; learns from a handful of rows.",
        frozenset({Task.CLASSIFICATION}),
    ),
    Model(
        "logistic-regression",
        "Logistic regression",
        "A weight for each feature; steady, and easy to explain. Of photos, the features are their embeddings.",
        frozenset({Task.CLASSIFICATION, Task.IMAGE_CLASSIFICATION}),
    ),
    Model(
        "linear-regression",
        "Linear regression",
        "A weight for each feature (ordinary least squares); steady, and easy to explain.",
        frozenset({Task.REGRESSION}),
    ),
    Model(
        "random-forest",
        "Random forest",
        "Many decision trees, averaged; finds bends and combinations.",
        _BOTH,
    ),
    Model(
        "gradient-boosting",
        "Histogram gradient boosting",
        "Decision trees that mend each other's errors; strongest with hundreds of rows or more.",
        _BOTH,
    ),
)


@dataclass(frozen=True, slots=True)
class TrainOrder:
    """What a `train-predictor` job is to do.

    task: a Task, or auto for a table; upload: SHA-256 of the table or the zip among the temporary uploads; None: the
    gallery's labels are learned from.
    """

    name: str
    kind: str
    task: str
    target: str
    model: str
    upload: str | None


@dataclass(frozen=True, slots=True)
class PredictOrder:
    """What a `predict` job is to do: with one version, for the values of a form, an uploaded photo or one of the gallery.

    values: of every feature, checked and typed by `shared.predictors.values`. warnings: said already when they were
    checked.
    """

    predictor_id: int
    version: int
    values: dict[str, Any] | None = None
    upload: str | None = None
    image: int | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SuggestOrder:
    """What a `suggest-labels` job is to do: with one version of a predictor of photos, choose photos of the gallery."""

    predictor_id: int
    version: int
    count: int


@dataclass(frozen=True, slots=True)
class BatchOrder:
    """What a `predict-batch` job is to do: with one version, for every row of an uploaded table."""

    predictor_id: int
    version: int
    upload: str
