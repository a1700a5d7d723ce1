"""Where a layer's input is cut off for 8 bits: far out where values are even, well inside where few are large."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from benchmarks.bench_embedding import GALLERY
from benchmarks.pictures import spread
from tools.fit_int8 import best_limit, limits_of, to_fit_to
from tools.train_weights.untrained import untrained_resnet18


def squared_error(values: NDArray[np.float64], limit: float) -> float:
    quantised = np.minimum(np.rint(values / limit * 255), 255) * limit / 255
    return float(np.square(values - quantised).sum())


def test_even_values_are_not_cut() -> None:
    assert best_limit(np.full(4096, 10), 3.0) == pytest.approx(3.0)


def test_a_long_tail_is_cut_where_the_error_is_least() -> None:
    values = np.random.default_rng(0).exponential(1.0, 50_000)
    counts = np.histogram(values, 4096, (0, values.max()))[0]
    limit = best_limit(counts, float(values.max()))
    assert limit < 0.95 * values.max()
    assert squared_error(values, limit) < squared_error(values, float(values.max()))
    assert squared_error(values, limit) < squared_error(values, 0.8 * limit)


def test_photos_that_the_benchmark_measures_on_are_left_out() -> None:
    files = [Path(f"{number}.jpg") for number in range(GALLERY + 300)]
    chosen = to_fit_to(files)
    assert len(chosen) == 300
    assert not set(chosen) & {files[place] for place in spread(len(files), GALLERY)}


def test_a_small_folder_is_taken_whole() -> None:
    files = [Path(f"{number}.jpg") for number in range(5)]
    assert to_fit_to(files) == files


def test_both_convolutions_of_every_block_get_a_limit_within_what_they_are_given() -> None:
    network, seen = untrained_resnet18(2), dict[str, float]()
    for name, layer in network.named_modules():
        if isinstance(layer, torch.nn.Conv2d):
            layer.register_forward_pre_hook(
                lambda _, inputs, name=name: seen.__setitem__(
                    name, max(seen.get(name, 0.0), float(inputs[0].max()))
                )
            )
    views = np.random.default_rng(1).integers(0, 256, (2, 224, 224, 3), dtype=np.uint8)
    found = limits_of(network, views)
    assert found.keys() == {
        f"layer{layer}.{place}.conv{n}" for layer in (1, 2, 3, 4) for place in (0, 1) for n in (1, 2)
    }
    assert all(0 < found[name] <= seen[name] * 1.001 for name in found)
