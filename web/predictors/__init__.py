"""Predictors: training them, asking them, their cards and labels. What other domains may use of them is exported here."""

from web.predictors.documents import batch_result, prediction_result, training_result

__all__ = [
    "batch_result",
    "prediction_result",
    "training_result",
]
