"""What every kind of predictor can do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from shared.db.queries.predictors.predictors import VersionRow
from shared.predictors.cards import Card
from shared.predictors.documents import PredictOrder, Task, TrainOrder
from shared.predictors.features import Feature
from shared.predictors.metrics import Confusion, Metrics
from shared.predictors.results import BatchPredictionResult, PredictionResult
from worker.lifecycle import Progress
from worker.services import Services


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training makes: the model as the store keeps it, and what its card says.

    task: as it was chosen or inferred; model: name of the one that was chosen; libraries: versions by name.
    """

    data: bytes
    task: Task
    model: str
    rows: int
    features: Sequence[Feature]
    metrics: Metrics
    confusion: Confusion | None
    card: Card
    libraries: dict[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """What a batch of predictions makes: a CSV file, and what its job results in."""

    csv: bytes
    result: BatchPredictionResult


class Kind(Protocol):
    """One kind of predictor."""

    def train(self, services: Services, order: TrainOrder, progress: Progress) -> Trained:
        """Learns from the order's data. Raises BadInput where they cannot be learned from."""
        ...

    def load(self, data: bytes, version: VersionRow) -> Any:
        """The model in a blob whose hash has been checked. Never runs code that the blob names.

        Raises ModelUnusable.
        """
        ...

    def predict(
        self, services: Services, model: Any, version: VersionRow, order: PredictOrder
    ) -> PredictionResult:
        """The answer to one form or one photo."""
        ...

    def predict_table(self, model: Any, version: VersionRow, data: bytes, progress: Progress) -> Table:
        """Answers every row of a CSV file. Raises BadData, also where this kind takes no tables."""
        ...
