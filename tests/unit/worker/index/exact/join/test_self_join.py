"""The self-join answers what plain search does, whatever the vectors, codes, tiles, threads and devices."""

from functools import cache, partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.support.vectors import (
    HARD,
    awkward_pool,
    brute_force,
    families,
    near_ties,
    random_vectors,
    targets_of,
)
from worker.index.exact import topk
from worker.index.exact.codes.rotated import principal_axes
from worker.index.exact.join import tiles
from worker.index.exact.join.costs import join_pays
from worker.index.exact.join.on_device import join_on, similarity
from worker.index.exact.join.plan import JoinPlan, Pair, plain_plan
from worker.index.exact.join.planning import choose_size, find_representatives, make_plan
from worker.index.exact.join.self_join import join, rounds
from worker.index.exact.lists import NeighbourLists
from worker.index.exact.threads import compute_threads

POOL = awkward_pool(16)
DEVICES = ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]
WAYS = ["threads", "straight", "plain", *DEVICES]


def searched(targets: topk.Targets, k: int) -> NDArray[np.int64]:
    places = np.arange(len(targets.ranks))
    return topk.search(topk.Queries(targets.vectors, places, places), targets, topk.no_keys(len(places), k))


def planned(targets: topk.Targets, k: int, size: int | None = 64) -> JoinPlan:
    with compute_threads(2) as threads:
        return make_plan(targets, k, threads.pool, choose=lambda *_: size)


