"""Drift: how far two sets of neighbour lists are apart."""

from collections.abc import Iterable

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.vectors import awkward_pool
from worker.index.exact.drift import Drift, drift
from worker.index.exact.neighbours import NeighbourLists, full


def int64(values: Iterable[int]) -> NDArray[np.int64]:
    return np.array(list(values), dtype=np.int64)


def test_the_same_lists_have_no_drift() -> None:
    pool = awkward_pool(16)
    lists = full(pool, np.arange(len(pool)), 5)
    assert drift(lists, lists.take(np.arange(len(pool))[::-1])) == Drift(0, 0, 0.0)


def test_drift_counts_lists_pairs_and_the_largest_gap() -> None:
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
    # Of 1: 3 gone, 4 new. Of 2: one similarity moved by 0.15. 3 is gone with one pair, 4 is new with two.
    found = drift(before, after)
    assert (found.lists_changed, found.ids_changed) == (4, 5)
    assert found.max_similarity_gap == pytest.approx(0.15)


def test_a_changed_order_is_drift() -> None:
    similarities = np.array([[0.5, 0.5]], np.float32)
    one = NeighbourLists(int64([1]), int64([2, 3]).reshape(1, 2), similarities)
    other = NeighbourLists(int64([1]), int64([3, 2]).reshape(1, 2), similarities)
    assert drift(one, other) == Drift(1, 0, 0.0)
