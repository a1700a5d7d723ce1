"""Predictors of tables."""

from typing import Any

from shared.db.queries.predictors import VersionRow
from shared.predictors import PredictOrder, TrainOrder
from worker.lifecycle import Progress
from worker.services import Services
from worker.tasks.predictors.kind import Trained


class Tabular:
    """Columns in, a class or a number out."""

    def train(self, services: Services, order: TrainOrder, progress: Progress) -> Trained:
        raise NotImplementedError

    def load(self, data: bytes, version: VersionRow) -> Any:
        raise NotImplementedError

    def predict(
        self, services: Services, model: Any, version: VersionRow, order: PredictOrder
    ) -> dict[str, Any]:
        raise NotImplementedError
