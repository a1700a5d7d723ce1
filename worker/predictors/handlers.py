"""Predictors: training them, and predicting with them. What is the same for every kind is in tasks.py; each kind has a
module of its own, named in kinds.py."""

from worker.predictors.label_suggestions import suggest_labels
from worker.predictors.tasks import predict, predict_batch, train

__all__ = ["predict", "predict_batch", "suggest_labels", "train"]
