"""The compiled loops compute what numpy does."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.vectors import awkward_pool, random_vectors
from worker.index.exact import topk
from worker.index.exact.join.offer import Lists, Members, offer_block, similarity

MARGIN = np.float32(1e-4)


def started(vectors: NDArray[np.float32], k: int) -> tuple[Members, Lists]:
    """Everyone with everyone, whose codes are the vectors themselves."""
    count = len(vectors)
    members = Members(
        vectors,
        np.arange(count),
        np.arange(count, dtype=np.int64),
        scales=np.ones(count, np.float32),
        gains=np.full(count, MARGIN),
    )
    return members, Lists(topk.no_keys(count, k), *(np.full(count, topk.LOWEST) for _ in range(2)))


# The lengths around which numpy's pairwise summation changes its ways.
@pytest.mark.parametrize(
    "dimensions",
    [1, 2, 7, 8, 9, 15, 16, 17, 127, 128, 129, 135, 136, 255, 256, 257, 511, 512, 513, 768, 1000, 2048],
)
def test_a_compiled_similarity_has_the_bits_of_numpys(dimensions: int) -> None:
    left, right = random_vectors(60, dimensions, seed=1), random_vectors(60, dimensions, seed=2)
    compiled = np.array([similarity(x, y) for x, y in zip(left, right, strict=True)], np.float32)
    assert compiled.tobytes() == topk.similarity(left, right).tobytes()


def test_a_compiled_similarity_of_awkward_vectors_has_the_bits_of_numpys() -> None:
    pool = awkward_pool(128)
    for vector in pool:
        compiled = np.array([similarity(vector, other) for other in pool], np.float32)
        assert compiled.tobytes() == topk.similarity(np.broadcast_to(vector, pool.shape), pool).tobytes()


def test_only_pairs_above_the_diagonal_are_offered_to_both() -> None:
    vectors = random_vectors(100, 16)
    members, lists = started(vectors, 99)
    offer_block(vectors @ vectors.T, (0, 0), members, lists, MARGIN)
    everyone = np.arange(100)
    expected = topk.search(
        topk.Queries(vectors, everyone, everyone), topk.Targets(vectors, members.ranks), topk.no_keys(100, 99)
    )
    np.testing.assert_array_equal(lists.keys, expected)


def test_a_pair_is_offered_only_if_the_bound_of_its_codes_reaches_a_floor() -> None:
    vectors = random_vectors(100, 16)
    members, lists = started(vectors, 5)
    lists.limits[:] = 2
    offer_block(vectors @ vectors.T, (0, 0), members, lists, MARGIN)
    np.testing.assert_array_equal(lists.keys, topk.no_keys(100, 5))


def test_a_pair_is_offered_to_both_if_the_floor_of_either_is_reached() -> None:
    vectors = np.repeat(random_vectors(1, 16), 2, axis=0)
    for low in (0, 1):
        members, lists = started(vectors, 5)
        lists.limits[1 - low] = 2
        offer_block(vectors @ vectors.T, (0, 0), members, lists, MARGIN)
        assert topk.unpack(lists.keys)[2].sum() == 2


def test_a_full_list_raises_its_floor_to_its_last_similarity() -> None:
    vectors = random_vectors(50, 16)
    members, lists = started(vectors, 5)
    offer_block(vectors @ vectors.T, (0, 0), members, lists, MARGIN)
    np.testing.assert_array_equal(lists.floors, topk.unpack(lists.keys[:, -1])[0])
    np.testing.assert_array_equal(lists.limits, lists.floors - MARGIN)
