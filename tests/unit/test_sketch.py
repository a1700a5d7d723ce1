"""The proof in worker/algorithms/sketch.py, tried on vectors that are hard on it."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.vectors import awkward_pool, near_ties, random_vectors, unit
from worker.algorithms.sketch import margin, nested_sketches, principal_axes, sketches
from worker.algorithms.topk import similarity

AWKWARD = awkward_pool(128)
FAMILIES = {
    "random": random_vectors(150, 128),
    "nearly the same": near_ties(150, 128),
    "positive, so that errors add up": unit(np.abs(random_vectors(150, 128))),
    "growing": unit(np.geomspace(1e-6, 1, 128)[np.newaxis].repeat(3, axis=0)),
    "one-hot": np.eye(128, dtype=np.float32),
    "all equal": np.repeat(random_vectors(1, 128), 30, axis=0),
    "opposites": np.vstack([random_vectors(40, 128), -random_vectors(40, 128)]),
    "longer than they should be": random_vectors(100, 128) * np.float32(1.0004),
    "zeros": np.zeros((5, 128), np.float32),
    "denormal": np.full((5, 128), 1e-42, np.float32),
    "in a plane": unit(random_vectors(100, 2) @ random_vectors(2, 128)),
    "awkward": AWKWARD,
}


def made(vectors: NDArray[np.float32], axes: NDArray[np.float64]) -> NDArray[np.float32]:
    with ThreadPoolExecutor(2) as pool:
        return sketches(vectors, np.arange(len(vectors)), axes, pool)


def shortfall(vectors: NDArray[np.float32], found: NDArray[np.float32]) -> float:
    """How far a product of sketches lies below the similarity, at worst."""
    products = (found @ found.T).astype(np.float64)
    exact = np.array([similarity(np.broadcast_to(row, vectors.shape), vectors) for row in vectors])
    return float((exact - products).max())


@pytest.mark.parametrize("rank", [1, 7, 64, 127, 128])
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("sample", ["random", "its own"])
def test_products_of_sketches_lie_no_further_below_the_similarity_than_the_margin(
    family: str, rank: int, sample: str
) -> None:
    vectors = FAMILIES[family]
    axes = principal_axes(FAMILIES["random"] if sample == "random" else vectors)[:, :rank]
    assert shortfall(vectors, made(vectors, axes)) <= margin(rank)


def test_without_what_the_axes_leave_out_the_bound_would_not_hold() -> None:
    vectors = FAMILIES["random"]
    found = made(vectors, principal_axes(vectors)[:, :7])
    found[:, -1] = 0
    assert shortfall(vectors, found) > margin(7)


def test_the_margin_is_narrow_enough_to_be_of_use() -> None:
    assert margin(63) < 1e-5


@pytest.mark.parametrize("family", FAMILIES)
def test_axes_lengthen_no_vector(family: str) -> None:
    for rank in (1, 64, 128):
        assert np.linalg.svd(principal_axes(FAMILIES[family])[:, :rank])[1].max() <= 1


def test_principal_axes_leave_nothing_out_of_what_lies_in_a_plane() -> None:
    vectors = FAMILIES["in a plane"]
    assert made(vectors, principal_axes(vectors)[:, :2])[:, -1].max() < 1e-3


def test_nested_sketches_are_those_of_either_rank() -> None:
    vectors, rows = AWKWARD, np.arange(len(AWKWARD))[::-1]
    axes = principal_axes(FAMILIES["random"])
    with ThreadPoolExecutor(1) as pool:
        both = nested_sketches(vectors, rows, axes[:, :90], 30, pool)
    short, long = made(vectors[rows], axes[:, :30]), made(vectors[rows], axes[:, :90])
    np.testing.assert_allclose(both[:, -31:] @ both[:, -31:].T, short @ short.T, atol=1e-6)
    np.testing.assert_allclose(both[:, :-1] @ both[:, :-1].T, long @ long.T, atol=1e-6)
