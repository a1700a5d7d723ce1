"""Every table of Vitrine, a file an aggregate."""

from shared.db.models.image import Image, Palette, PaletteColor
from shared.db.models.index import Embedding, IndexChange, IndexRun, IndexState, NeighbourList
from shared.db.models.job import Job, ScheduleRun
from shared.db.models.predictor import Predictor, PredictorVersion
from shared.db.models.request import IdempotencyKey

__all__ = [
    "Embedding",
    "IdempotencyKey",
    "Image",
    "IndexChange",
    "IndexRun",
    "IndexState",
    "Job",
    "NeighbourList",
    "Palette",
    "PaletteColor",
    "Predictor",
    "PredictorVersion",
    "ScheduleRun",
]
