"""The model card's table: ours beside an untrained network, colours, the trunk alone and the complete ResNet18."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tools.train_weights.metrics import colour_histograms, cosine_difference, kept, retrieval
from tools.train_weights.networks import identity_block, read_trunk, shipped_state, yardstick_path
from tools.train_weights.photos import HELD_OUT, Photo, caltech_photos, centre_view, folder_photos
from tools.train_weights.progress import progress
from tools.train_weights.untrained import untrained_resnet18
from worker.embedding.algorithms.resnet import build_resnet18, load_state
from worker.embedding.algorithms.resnet18_embedder import ResNet18Embedder
from worker.embedding.weights import explicit_weights

_BATCH = 32
_XRAYS = "xray"


@dataclass(frozen=True)
class PhotoSet:
    """Photos that training never saw. views: (n, 224, 224, 3) uint8. labels: (n,)."""

    name: str
    views: NDArray[np.uint8]
    labels: NDArray[np.str_]
    queries: NDArray[np.bool_]


def measure(data: Path, weights: Path, *, whole_gallery: bool = False) -> str:
    """A Markdown table for the weights file `weights`.

    `whole_gallery` adds the held-out classes' photos among those of all 50 classes: a harder search, among photos of
    which most were trained on.
    """
    caltech = caltech_photos(data)
    held_out = [photo for photo in caltech if photo.label in HELD_OUT]
    sets = [_read("10 held-out classes", held_out), _read("X-rays", folder_photos(data / _XRAYS))]
    if whole_gallery:
        sets.append(_read("held-out among all 50 classes", caltech))
    networks: dict[str, Mapping[str, Tensor]] = {
        "untrained network": untrained_resnet18(0).state_dict(),
        "identity block": shipped_state(read_trunk(data), identity_block()),
        "these weights": explicit_weights(weights).state,
        "yardstick": explicit_weights(yardstick_path(data)).state,
    }
    lines = [
        "| photos | embedding | 1-NN | P@5 | of the yardstick's nearest 5 kept | cosine off by |",
        "|---|---|---|---|---|---|",
    ]
    for photos in sets:
        embeddings = {name: _embed(photos, name, state) for name, state in networks.items()}
        embeddings = {"colour histogram": colour_histograms(photos.views)} | embeddings
        for name, rows in embeddings.items():
            score = retrieval(rows, photos.labels, photos.queries)
            shared = kept(rows, embeddings["yardstick"])
            off = cosine_difference(rows, embeddings["yardstick"])
            lines.append(
                f"| {photos.name} ({len(photos.labels)}) | {name} | {score.nearest:.3f} | {score.precision_at_5:.3f}"
                f" | {shared:.3f} | {off:.3f} |"
            )
    return "\n".join(lines)


def _read(name: str, photos: list[Photo]) -> PhotoSet:
    views = np.stack([centre_view(photo) for photo in photos])
    labels = np.array([photo.label for photo in photos])
    queries = np.isin(labels, HELD_OUT)
    return PhotoSet(name, views, labels, queries if queries.any() else ~queries)


def _embed(photos: PhotoSet, name: str, state: Mapping[str, Tensor]) -> NDArray[np.float32]:
    network = build_resnet18()
    load_state(network, dict(state))
    embedder = ResNet18Embedder(network, name, device="auto", batch_size=_BATCH)
    batches = range(0, len(photos.views), _BATCH)
    with torch.inference_mode():
        return np.concatenate(
            [
                embedder.embed(photos.views[start : start + _BATCH])
                for start in progress(batches, f"{photos.name}, {name}")
            ]
        )
