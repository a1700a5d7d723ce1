"""A trained predictor of photos as the store keeps it: plain arrays (safetensors) and JSON, nothing that runs."""

import json
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from worker.predictors.photos.algorithms.linear_head import LinearHead
from worker.predictors.photos.algorithms.novelty import Familiar

_FORMAT: Final = "vitrine-photo-predictor/1"


@dataclass(frozen=True, slots=True, eq=False)
class PhotoPredictor:
    """embedding_model: the id of the model whose embeddings, and no others, the predictor understands."""

    embedding_model: str
    labels: tuple[str, ...]
    head: LinearHead
    familiar: Familiar

    def to_bytes(self) -> bytes:
        """For storage; the same predictor gives the same bytes."""
        about = {
            "format": _FORMAT,
            "embedding_model": self.embedding_model,
            "labels": self.labels,
            "threshold": self.familiar.threshold,
        }
        return save(
            {
                "about": np.frombuffer(json.dumps(about, sort_keys=True).encode(), np.uint8),
                "centre": np.ascontiguousarray(self.head.centre),
                "weights": np.ascontiguousarray(self.head.weights),
                "biases": np.ascontiguousarray(self.head.biases),
                "references": np.ascontiguousarray(self.familiar.references),
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> "PhotoPredictor":
        """What `to_bytes` wrote. Raises ValueError for anything else."""
        try:
            arrays = load(data)
            about = json.loads(arrays["about"].tobytes().decode())
            found = cls(
                embedding_model=str(about["embedding_model"]),
                labels=tuple(map(str, about["labels"])),
                head=LinearHead(arrays["centre"], arrays["weights"], arrays["biases"]),
                familiar=Familiar(arrays["references"], float(about["threshold"])),
            )
        except (SafetensorError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"This is no predictor of photos: {error}") from error
        if about["format"] != _FORMAT:
            raise ValueError("This is a predictor of photos in another format.")
        found._check()
        return found

    def _check(self) -> None:
        k, d = len(self.labels), len(self.head.centre)
        wanted: dict[str, tuple[NDArray[Any], tuple[int, ...], type]] = {
            "centre": (self.head.centre, (d,), np.float64),
            "weights": (self.head.weights, (k, d), np.float64),
            "biases": (self.head.biases, (k,), np.float64),
            "references": (self.familiar.references, (len(self.familiar.references), d), np.float16),
        }
        for name, (array, shape, kind) in wanted.items():
            if array.shape != shape or array.dtype != kind or not np.isfinite(array).all() or not array.size:
                raise ValueError(f"This is no predictor of photos: its {name} are not as they should be.")