def compared(
    targets: topk.Targets, plan: JoinPlan, pair: Pair, k: int, *, way: str, number: int = 2
) -> NDArray[np.int64]:
    if way in DEVICES:
        rows = max(len(plan.order) // 4, 10)  # several blocks, even of a few images
        return join_on(way, targets, plan, pair, k, rows=rows)
    with compute_threads(number) as threads:
        return join(targets, plan, pair, k, threads)


def parts_of(plan: JoinPlan, rows: int) -> list[slice]:
    return tiles.cut(len(plan.order), tiles.number_of_parts(len(plan.order), rows))


def joined(targets: topk.Targets, k: int, way: str, rows: int, size: int = 64) -> NDArray[np.int64]:
    """The lists of all, from tiles of so many rows a side, put together out of order."""
    if way in {"threads", "straight"}:
        plan = planned(targets, k, size if way == "threads" else None)
    else:
        plan = plain_plan(len(targets.ranks))
    parts = parts_of(plan, rows)
    shares: list[list[tiles.Share]] = [[] for _ in parts]
    for first, second in reversed(tiles.tiles_of(len(parts))):
        pair = parts[first], parts[second]
        if way == "plain":
            found = tiles.compare(targets, plan, pair, k)
        else:
            found = tiles.split(compared(targets, plan, pair, k, way=way), pair)
        for part, share in zip((first, second), found, strict=False):
            shares[part].append(share)
    keys = topk.no_keys(len(targets.ranks), k)
    for own, some in zip(parts, shares, strict=True):
        places, lists = plan.represented_by(own)
        keys[places] = tiles.merge(some, k)[lists]
    return keys


@cache
def brute_force_of(family: str, k: int) -> NeighbourLists:
    vectors = HARD[family]
    return brute_force(vectors, targets_of(vectors).ranks, k)


@pytest.mark.parametrize("family", HARD)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("k", [1, 3, 20])
@pytest.mark.parametrize("rows", [1000, 40])
def test_a_join_equals_brute_force_on_hard_vectors(family: str, way: str, k: int, rows: int) -> None:
    similarities, ranks, filled = topk.unpack(joined(targets_of(HARD[family]), k, way, rows))
    expected = brute_force_of(family, k)
    np.testing.assert_array_equal(np.where(filled, ranks, -1), expected.neighbours)
    np.testing.assert_array_equal(similarities, expected.similarities)


@settings(deadline=None, max_examples=60)
@given(
    picks=st.lists(st.integers(0, len(POOL) - 1), min_size=1, max_size=40),
    k=st.integers(1, 8),
    way=st.sampled_from(WAYS),
    rows=st.integers(1, 40),
)
def test_however_a_gallery_is_cut_its_lists_are_those_of_plain_search(
    picks: list[int], k: int, way: str, rows: int
) -> None:
    targets = targets_of(POOL[np.array(picks)], seed=k)
    np.testing.assert_array_equal(joined(targets, k, way, rows), searched(targets, k))


@pytest.mark.parametrize("number", [1, 2, 3])
def test_many_blocks_on_any_number_of_threads_equal_plain_search(number: int) -> None:
    targets = targets_of(families(2500, 128))
    plan, everyone = planned(targets, 20, 128), slice(0, 2500)
    keys = np.empty((2500, 20), np.int64)
    keys[plan.order] = compared(targets, plan, (everyone, everyone), 20, way="threads", number=number)
    np.testing.assert_array_equal(keys, searched(targets, 20))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("make", [partial(families, 3000), partial(random_vectors, 3000)])
def test_tiles_of_several_blocks_equal_plain_search(way: str, make: partial[NDArray[np.float32]]) -> None:
    targets = targets_of(make(128))
    np.testing.assert_array_equal(joined(targets, 20, way, 1100, 128), searched(targets, 20))


@pytest.mark.parametrize("way", WAYS)
def test_crowds_of_twins_among_others_equal_plain_search(way: str) -> None:
    crowd = np.repeat(random_vectors(3, 32), [5, 400, 30], axis=0)
    vectors = np.vstack([crowd, near_ties(100, 32), random_vectors(300, 32)])
    targets = targets_of(vectors[np.random.default_rng(1).permutation(len(vectors))])
    np.testing.assert_array_equal(joined(targets, 10, way, 150), searched(targets, 10))


@pytest.mark.parametrize("device", DEVICES)
def test_a_device_leaves_what_it_cannot_round_for_certain_to_numpy(device: str) -> None:
    generator = np.random.default_rng(0)
    # Half-way between two float32, but for small numbers, which count or are lost as the order of summation has it.
    right = (generator.choice([-1, 1], (500, 512)) * 2.0**-55).astype(np.float32)
    large, half_way = generator.permuted(np.tile(np.arange(512), (500, 1)), axis=1)[:, :2].T
    right[np.arange(500), large], right[np.arange(500), half_way] = 0.5, 2.0**-25
    left = np.ones((500, 512), np.float32)
    found = similarity(*(torch.from_numpy(side).to(device) for side in (left, right)))
    assert found.cpu().numpy().tobytes() == topk.similarity(left, right).tobytes()


@pytest.mark.parametrize("way", DEVICES)
@pytest.mark.parametrize("dimensions", [1, 7, 130, 521])
def test_a_device_ranks_vectors_of_any_length_as_numpy_does(way: str, dimensions: int) -> None:
    targets = targets_of(random_vectors(200, dimensions))
    np.testing.assert_array_equal(joined(targets, 5, way, 90), searched(targets, 5))


def test_a_share_keeps_only_what_reaches_the_floors_of_the_plan() -> None:
    targets = targets_of(families(3000, 128))
    plan = planned(targets, 20)
    parts = parts_of(plan, 1500)
    share, _ = tiles.split(
        compared(targets, plan, (parts[0], parts[1]), 20, way="threads"), (parts[0], parts[1])
    )
    similarities = topk.unpack(share.keys)[0]
    assert (similarities >= np.repeat(plan.floors[parts[0]], share.counts)).all()
    assert share.counts.sum() < 20 * 1500


def test_the_floors_of_a_plan_are_reached_by_k_similarities() -> None:
    targets = targets_of(families(1500, 64))
    plan = planned(targets, 20)
    last = topk.unpack(searched(targets, 20)[:, -1])[0][plan.order]
    assert (plan.floors <= last).all()
    assert (plan.floors > topk.LOWEST).all()


def test_identical_vectors_beyond_the_first_are_represented_by_one() -> None:
    vectors = np.vstack([np.repeat(POOL[:1], 6, axis=0), POOL[1:3]])
    ranks = np.array([5, 4, 3, 2, 1, 0, 6, 7], np.int64)
    # The three that come first by rank are at 5, 4 and 3; with k = 2 the third of them represents the rest.
    np.testing.assert_array_equal(
        find_representatives(topk.Targets(vectors, ranks), 2), [3, 3, 3, 3, 4, 5, 6, 7]
    )


def test_codes_are_short_for_vectors_near_a_subspace_and_long_for_those_that_fill_the_space() -> None:
    sizes = []
    with compute_threads(1):
        for vectors in (families(1000, 256), random_vectors(1000, 256)):
            axes = principal_axes(vectors)
            sizes.append(choose_size(targets_of(vectors), np.arange(1000), 5, axes))
    assert sizes[0] is not None
    assert sizes[0] <= 128
    assert sizes[1] is None or sizes[1] >= 192


@pytest.mark.parametrize(
    ("count", "rows", "number"), [(0, 8, 0), (1, 8, 1), (8, 8, 1), (9, 8, 2), (999, 8, 8)]
)
def test_parts_cover_the_order_and_are_about_alike(count: int, rows: int, number: int) -> None:
    parts = tiles.cut(count, tiles.number_of_parts(count, rows))
    assert len(parts) == number
    assert [place for part in parts for place in range(part.start, part.stop)] == list(range(count))
    sizes = [part.stop - part.start for part in parts]
    assert max(sizes, default=0) - min(sizes, default=0) <= 1


def test_small_galleries_and_vectors_beyond_the_proof_are_compared_without_codes() -> None:
    assert join_pays(100_000, 512)
    assert not join_pays(1000, 512)
    assert not join_pays(100_000, 2048)


def test_every_pair_of_parts_is_one_tile() -> None:
    assert tiles.tiles_of(3) == [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)]
    assert tiles.tiles_of(0) == []


@pytest.mark.parametrize(
    ("first", "second"), [(1, 0), (2, 0), (7, 0), (8, 3), (1, 5), (3, 1), (3, 8), (4, 4)]
)
def test_every_pair_of_blocks_meets_once_and_no_block_twice_in_a_round(first: int, second: int) -> None:
    parts = slice(0, 10 * first), slice(10 * first, 10 * first + 10 * second)
    tile = parts if second else (parts[0], parts[0])
    met: list[tuple[int, int]] = []
    for pairs in rounds(tile, 10 * (first + second), 10):
        busy = [
            block.start
            for above, beside in pairs
            for block in ([above] if above == beside else [above, beside])
        ]
        assert len(busy) == len(set(busy))
        met += [(above.start // 10, beside.start // 10) for above, beside in pairs]
    if second:
        assert sorted(met) == [(i, first + j) for i in range(first) for j in range(second)]
    else:
        assert sorted(met) == tiles.tiles_of(first)
