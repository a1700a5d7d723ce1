"""The proof in worker/index/exact/topk.py, tried on vectors that are hard on it."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.vectors import awkward_pool, near_ties, plain_similarity, random_vectors, unit
from worker.index.exact.topk import (
    LOWEST,
    Queries,
    Targets,
    check_vectors,
    exchange,
    margin,
    no_keys,
    pack,
    similarity,
    unpack,
)

FAMILIES = {
    "random": random_vectors(200, 512),
    "nearly the same": near_ties(200, 512),
    "positive, so that errors add up": unit(np.abs(random_vectors(200, 512))),
    "flat": unit(np.ones((3, 512))),
    "growing": unit(np.geomspace(1e-6, 1, 512)[np.newaxis].repeat(3, axis=0)),
    "awkward": awkward_pool(512),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_products_stay_within_the_margin_of_the_similarity(family: str) -> None:
    vectors = FAMILIES[family]
    products = vectors @ vectors.T
    for row, vector in enumerate(vectors):
        exact = similarity(np.broadcast_to(vector, vectors.shape), vectors)
        assert np.abs(products[row].astype(np.float64) - exact).max() <= margin(512)


def test_the_margin_covers_the_worst_order_of_summation() -> None:
    vector = unit(np.abs(random_vectors(1, 512)))[0]
    one_by_one = np.float32(0)
    for value in np.sort(vector)[::-1]:
        one_by_one += value * value
    assert abs(float(one_by_one) - float(plain_similarity(vector, vector))) <= margin(512)


def test_the_margin_is_narrow_enough_to_be_of_use() -> None:
    assert margin(512) < 4e-5


@pytest.mark.parametrize("dimensions", [1, 2, 3, 7, 8, 9, 127, 128, 129, 511, 512, 513])
def test_a_similarity_has_the_same_bits_in_any_company(dimensions: int) -> None:
    left, right = random_vectors(700, dimensions, seed=1), random_vectors(700, dimensions, seed=2)
    together = similarity(left, right)
    assert together.tobytes() == similarity(right, left).tobytes()
    assert together[:1].tobytes() == similarity(left[:1], right[:1]).tobytes()
    assert together[3:400].tobytes() == similarity(left[3:400], right[3:400]).tobytes()
    alone = np.array([plain_similarity(*pair) for pair in zip(left, right, strict=True)])
    assert together.tobytes() == alone.tobytes()


def test_a_similarity_is_the_exact_dot_product_to_the_last_place() -> None:
    left, right = random_vectors(50, 512, seed=1), random_vectors(50, 512, seed=2)
    for x, y, found in zip(left, right, similarity(left, right), strict=True):
        exact = math.fsum(float(a) * float(b) for a, b in zip(x, y, strict=True))
        assert abs(float(found) - exact) <= np.spacing(np.float32(abs(exact)))


def test_a_similarity_of_nothing_is_plain_zero() -> None:
    zeros, negative = np.zeros((1, 4), np.float32), np.full((1, 4), -0.5, np.float32)
    assert not np.signbit(similarity(zeros, negative))[0]


def test_keys_sort_by_similarity_and_then_by_rank() -> None:
    similarities = np.array([0.5, 1.0, -1.0, 0.0, 0.5, 1e-45, -1e-45, 1.0000001], np.float32)
    ranks = np.array([7, 1, 2, 3, 4, 5, 6, 0], np.int64)
    keys = np.sort(pack(similarities, ranks))
    expected = sorted(zip(-similarities.astype(float), ranks, strict=True))
    assert [(-s, r) for s, r in zip(*unpack(keys)[:2], strict=True)] == expected


@pytest.mark.parametrize(
    "vectors",
    [
        np.full((2, 4), np.nan, np.float32),
        np.full((2, 4), np.inf, np.float32),
        np.full((2, 4), 1.0, np.float32),
        np.zeros((2, 4), np.float64),
        np.zeros(4, np.float32),
    ],
)
def test_vectors_that_are_not_normalised_float32_are_refused(vectors: NDArray[np.float32]) -> None:
    with pytest.raises(ValueError, match="ectors"):
        check_vectors(vectors)


def exchanged(
    entrants: NDArray[np.float32], targets: NDArray[np.float32], floors: NDArray[np.float32], k: int
) -> NDArray[np.bool_]:
    """Which entrants (rows) are offered to which targets (columns)."""
    count, total = len(entrants), len(entrants) + len(targets)
    queries = Queries(entrants, np.arange(count), np.full(count, -1))
    ranks = np.arange(count, total, dtype=np.int64)
    _, offers = exchange(
        queries, np.arange(count, dtype=np.int64), Targets(targets, ranks), floors, no_keys(count, k)
    )
    found = np.zeros((count, len(targets)), np.bool_)
    found[unpack(offers.keys)[1].astype(int), offers.targets] = True
    return found


def test_every_query_that_reaches_the_floor_of_a_target_is_offered_to_it() -> None:
    entrants, targets = near_ties(40, 64, seed=1), near_ties(50, 64, seed=2)
    similarities = np.array([similarity(np.broadcast_to(row, targets.shape), targets) for row in entrants])
    floors = np.median(similarities, axis=0)
    floors[::5] = np.inf
    np.testing.assert_array_equal(exchanged(entrants, targets, floors, 3), similarities >= floors)


def test_of_a_crowd_of_twins_only_the_first_are_offered_to_all() -> None:
    entrants = np.repeat(random_vectors(2, 16), [300, 1], axis=0)
    offered = exchanged(entrants, random_vectors(100, 16, seed=1), np.full(100, LOWEST), 3)
    assert offered[:4].all()
    assert offered[300].all()
    # The others only to those among whom their own k best were found.
    assert offered[4:300].sum(axis=1).max() <= 6
