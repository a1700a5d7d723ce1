"""Networks and views for tests of engines: small, seeded, and the same for all."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray

from tests.support.pictures import draw_picture


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Tests run side by side, each of them on a core."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def drawn_views(count: int, seed: int = 0) -> NDArray[np.uint8]:
    """(count, 224, 224, 3) uint8: pictures that differ."""
    return np.stack([np.asarray(draw_picture(224, 224, seed + number)) for number in range(count)])


def cosine_distances(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float64]:
    """1 - cosine of each row of one with the same row of the other; both of length 1."""
    distances: NDArray[np.float64] = 1 - (one.astype(np.float64) * other.astype(np.float64)).sum(axis=1)
    return distances
