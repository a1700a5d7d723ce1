"""Rows as binary COPY carries them."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from shared.limits import DIMENSIONS
from tests.support.vectors import assert_same_lists
from worker.index.binary_copy import (
    HEADER,
    TRAILER,
    NotOurRows,
    embedding_rows,
    lists_of_rows,
    no_lists,
    rows_of_lists,
)
from worker.index.exact.lists import NO_NEIGHBOUR, NO_SIMILARITY, NeighbourLists

K = 5
A_LIST = NeighbourLists(np.array([7]), np.array([[2, 3, 1, 9, 4]]), np.zeros((1, K), np.float32))


@st.composite
def some_lists(draw: st.DrawFn) -> NeighbourLists:
    lengths = draw(st.lists(st.integers(0, K), max_size=12))
    shape = (len(lengths), K)
    neighbours = draw(arrays.arrays(np.int64, shape, elements=st.integers(0, 2**62)))
    similarities = draw(arrays.arrays(np.float32, shape, elements=st.floats(-1, 1, width=32)))
    behind = np.arange(K) >= np.array(lengths, np.int64)[:, np.newaxis]
    neighbours[behind], similarities[behind] = NO_NEIGHBOUR, NO_SIMILARITY
    return NeighbourLists(np.arange(len(lengths)), neighbours, similarities)


@given(some_lists())
def test_lists_of_any_lengths_come_back_to_the_last_bit_with_the_shorter_ones_first(
    lists: NeighbourLists,
) -> None:
    lengths = (lists.neighbours != NO_NEIGHBOUR).sum(axis=1)
    shorter_first = lists.take(np.argsort(lengths, kind="stable"))
    assert_same_lists(lists_of_rows(memoryview(rows_of_lists(3, lists)), K), shorter_first)


@given(some_lists(), some_lists())
def test_runs_of_one_width_may_follow_each_other_in_any_order(
    one: NeighbourLists, other: NeighbourLists
) -> None:
    rows = [rows_of_lists(3, lists)[len(HEADER) : -len(TRAILER)] for lists in (one, other)]
    both = lists_of_rows(memoryview(b"".join([HEADER, *rows, TRAILER])), K)
    assert sorted(both.owners.tolist()) == sorted([*one.owners.tolist(), *other.owners.tolist()])


def test_a_list_is_written_as_postgres_own_arrays() -> None:
    items = b"".join(struct.pack(">iq", 8, neighbour) for neighbour in (2, 3, 1, 9, 4))
    similarities = struct.pack(">if", 4, 0.0) * K
    row = (
        struct.pack(">hiqiq", 4, 8, 3, 8, 7)
        + struct.pack(">iiiiii", 20 + len(items), 1, 0, 20, K, 1)
        + items
        + struct.pack(">iiiiii", 20 + len(similarities), 1, 0, 700, K, 1)
        + similarities
    )
    assert rows_of_lists(3, A_LIST) == HEADER + row + TRAILER


def test_no_rows_are_no_lists() -> None:
    assert_same_lists(lists_of_rows(memoryview(HEADER + TRAILER), K), no_lists(K))


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        HEADER,
        HEADER + b"\0\2" + TRAILER,
        b"x" * 19 + TRAILER,
        rows_of_lists(3, A_LIST)[:-8] + TRAILER,
        HEADER + bytes(200) + TRAILER,
    ],
)
def test_anything_else_is_refused(sent: bytes) -> None:
    with pytest.raises(NotOurRows):
        lists_of_rows(memoryview(sent), K)
    with pytest.raises(NotOurRows):
        embedding_rows(memoryview(sent))


def test_a_list_longer_than_wanted_is_refused() -> None:
    with pytest.raises(NotOurRows):
        lists_of_rows(memoryview(rows_of_lists(3, A_LIST)), K - 1)


def test_embeddings_of_another_size_are_refused() -> None:
    row = struct.pack(">hiqihh", 2, 8, 1, 2052, DIMENSIONS - 1, 0) + bytes(4 * DIMENSIONS)
    with pytest.raises(NotOurRows):
        embedding_rows(memoryview(HEADER + row + TRAILER))
