"""Which code each kind of predictor is."""

from collections.abc import Mapping
from typing import Final

from shared.predictors import PredictorKind
from worker.tasks.predictors.image import Image
from worker.tasks.predictors.kind import Kind
from worker.tasks.predictors.tabular import Tabular

KINDS: Final[Mapping[PredictorKind, Kind]] = {PredictorKind.TABULAR: Tabular(), PredictorKind.IMAGE: Image()}
