"""Vectors that are hard on a nearest-neighbour search, and a search too plain to be wrong."""

import numpy as np
from numpy.typing import NDArray

from worker.index.exact import topk
from worker.index.exact.lists import NeighbourLists


def unit(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    """`vectors` (n, d) with rows of length 1; zeros stay."""
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    normalised: NDArray[np.float32] = (vectors / np.where(lengths == 0, 1, lengths)).astype(np.float32)
    return normalised


def random_vectors(count: int, dimensions: int, seed: int = 0) -> NDArray[np.float32]:
    return unit(np.random.default_rng(seed).standard_normal((count, dimensions)))


def near_ties(count: int, dimensions: int, seed: int = 0) -> NDArray[np.float32]:
    """All pairs so alike that float32 products order them wrongly."""
    generator = np.random.default_rng(seed)
    centre = generator.standard_normal(dimensions)
    return unit(centre + generator.standard_normal((count, dimensions)) * 1e-3)


def awkward_pool(dimensions: int) -> NDArray[np.float32]:
    """Ordinary vectors, twins, near twins, opposites, zeros, one-hot and denormal ones."""
    ordinary = random_vectors(8, dimensions)
    hot = np.eye(dimensions, dtype=np.float32)[:3]
    tiny = np.full((2, dimensions), 1e-42, dtype=np.float32)
    tiny[1] *= -1
    zeros = np.zeros((2, dimensions), dtype=np.float32)
    near = unit(ordinary[:3] + np.float32(1e-7))
    flat = unit(np.ones((2, dimensions)))
    return np.vstack([ordinary, ordinary[:3], near, -ordinary[:2], hot, -hot[:1], tiny, zeros, flat])


def families(count: int, dimensions: int) -> NDArray[np.float32]:
    """Groups of about 30 look-alikes, near a subspace of 40 dimensions."""
    generator = np.random.default_rng(2)
    scales = np.where(np.arange(dimensions) < 40, 1, 0.05)
    centres = generator.standard_normal((count // 30 + 1, dimensions)) * scales
    noise = generator.standard_normal((count, dimensions)) * scales * 0.3
    return unit(centres[generator.integers(0, len(centres), count)] + noise)


_POOL = awkward_pool(16)
HARD = {
    "awkward": _POOL,
    "twins": np.repeat(_POOL[:3], 60, axis=0),
    "all equal": np.repeat(_POOL[:1], 150, axis=0),
    "zeros": np.zeros((60, 16), np.float32),
    "denormal": np.full((60, 16), 1e-42, np.float32),
    "one-hot": np.eye(60, dtype=np.float32),
    "near ties": near_ties(150, 128),
    "flat ties": near_ties(150, 8),
    "lattice": unit(np.random.default_rng(5).integers(-1, 2, (150, 8)).astype(np.float32)),
}


def targets_of(vectors: NDArray[np.float32], seed: int = 0) -> topk.Targets:
    return topk.Targets(vectors, np.random.default_rng(seed).permutation(len(vectors)).astype(np.int64))


def plain_similarity(left: NDArray[np.float32], right: NDArray[np.float32]) -> np.float32:
    """The definition, for one pair: summed in float64, rounded to float32."""
    return np.float32((left.astype(np.float64) * right.astype(np.float64)).sum())


def brute_force(vectors: NDArray[np.float32], ids: NDArray[np.int64], k: int) -> NeighbourLists:
    """Every pair, one by one, sorted by Python."""
    neighbours = np.full((len(ids), k), -1, dtype=np.int64)
    similarities = np.full((len(ids), k), -2.0, dtype=np.float32)
    for row, owner in enumerate(ids):
        others = [
            (-float(plain_similarity(vectors[row], vector)), int(other))
            for vector, other in zip(vectors, ids, strict=True)
            if other != owner
        ]
        for place, (negated, other) in enumerate(sorted(others)[:k]):
            neighbours[row, place] = other
            similarities[row, place] = -negated
    return NeighbourLists(ids, neighbours, similarities)


def assert_same_lists(actual: NeighbourLists, expected: NeighbourLists) -> None:
    """Owners, neighbours and similarities equal to the last bit."""
    np.testing.assert_array_equal(actual.owners, expected.owners)
    np.testing.assert_array_equal(actual.neighbours, expected.neighbours)
    np.testing.assert_array_equal(actual.similarities, expected.similarities)
