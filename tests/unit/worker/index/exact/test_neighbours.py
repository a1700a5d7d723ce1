"""Neighbour lists equal brute force bit for bit, in full, in tiles and after any sequence of updates."""

from collections.abc import Callable, Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.support.vectors import (
    assert_same_lists,
    awkward_pool,
    brute_force,
    families,
    near_ties,
    random_vectors,
    unit,
)
from worker.index.exact.lists import NO_NEIGHBOUR, NeighbourLists, concatenate
from worker.index.exact.neighbours import build, query, update

POOL = awkward_pool(16)
NONE = np.array([], dtype=np.int64)


def int64(values: Iterable[int]) -> NDArray[np.int64]:
    return np.array(list(values), dtype=np.int64)


def shuffled_ids(count: int) -> NDArray[np.int64]:
    return np.random.default_rng(3).permutation(count * 3)[:count].astype(np.int64)


def applied(lists: NeighbourLists, changed: NeighbourLists, removed: NDArray[np.int64]) -> NeighbourLists:
    """What a store holds once `changed` is written over it, by owner."""
    merged = concatenate([lists.without(np.union1d(changed.owners, removed)), changed])
    return merged.take(np.argsort(merged.owners))


def by_owner(lists: NeighbourLists) -> NeighbourLists:
    return lists.take(np.argsort(lists.owners))


@pytest.mark.parametrize("count", [0, 1, 2, 5, 40])
@pytest.mark.parametrize("k", [1, 4, 50])
def test_a_full_run_equals_brute_force_whatever_the_size(count: int, k: int) -> None:
    vectors, ids = random_vectors(count, 16), shuffled_ids(count)
    assert_same_lists(build(vectors, ids, k), brute_force(vectors, ids, k))


