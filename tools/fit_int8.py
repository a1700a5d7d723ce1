"""`python -m tools.fit_int8 PHOTOS [WEIGHTS]`: where to cut off what the layers of a ResNet18 are given, for 8-bit integers.

Prints a limit for both convolutions of every block (shortcuts share the first one's): the one at which rounding to 256 steps
and cutting off together cost the least squared error on the photos of a folder. worker/embedding/engines/int8.py holds what it
printed for the shipped weights and the photos of Caltech-101 that the benchmark measures on, less those of its gallery.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from benchmarks.bench_embedding import GALLERY
from benchmarks.pictures import spread
from worker.embedding.algorithms.resnet import build_resnet18, load_state
from worker.embedding.algorithms.resnet18_embedder import preprocess
from worker.embedding.weights import bundled_weights, explicit_weights
from worker.imaging.algorithms.model_view import model_view

See = Callable[[str, Tensor], None]

# Spread over the folder, since neighbours in it are of one kind.
PHOTOS: Final = 256
STEPS: Final = 255
_BINS: Final = 4096
_BATCH: Final = 16
_CANDIDATES: Final = np.linspace(0.15, 1, 86)


def main(folder: Path, weights: Path | None) -> None:
    """Prints the limits by layer."""
    network = build_resnet18()
    load_state(network, (explicit_weights(weights) if weights else bundled_weights()).state)
    for name, limit in limits_of(network, _views(folder)).items():
        sys.stdout.write(f'"{name}": {limit:.2f},\n')


def limits_of(network: nn.Module, views: NDArray[np.uint8]) -> dict[str, float]:
    """By convolution of the blocks, but for shortcuts, on views (n, 224, 224, 3)."""
    largest = _largest(network, views)
    return {
        name: best_limit(counts, largest[name])
        for name, counts in _histograms(network, views, largest).items()
    }


def best_limit(counts: NDArray[np.int64], largest: float) -> float:
    """Of values from 0 to `largest` with this histogram; zeros are exact whatever the limit, so their bin is left out."""
    values = (np.arange(len(counts)) + 0.5) / len(counts) * largest
    errors = [
        float((counts[1:] * np.square(values - _quantised(values, share * largest))[1:]).sum())
        for share in _CANDIDATES
    ]
    return float(_CANDIDATES[int(np.argmin(errors))] * largest)


def _quantised(values: NDArray[np.float64], limit: float) -> NDArray[np.float64]:
    quantised: NDArray[np.float64] = np.minimum(np.rint(values / limit * STEPS), STEPS) * limit / STEPS
    return quantised


def _views(folder: Path) -> NDArray[np.uint8]:
    files = to_fit_to(sorted(folder.rglob("*.jpg")))
    views = []
    for place in spread(len(files), PHOTOS):
        with Image.open(files[place]) as file:
            photo = file.convert("RGB")
        views.append(model_view([photo], *photo.size))
    return np.stack(views)


def to_fit_to(files: list[Path]) -> list[Path]:
    """Without what the benchmark would measure on, were this its folder."""
    gallery = set(spread(len(files), GALLERY))
    return [file for place, file in enumerate(files) if place not in gallery] or files


def _largest(network: nn.Module, views: NDArray[np.uint8]) -> dict[str, float]:
    found: dict[str, float] = {}

    def see(name: str, values: Tensor) -> None:
        found[name] = max(found.get(name, 0.0), float(values.max()))

    _watch(network, views, see)
    return found


def _histograms(
    network: nn.Module, views: NDArray[np.uint8], largest: dict[str, float]
) -> dict[str, NDArray[np.int64]]:
    found = {name: np.zeros(_BINS, np.int64) for name in largest}

    def see(name: str, values: Tensor) -> None:
        found[name] += torch.histc(values.float(), _BINS, 0, largest[name]).numpy().astype(np.int64)

    _watch(network, views, see)
    return found


def _watch(network: nn.Module, views: NDArray[np.uint8], see: See) -> None:
    """Calls `see` with each convolution's name and input, batch by batch; the shortcuts share another's, the first has pixels."""
    hooks = [
        layer.register_forward_pre_hook(lambda _, inputs, name=name: see(name, inputs[0]))
        for name, layer in network.named_modules()
        if isinstance(layer, nn.Conv2d) and name.startswith("layer") and "downsample" not in name
    ]
    with torch.inference_mode():
        for start in range(0, len(views), _BATCH):
            network(preprocess(torch.from_numpy(views[start : start + _BATCH])))
    for hook in hooks:
        hook.remove()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
