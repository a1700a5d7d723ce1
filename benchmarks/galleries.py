"""Galleries of embeddings to search in, of any size: clustered ones made from real photos, and one without structure."""

import io
import os
import tempfile
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from shared.limits import DIMENSIONS
from worker.embedding.algorithms.embedder import normalise_rows
from worker.embedding.algorithms.resnet import build_resnet18, load_state
from worker.embedding.algorithms.resnet18_embedder import ResNet18Embedder
from worker.imaging.algorithms.model_view import model_view

# Read when the module is loaded: `python -m benchmarks` runs without anyone's settings of Vitrine.
_DATA: Final = Path(os.environ.get("VITRINE_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
_WEIGHTS: Final = _DATA / "weights" / "resnet18-imagenet-approx-fp16.pth"
_CACHE: Final = Path(tempfile.gettempdir()) / "vitrine-benchmark-embeddings.npz"

_CHANGED: Final = 600
_BATCH: Final = 32


def real_photos() -> bool:
    """Whether the photos and weights for `clustered` are on this machine."""
    return _WEIGHTS.exists() and (_DATA / "photos").is_dir()


def clustered(count: int) -> NDArray[np.float32]:
    """(count, 512) float32: embeddings of the Caltech photos, each as often as it takes, every copy a bit different.

    How a copy differs is taken from real photos too: by what a crop, a flip and another brightness did to the embedding
    of some photo.
    """
    originals, changes = _embeddings()
    generator = np.random.default_rng(1)
    vectors = np.empty((count, DIMENSIONS), dtype=np.float32)
    places = generator.permutation(count)
    for start in range(0, count, 4096):
        rows = places[start : start + 4096]
        drawn = changes[generator.integers(0, len(changes), len(rows))]
        # The network ends in a ReLU: no embedding has a negative number.
        copies = np.maximum(originals[(start + np.arange(len(rows))) % len(originals)] + drawn, 0)
        vectors[rows] = normalise_rows(copies)
    return vectors


def unclustered(count: int) -> NDArray[np.float32]:
    """(count, 512) float32, alike in all directions."""
    return normalise_rows(np.random.default_rng(2).standard_normal((count, DIMENSIONS), dtype=np.float32))


def _embeddings() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Of all photos (n, 512), and the changes (m, 512); kept in the temporary folder, for they take a minute or two."""
    if _CACHE.exists():
        with np.load(_CACHE) as kept:
            return kept["originals"], kept["changes"]
    files = sorted((_DATA / "photos" / "caltech101").rglob("*.jpg"))
    network = build_resnet18()
    load_state(network, torch.load(_WEIGHTS, map_location="cpu", weights_only=True))
    embedder = ResNet18Embedder(network, "benchmark", device="cpu", batch_size=_BATCH)
    generator = np.random.default_rng(0)
    some = generator.choice(len(files), _CHANGED, replace=False)
    originals = _embedded(embedder, [_view(_photo(file)) for file in files])
    changed = _embedded(embedder, [_view(_altered(_photo(files[place]), generator)) for place in some])
    written = io.BytesIO()
    np.savez(written, originals=originals, changes=changed - originals[some])
    _CACHE.write_bytes(written.getvalue())
    return originals, changed - originals[some]


def _embedded(embedder: ResNet18Embedder, views: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
    return embedder.embed(np.stack(views))


def _photo(file: Path) -> Image.Image:
    with Image.open(file) as photo:
        return photo.convert("RGB")


def _view(photo: Image.Image) -> NDArray[np.uint8]:
    return model_view([photo], *photo.size)


def _altered(photo: Image.Image, generator: np.random.Generator) -> Image.Image:
    """At least 60 % of the area, perhaps mirrored, up to a fifth brighter or darker."""
    side = np.sqrt(generator.uniform(0.6, 1))
    width, height = int(photo.width * side), int(photo.height * side)
    left, top = (
        generator.integers(0, photo.width - width + 1),
        generator.integers(0, photo.height - height + 1),
    )
    cut = photo.crop((int(left), int(top), int(left) + width, int(top) + height))
    if generator.random() < 0.5:
        cut = cut.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    brightness = generator.uniform(0.8, 1.2)
    return cut.point(lambda value: value * brightness)