@pytest.mark.parametrize(
    "vectors",
    [
        POOL,
        np.repeat(POOL[:3], 60, axis=0),
        np.repeat(POOL[:1], 150, axis=0),
        np.zeros((60, 16), np.float32),
        np.full((60, 16), 1e-42, np.float32),
        np.eye(60, dtype=np.float32),
        near_ties(150, 512),
        near_ties(150, 3),
        unit(np.random.default_rng(5).integers(-1, 2, (150, 4)).astype(np.float32)),
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
@pytest.mark.parametrize("k", [1, 3, 20])
def test_a_full_run_equals_brute_force_on_hard_vectors(vectors: NDArray[np.float32], k: int) -> None:
    ids = shuffled_ids(len(vectors))
    assert_same_lists(build(vectors, ids, k), brute_force(vectors, ids, k))


def test_no_image_is_its_own_neighbour_even_among_twins() -> None:
    lists = build(np.repeat(POOL[:1], 30, axis=0), np.arange(30), 20)
    assert not (lists.neighbours == lists.owners[:, np.newaxis]).any()


def test_the_order_of_the_gallery_makes_no_difference() -> None:
    vectors, ids = near_ties(120, 64), shuffled_ids(120)
    order = np.random.default_rng(1).permutation(120)
    assert_same_lists(by_owner(build(vectors[order], ids[order], 9)), by_owner(build(vectors, ids, 9)))


@settings(deadline=None, max_examples=120)
@given(data=st.data(), k=st.integers(1, 6))
def test_any_sequence_of_updates_ends_at_the_lists_of_a_full_run(data: st.DataObject, k: int) -> None:
    shelf: dict[int, int] = {}
    lists = NeighbourLists(NONE, np.empty((0, k), np.int64), np.empty((0, k), np.float32))
    for _ in range(data.draw(st.integers(1, 5), label="steps")):
        removed = data.draw(
            st.sets(st.sampled_from(sorted(shelf))) if shelf else st.just(set()), label="removed"
        )
        added = data.draw(
            st.dictionaries(st.integers(0, 60), st.integers(0, len(POOL) - 1), max_size=15), label="added"
        )
        # An id may be removed and added again, or added over its old self: a new vector under an old id.
        shelf = {i: v for i, v in shelf.items() if i not in removed} | added
        ids = data.draw(st.permutations(sorted(shelf)).map(int64), label="ids")
        vectors = POOL[int64(shelf[int(i)] for i in ids)]

        changed = update(vectors, ids, lists, int64(added), int64(removed), k)

        lists = applied(lists, changed, int64(removed))
        assert_same_lists(lists, by_owner(build(vectors, ids, k)))
        assert_same_lists(lists, by_owner(brute_force(vectors, ids, k)))


@pytest.mark.parametrize("make", [random_vectors, near_ties])
def test_updates_of_512_dimensions_equal_a_full_run(make: Callable[[int, int], NDArray[np.float32]]) -> None:
    vectors, ids = make(600, 512), shuffled_ids(600)
    before = build(vectors[:500], ids[:500], 50)
    removed = ids[:40]
    changed = update(vectors[40:], ids[40:], before, ids[500:], removed, 50)
    assert_same_lists(applied(before, changed, removed), by_owner(build(vectors[40:], ids[40:], 50)))


def test_an_update_so_large_that_all_is_computed_anew_returns_what_changed() -> None:
    vectors, ids = random_vectors(6500, 32), shuffled_ids(6500)
    before = build(vectors[:5000], ids[:5000], 5)
    removed = ids[:10]
    changed = update(vectors[10:], ids[10:], before, ids[5000:], removed, 5)
    after = applied(before, changed, removed)
    for place in range(10, 6500, 499):
        found = query(vectors[[place]], vectors[10:], ids[10:], 6).neighbours[0]
        at = np.searchsorted(after.owners, ids[place])
        np.testing.assert_array_equal(after.neighbours[at], found[found != ids[place]])
    unchanged = before.without(np.union1d(changed.owners, removed))
    assert 0 < len(unchanged) < 5000


def test_an_update_of_a_large_gallery_equals_a_full_run() -> None:
    vectors, ids = families(10_000, 512), shuffled_ids(10_000)
    removed = ids[:30]
    before = build(vectors[:9000], ids[:9000], 10)
    changed = update(vectors[30:], ids[30:], before, ids[9000:], removed, 10)
    assert_same_lists(applied(before, changed, removed), by_owner(build(vectors[30:], ids[30:], 10)))


def test_an_update_returns_only_the_lists_that_changed() -> None:
    vectors, ids = random_vectors(300, 8), np.arange(300)
    before = build(vectors[:299], ids[:299], 3)
    after = build(vectors, ids, 3)
    differ = (before.neighbours != after.neighbours[:299]).any(axis=1)
    changed = update(vectors, ids, before, ids[299:], NONE, 3)
    np.testing.assert_array_equal(changed.owners, np.append(ids[:299][differ], 299))
    assert len(changed) < 30


def test_a_removal_returns_only_the_lists_that_named_it() -> None:
    vectors, ids = random_vectors(300, 8), np.arange(300)
    before = build(vectors, ids, 3)
    named = before.owners[(before.neighbours == 7).any(axis=1)]
    kept = ids != 7
    changed = update(vectors[kept], ids[kept], before, NONE, int64([7]), 3)
    np.testing.assert_array_equal(changed.owners, named)
    assert 7 not in changed.neighbours


def test_a_twin_that_comes_last_enters_no_list() -> None:
    vectors, ids = np.repeat(POOL[:1], 11, axis=0), np.arange(11)
    before = build(vectors[:10], ids[:10], 3)
    np.testing.assert_array_equal(update(vectors, ids, before, ids[10:], NONE, 3).owners, [10])


def test_an_update_done_twice_changes_nothing_more() -> None:
    vectors, ids = random_vectors(60, 8), np.arange(60)
    before = build(vectors[:50], ids[:50], 4)
    once = applied(before, update(vectors, ids, before, ids[50:], NONE, 4), NONE)
    twice = applied(once, update(vectors, ids, once, ids[50:], NONE, 4), NONE)
    assert_same_lists(twice, once)


def test_an_update_without_a_change_returns_nothing() -> None:
    vectors, ids = random_vectors(20, 8), np.arange(20)
    assert len(update(vectors, ids, build(vectors, ids, 4), NONE, NONE, 4)) == 0


def test_an_image_that_neither_has_a_list_nor_was_added_is_refused() -> None:
    vectors, ids = random_vectors(20, 8), np.arange(20)
    before = build(vectors[:18], ids[:18], 4)
    with pytest.raises(ValueError, match="Every image needs one list"):
        update(vectors, ids, before, ids[19:], NONE, 4)


def test_a_list_of_an_image_that_is_gone_but_not_removed_is_refused() -> None:
    vectors, ids = random_vectors(20, 8), np.arange(20)
    before = build(vectors, ids, 4)
    with pytest.raises(ValueError, match="Every image needs one list"):
        update(vectors[:19], ids[:19], before, NONE, NONE, 4)


def test_an_added_image_without_a_vector_is_refused() -> None:
    vectors, ids = random_vectors(20, 8), np.arange(20)
    with pytest.raises(ValueError, match="Image 77 is not in the gallery"):
        update(vectors, ids, build(vectors, ids, 4), int64([77]), NONE, 4)


def test_lists_of_another_length_cannot_be_updated() -> None:
    vectors, ids = random_vectors(20, 8), np.arange(20)
    with pytest.raises(ValueError, match="4 places, not 5"):
        update(vectors, ids, build(vectors, ids, 4), NONE, NONE, 5)


@pytest.mark.parametrize(
    "ids", [int64([1, 1, 2]), int64([-1, 0, 1]), np.arange(2), np.arange(3).astype(np.int32)]
)
def test_ids_that_are_not_unique_int64_from_zero_on_are_refused(ids: NDArray[np.int64]) -> None:
    with pytest.raises(ValueError, match="Ids"):
        build(POOL[:3], ids, 2)


def test_a_k_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="k must be"):
        build(POOL, np.arange(len(POOL)), 0)


def test_a_query_finds_what_the_list_of_the_same_vector_holds() -> None:
    vectors, ids = random_vectors(80, 16), shuffled_ids(80)
    queries = random_vectors(3, 16, seed=9)
    found = query(queries, vectors, ids, 10)
    assert found.owners.tolist() == [0, 1, 2]
    for row in range(3):
        listed = build(np.vstack([vectors, queries[[row]]]), np.append(ids, 999), 10)
        np.testing.assert_array_equal(found.neighbours[row], listed.neighbours[-1])
        np.testing.assert_array_equal(found.similarities[row], listed.similarities[-1])


def test_a_query_that_is_in_the_gallery_finds_itself_first() -> None:
    vectors, ids = random_vectors(30, 16), shuffled_ids(30)
    found = query(vectors[[4]], vectors, ids, 3)
    assert found.neighbours[0, 0] == ids[4]
    assert found.similarities[0, 0] == pytest.approx(1)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_query_finds_no_more_than_there_is(count: int) -> None:
    found = query(POOL[:1], POOL[:count], np.arange(count), 10)
    assert (found.neighbours[0] != NO_NEIGHBOUR).sum() == count


def test_lists_of_other_shapes_and_types_are_refused() -> None:
    owners, neighbours, similarities = np.arange(2), np.zeros((2, 3), np.int64), np.zeros((2, 3), np.float32)
    for wrong in (
        (owners[:1], neighbours, similarities),
        (owners, neighbours[:, :2], similarities),
        (owners, neighbours[0], similarities[0]),
        (owners.astype(np.int32), neighbours, similarities),
        (owners, neighbours, similarities.astype(np.float64)),
    ):
        with pytest.raises(ValueError, match="are"):
            NeighbourLists(*wrong)
