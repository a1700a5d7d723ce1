"""What the card of a predictor says: how it was trained, and what to beware of. docs/predictors.md describes the fields."""

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from shared.predictors.documents import Task
from shared.predictors.metrics import CalibrationBin, RocCurve
from shared.typed_json import from_json


class Target(msgspec.Struct, frozen=True):
    """What is predicted. label: its name without the unit."""

    name: str
    label: str
    unit: str | None = None


class LeftOut(msgspec.Struct, frozen=True):
    """A column or a file that was not learned from. reason: a clause, such as "it is no photo"."""

    name: str
    reason: str


class Candidate(msgspec.Struct, frozen=True):
    """A model that was compared with others. loss: in cross-validation; less is better."""

    model: str
    loss: float


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What all cards have. classes: in the order of the confusion matrix; of regressions none."""

    target: Target
    classes: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    held_out: str
    warnings: tuple[str, ...]


class LabelCard(Card, frozen=True, kw_only=True):
    """The card of a predictor of labels."""

    class_counts: tuple[int, ...]
    roc: tuple[RocCurve, ...]
    calibration: tuple[CalibrationBin, ...]


class ClassificationCard(LabelCard, frozen=True, kw_only=True):
    """Of labels from a table. skipped_rows: without a value of the target."""

    skipped_rows: int
    candidates: tuple[Candidate, ...]


class Interval(msgspec.Struct, frozen=True):
    """offsets: added to a prediction, they hold the true value in `coverage` of cases."""

    coverage: float
    offsets: tuple[float, float]


class RegressionCard(Card, frozen=True, kw_only=True):
    """Of numbers from a table.

    range: of the target; residuals: quantiles (0, 5, 25, 50, 75, 95, 100 %); pairs: some true and predicted numbers.
    """

    skipped_rows: int
    candidates: tuple[Candidate, ...]
    range: tuple[float, float]
    interval: Interval
    residuals: tuple[float, ...]
    pairs: tuple[tuple[float, float], ...]


class CardPhoto(msgspec.Struct, frozen=True):
    """A photo that the card names. image: its id, where it is of the gallery."""

    name: str
    label: str
    image: str | None


class Novelty(msgspec.Struct, frozen=True):
    """threshold: photos less similar than this are unlike the training. false_alarms: training photos below it, a share."""

    threshold: float
    false_alarms: float


class PhotoCard(LabelCard, frozen=True, kw_only=True):
    """Of labels of photos. Photos are named by their place among those that were learned from.

    zip: its SHA-256, where photos were not of the gallery. examples: places for each class; cells: for each true class and
    answer, places of some photos. notice: for people, where what is predicted sounds medical.
    """

    source: Literal["gallery", "zip"]
    zip: str | None
    embedding_model: str
    strength: float
    temperature: float
    examples: tuple[tuple[int, ...], ...]
    cells: tuple[tuple[tuple[int, ...], ...], ...]
    photos: Mapping[int, CardPhoto]
    left_out_count: int
    novelty: Novelty
    limits: tuple[str, ...]
    notice: str | None


_CARDS: Final[Mapping[Task, type[Card]]] = {
    Task.CLASSIFICATION: ClassificationCard,
    Task.REGRESSION: RegressionCard,
    Task.IMAGE_CLASSIFICATION: PhotoCard,
}


def card_from(task: Task, stored: Mapping[str, Any]) -> Card:
    """The card of a stored version. Raises ValueError for what is none."""
    return from_json(stored, _CARDS[task])
