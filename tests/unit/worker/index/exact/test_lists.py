"""Drift: how far two sets of neighbour lists are apart."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from tests.support.vectors import awkward_pool
from worker.index.exact.lists import NeighbourLists, count_changed
from worker.index.exact.neighbours import build


def int64(values: Iterable[int]) -> NDArray[np.int64]:
    return np.array(list(values), dtype=np.int64)


def test_the_same_lists_have_no_drift() -> None:
    pool = awkward_pool(16)
    lists = build(pool, np.arange(len(pool)), 5)
    assert count_changed(lists, lists.take(np.arange(len(pool))[::-1])) == 0


def test_drift_counts_lists_that_differ_and_those_that_one_side_lacks() -> None:
    before = NeighbourLists(
        int64([1, 2, 3]),
        int64([2, 3, 1, 3, 1, -1]).reshape(3, 2),
        np.array([[0.9, 0.5], [0.9, 0.4], [0.5, -2]], np.float32),
    )
    after = NeighbourLists(
        int64([4, 2, 1]),
        int64([2, 3, 1, 3, 2, 4]).reshape(3, 2),
        np.array([[0.8, 0.5], [0.75, 0.4], [0.9, 0.7]], np.float32),
    )
    # 1 has another neighbour, 2 another similarity, 3 is gone, and 4 is new.
    assert count_changed(before, after) == 4


def test_a_changed_order_is_drift() -> None:
    similarities = np.array([[0.5, 0.5]], np.float32)
    one = NeighbourLists(int64([1]), int64([2, 3]).reshape(1, 2), similarities)
    other = NeighbourLists(int64([1]), int64([3, 2]).reshape(1, 2), similarities)
    assert count_changed(one, other) == 1
