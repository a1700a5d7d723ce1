"""Weights in 8 bits: near the weights one by one, and nearer still as sums."""

import numpy as np
import pytest
from numpy.typing import NDArray

from worker.embedding.engines.int8 import rounded_weights


def weights(*shape: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).laplace(0.001, 0.02, shape).astype(np.float32)


def errors(weight: NDArray[np.float32]) -> NDArray[np.float64]:
    """In steps."""
    integers, steps = rounded_weights(weight)
    return integers - weight.astype(np.float64) / steps


@pytest.mark.parametrize("shape", [(8, 64, 3, 3), (5, 32, 1, 1), (4, 3, 7, 7), (1, 1, 1, 1)])
def test_every_weight_is_within_a_step_and_an_outputs_errors_cancel(shape: tuple[int, ...]) -> None:
    off = errors(weights(*shape))
    assert np.abs(off).max() < 1.001
    assert np.abs(off.sum(axis=(1, 2, 3))).max() < 0.51


def test_the_errors_of_a_kernel_add_up_to_a_step_at_most() -> None:
    off = errors(weights(8, 64, 3, 3)).sum(axis=(2, 3))
    assert np.abs(off).max() < 1.01
    assert np.mean(np.abs(off) < 0.51) > 0.9


def test_the_largest_weight_of_each_output_is_the_largest_integer() -> None:
    weight = weights(6, 16, 3, 3) * np.logspace(-4, 4, 6, dtype=np.float32).reshape(-1, 1, 1, 1)
    integers, steps = rounded_weights(weight)
    assert integers.dtype == np.int8
    assert steps.shape == (6, 1, 1, 1)
    np.testing.assert_array_equal(np.abs(integers.astype(int)).max(axis=(1, 2, 3)), 127)


def test_an_output_without_weights_stays_so() -> None:
    weight = weights(2, 4, 3, 3)
    weight[1] = 0
    integers, steps = rounded_weights(weight)
    assert not integers[1].any()
    assert np.isfinite(steps).all()


def test_what_even_inputs_give_is_truer_than_by_rounding_each_weight() -> None:
    weight = weights(64, 64, 3, 3)
    integers, steps = rounded_weights(weight)
    nearest = np.rint(weight / steps)
    generator = np.random.default_rng(1)
    # Positive, alike from pixel to pixel, different from channel to channel, as behind a ReLU.
    given = generator.gamma(2, 1, (64, 1, 1)) + generator.normal(0, 0.1, (64, 3, 3))

    def error(found: NDArray[np.generic]) -> float:
        return float(np.abs(((found * steps.astype(float) - weight) * given).sum(axis=(1, 2, 3))).mean())

    assert error(integers) < error(nearest) / 2
