"""The self-join answers what plain search does, whatever the vectors, the sketches and the threads."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.support.vectors import awkward_pool, brute_force, near_ties, random_vectors, unit
from worker.algorithms import topk
from worker.algorithms.join_setup import choose_ranks, stand_ins
from worker.algorithms.self_join import is_worthwhile, join, rounds

Choose = Callable[..., tuple[int, int] | None]

POOL = awkward_pool(16)


def whole_vectors(*_: object) -> None:
    return None


def tiny_sketches(*_: object) -> tuple[int, int]:
    return 2, 5


def targets_of(vectors: NDArray[np.float32], seed: int = 0) -> topk.Targets:
    return topk.Targets(vectors, np.random.default_rng(seed).permutation(len(vectors)).astype(np.uint64))


def families(count: int, dimensions: int) -> NDArray[np.float32]:
    """Groups of about 30 look-alikes, near a subspace of 40 dimensions."""
    generator = np.random.default_rng(2)
    scales = np.where(np.arange(dimensions) < 40, 1, 0.05)
    centres = generator.standard_normal((count // 30 + 1, dimensions)) * scales
    noise = generator.standard_normal((count, dimensions)) * scales * 0.3
    return unit(centres[generator.integers(0, len(centres), count)] + noise)


def searched(targets: topk.Targets, places: NDArray[np.intp], k: int) -> NDArray[np.uint64]:
    queries = topk.Queries(targets.vectors, places, places)
    return topk.search(queries, targets, topk.no_keys(len(places), k))


@pytest.mark.parametrize(
    "vectors",
    [
        POOL,
        np.repeat(POOL[:3], 60, axis=0),
        np.repeat(POOL[:1], 150, axis=0),
        np.zeros((60, 16), np.float32),
        np.full((60, 16), 1e-42, np.float32),
        np.eye(60, dtype=np.float32),
        near_ties(150, 128),
        near_ties(150, 8),
        unit(np.random.default_rng(5).integers(-1, 2, (150, 8)).astype(np.float32)),
    ],
    ids=[
        "awkward",
        "twins",
        "all equal",
        "zeros",
        "denormal",
        "one-hot",
        "near ties",
        "flat ties",
        "lattice",
    ],
)
@pytest.mark.parametrize("choose", [whole_vectors, tiny_sketches])
@pytest.mark.parametrize("k", [1, 3, 20])
def test_a_join_equals_brute_force_on_hard_vectors(
    vectors: NDArray[np.float32], choose: Choose, k: int
) -> None:
    targets, places = targets_of(vectors), np.arange(len(vectors))
    keys = join(targets, places, k, threads=2, choose=choose)
    similarities, ranks, filled = topk.unpack(keys)
    expected = brute_force(vectors, targets.ranks.astype(np.int64), k)
    np.testing.assert_array_equal(np.where(filled, ranks.astype(np.int64), -1), expected.neighbours)
    np.testing.assert_array_equal(similarities, expected.similarities)


@settings(deadline=None, max_examples=60)
@given(
    picks=st.lists(st.integers(0, len(POOL) - 1), min_size=1, max_size=40),
    k=st.integers(1, 8),
    choose=st.sampled_from([whole_vectors, tiny_sketches]),
    data=st.data(),
)
def test_the_lists_of_some_among_all_equal_those_of_plain_search(
    picks: list[int], k: int, choose: Choose, data: st.DataObject
) -> None:
    targets = targets_of(POOL[np.array(picks)], seed=k)
    places = np.array(
        data.draw(st.lists(st.integers(0, len(picks) - 1), unique=True), label="places"), dtype=np.intp
    )
    keys = join(targets, places, k, threads=1, choose=choose)
    np.testing.assert_array_equal(keys, searched(targets, places, k))


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_many_blocks_on_any_number_of_threads_equal_plain_search(threads: int) -> None:
    targets, places = targets_of(families(2500, 128)), np.arange(2500)
    for choose in (whole_vectors, lambda *_: (31, 63)):
        keys = join(targets, places, 20, threads=threads, choose=choose)
        np.testing.assert_array_equal(keys, searched(targets, places, 20))


def test_a_part_that_is_searched_among_several_other_blocks_equals_plain_search() -> None:
    targets, places = targets_of(families(3000, 128)), np.arange(3000)[100:900]
    np.testing.assert_array_equal(
        join(targets, places, 20, threads=2, choose=lambda *_: (31, 63)), searched(targets, places, 20)
    )


def test_crowds_of_twins_among_others_equal_plain_search() -> None:
    crowd = np.repeat(random_vectors(3, 32), [5, 400, 30], axis=0)
    vectors = np.vstack([crowd, near_ties(100, 32), random_vectors(300, 32)])
    targets, places = targets_of(vectors), np.random.default_rng(1).permutation(len(vectors))[:500]
    np.testing.assert_array_equal(
        join(targets, places, 10, choose=tiny_sketches), searched(targets, places, 10)
    )


def test_nobody_is_searched_for_in_vain() -> None:
    assert join(targets_of(POOL), np.arange(0), 3).shape == (0, 3)


def test_identical_vectors_beyond_the_first_are_stood_in_for() -> None:
    vectors = np.vstack([np.repeat(POOL[:1], 6, axis=0), POOL[1:3]])
    ranks = np.array([5, 4, 3, 2, 1, 0, 6, 7], np.uint64)
    # The three that come first by rank are at 5, 4 and 3; with k = 2 the third of them stands in for the rest.
    np.testing.assert_array_equal(stand_ins(topk.Targets(vectors, ranks), 2), [3, 3, 3, 3, 4, 5, 6, 7])


def test_sketches_are_chosen_for_vectors_near_a_subspace() -> None:
    everyone = np.arange(2000)
    ranks = choose_ranks(targets_of(families(2000, 512)), everyone, everyone, 5, np.eye(512))
    assert ranks is not None
    assert 31 <= ranks[0] < ranks[1] < 256


def test_whole_vectors_are_chosen_where_they_fill_the_space() -> None:
    everyone = np.arange(2000)
    assert choose_ranks(targets_of(random_vectors(2000, 512)), everyone, everyone, 5, np.eye(512)) is None


def test_a_join_is_for_many_rows_of_large_galleries() -> None:
    assert is_worthwhile(8192, 100_000)
    assert is_worthwhile(10_000, 10_000)
    assert not is_worthwhile(1000, 100_000)
    assert not is_worthwhile(3000, 3000)


@pytest.mark.parametrize(("own", "other"), [(1, 0), (2, 0), (7, 0), (8, 3), (1, 5), (3, 1)])
def test_every_pair_of_blocks_meets_once_and_no_block_twice_in_a_round(own: int, other: int) -> None:
    def blocks(start: int, count: int) -> list[slice]:
        return [slice(number, number + 1) for number in range(start, start + count)]

    met: list[tuple[int, int]] = []
    for pairs in rounds(blocks(0, own), blocks(own, other)):
        busy = [block.start for pair in pairs for block in set_of(pair) if block.start < own]
        assert len(busy) == len(set(busy))
        met += [(one.start, another.start) for one, another in pairs]
    expected = [(i, j) for i in range(own) for j in range(i, own + other)]
    assert sorted(met) == expected


def set_of(pair: tuple[slice, slice]) -> list[slice]:
    return [pair[0]] if pair[0] == pair[1] else list(pair)
