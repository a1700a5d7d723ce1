"""An exchange by codes made on the fly answers what a plain one does, whatever the vectors, blocks and threads."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.support.vectors import HARD, awkward_pool, families, near_ties, random_vectors, targets_of
from worker.index.exact import topk
from worker.index.exact.codes.integer_products import int8_is_faster
from worker.index.exact.join.costs import exchange_pays
from worker.index.exact.join.exchange import CodedExchange
from worker.index.exact.threads import compute_threads

POOL = awkward_pool(16)

Exchanged = tuple[NDArray[np.int64], NDArray[np.int64]]


def some_of(count: int, number: int) -> NDArray[np.intp]:
    return np.random.default_rng(7).permutation(count)[:number]


def floors_of(targets: topk.Targets, places: NDArray[np.intp], k: int) -> NDArray[np.float32]:
    """What the lists of k places reach without the images at `places`; every fifth closed, as are theirs."""
    others = np.delete(np.arange(len(targets.ranks)), places)
    queries = topk.Queries(targets.vectors, others, np.arange(len(others)))
    searched = topk.Targets(targets.vectors[others], targets.ranks[others])
    floors = np.full(len(targets.ranks), np.float32(np.inf))
    lists = topk.search(queries, searched, topk.no_keys(len(others), k))
    floors[others] = topk.unpack(lists[:, -1])[0]
    floors[::5] = np.inf
    return floors


def first_offered(offers: topk.Offers, count: int, k: int) -> NDArray[np.int64]:
    """The k best that are offered to each target."""
    order = np.argsort(offers.targets, kind="stable")
    return topk.merge(topk.no_keys(count, k), offers.targets[order], offers.keys[order])


def plain(targets: topk.Targets, places: NDArray[np.intp], floors: NDArray[np.float32], k: int) -> Exchanged:
    queries = topk.Queries(targets.vectors, places, places)
    found, offers = topk.exchange(
        queries, targets.ranks[places], targets, floors, topk.no_keys(len(places), k)
    )
    return found, first_offered(offers, len(targets.ranks), k)


def coded(
    targets: topk.Targets, places: NDArray[np.intp], floors: NDArray[np.float32], k: int, threads: int = 2
) -> Exchanged:
    with compute_threads(threads) as pool:
        found, offers = CodedExchange(targets, places, floors).run(k, pool)
    return found, first_offered(offers, len(targets.ranks), k)


def assert_same(actual: Exchanged, expected: Exchanged) -> None:
    for mine, theirs in zip(actual, expected, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("family", HARD)
@pytest.mark.parametrize("k", [1, 3, 20])
@pytest.mark.parametrize("number", [1, 9])
def test_an_exchange_by_codes_equals_a_plain_one_on_hard_vectors(family: str, k: int, number: int) -> None:
    targets = targets_of(HARD[family])
    places = some_of(len(targets.ranks), number)
    floors = floors_of(targets, places, k)
    assert_same(coded(targets, places, floors, k), plain(targets, places, floors, k))


@settings(deadline=None, max_examples=60)
@given(
    picks=st.lists(st.integers(0, len(POOL) - 1), min_size=1, max_size=40),
    number=st.integers(1, 40),
    k=st.integers(1, 8),
)
def test_whatever_the_queries_an_exchange_by_codes_equals_a_plain_one(
    picks: list[int], number: int, k: int
) -> None:
    targets = targets_of(POOL[np.array(picks)], seed=k)
    places = some_of(len(picks), number)
    floors = floors_of(targets, places, k)
    assert_same(coded(targets, places, floors, k), plain(targets, places, floors, k))


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_many_blocks_on_any_number_of_threads_equal_a_plain_exchange(threads: int) -> None:
    targets = targets_of(families(4500, 128))
    places = some_of(4500, 1300)
    floors = floors_of(targets, places, 20)
    assert_same(coded(targets, places, floors, 20, threads), plain(targets, places, floors, 20))


def test_an_exchange_by_codes_pays_among_families_and_not_among_near_ties_and_twins() -> None:
    if not int8_is_faster():
        pytest.skip("Without units for int8 there is nothing to gain.")
    twins = np.repeat(random_vectors(2, 512), 500, axis=0)
    pays = []
    for vectors in (families(1000, 512), near_ties(1000, 512), twins):
        targets, places = targets_of(vectors), some_of(1000, 50)
        with compute_threads(1) as threads:
            pays.append(CodedExchange(targets, places, floors_of(targets, places, 10)).pays(threads))
    assert pays == [True, False, False]


def test_few_pairs_and_vectors_beyond_the_proof_are_exchanged_plainly() -> None:
    assert not exchange_pays(1, 100_000, 512)
    assert not exchange_pays(1000, 100_000, 2048)
    assert exchange_pays(1000, 100_000, 512) == int8_is_faster()
