"""Neighbour lists: the k most similar images of every image, exact, in full and incrementally.

A list is ordered by similarity, most similar first, ties by id, and never holds its own image. How a similarity is
computed, and why nothing is missed, is told in `topk`. Whatever way a list came about (one full run, tiles of any
size, any sequence of updates) its ids and similarities are the same to the last bit.

Everywhere here `vectors` is (n, d) float32, L2-normalised (rows of zeros are allowed), and `ids` (n,) int64, unique,
not negative, in any order. ValueError is raised for anything else.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from worker.index.exact import tiles
from worker.index.exact.join_costs import exchange_pays
from worker.index.exact.join_plan import JoinPlan
from worker.index.exact.lists import NO_NEIGHBOUR, NeighbourLists, concatenate, same_in_both
from worker.index.exact.threads import compute_threads
from worker.index.exact.tiles import Share
from worker.index.exact.topk import (
    Offers,
    Queries,
    Targets,
    check_vectors,
    exchange,
    merge,
    no_keys,
    pack,
    search,
    unpack,
)


def build(vectors: NDArray[np.float32], ids: NDArray[np.int64], k: int) -> NeighbourLists:
    """The lists of all images, in the order of `ids`. Time n * n * d.

    Memory beside `vectors` and the answer: about as much as the answer, 512 bytes an image and 150 MB.
    """
    gallery = Gallery(vectors, ids)
    made = gallery.plan(k)
    lists = [
        gallery.merged(made, part, gallery.compare(made, (part, part), k), k)
        for part in tiles.parts(len(made.order), max(len(made.order), 1))
    ]
    found = concatenate([NeighbourLists.none(k), *lists])
    return found.take(np.argsort(gallery.places(found.owners)))


def update(  # noqa: PLR0917 -- the state, then what changed in it
    vectors: NDArray[np.float32],
    ids: NDArray[np.int64],
    lists: NeighbourLists,
    added: NDArray[np.int64],
    removed: NDArray[np.int64],
    k: int,
) -> NeighbourLists:
    """The lists that change when images come and go, by owner: as a full run would make them.

    `vectors` and `ids` are the state after the change. `lists` are the lists from before it, of all images that are
    still there (those of removed ones are passed over); they may still name removed ones. Changed are the lists of
    `added` images, those that an added image enters, and those that named a removed one. An image whose vector has
    been replaced counts as added, and the lists that named it as changed.

    Time (added + lists that named a removed one) * n * d, or that of a full run where it is less. Raises ValueError if an
    image has no list and was not added, if a list belongs to an image that is neither there nor removed, and if k is not
    that of `lists`.
    """
    gallery = Gallery(vectors, ids)
    if added.dtype != np.int64 or removed.dtype != np.int64:
        raise ValueError("The added and removed ids are int64.")
    if lists.k != k:
        raise ValueError(f"The lists have {lists.k} places, not {k}.")
    stale = np.union1d(added, removed)
    had_lists = np.isin(lists.owners, stale)
    current = np.flatnonzero(~had_lists)
    entrants = gallery.places(np.unique(added))
    if len(current) + len(entrants) != len(ids) or not _all_differ(lists.owners):
        raise ValueError("Every image needs one list or must be among the added ones.")

    # Nobody could name what had no list: most runs only add, and then no list needs to be looked through.
    named = np.union1d(removed, lists.owners[had_lists])
    looked_through = current if len(named) else current[:0]
    broken = np.zeros(len(current), np.bool_)
    broken[: len(looked_through)] = np.isin(lists.neighbours[looked_through], named).any(axis=1)
    repaired = gallery.places(lists.owners[current[broken]])
    if tiles.is_quicker_in_full(len(entrants) + len(repaired), *vectors.shape):
        after = build(vectors, ids, k)
        changed = after.without(same_in_both(lists, after))
    else:
        new, entered = gallery.entered(lists, current[~broken], entrants)
        changed = concatenate([new, entered, gallery.searched(repaired, k)])
    return changed.take(np.argsort(changed.owners))


def _all_differ(ids: NDArray[np.int64]) -> bool:
    return bool(np.diff(np.sort(ids)).all())


def query(
    queries: NDArray[np.float32], vectors: NDArray[np.float32], ids: NDArray[np.int64], k: int
) -> NeighbourLists:
    """The k images most similar to each of `queries` (m, d) float32, L2-normalised, which are no images themselves.

    An image with the very vector of a query is among its neighbours. owners: the rows of `queries`, 0 to m - 1. Time
    m * n * d, by one pass over `vectors`.
    """
    gallery = Gallery(vectors, ids)
    rows = np.arange(len(queries))
    outsiders = Queries(check_vectors(queries), rows, np.full(len(queries), -1))
    keys = search(outsiders, gallery.targets, _empty(len(queries), k))
    return NeighbourLists(rows.astype(np.int64), *gallery.unpacked(keys))


class Gallery:
    """The images and the order of their ids."""

    def __init__(self, vectors: NDArray[np.float32], ids: NDArray[np.int64]) -> None:
        if ids.dtype != np.int64 or ids.shape != vectors.shape[:1]:
            raise ValueError(f"Ids are ({len(vectors)},) int64, not {ids.shape} {ids.dtype}.")
        self._vectors = check_vectors(vectors)
        self._ids = ids
        self._by_id = np.argsort(ids)
        self._sorted_ids = ids[self._by_id]
        if len(ids) and (self._sorted_ids[0] < 0 or not np.diff(self._sorted_ids).all()):
            raise ValueError("Ids must be unique and not negative.")
        ranks = np.empty(len(ids), dtype=np.uint64)
        ranks[self._by_id] = np.arange(len(ids), dtype=np.uint64)
        self.targets = Targets(self._vectors, ranks)

    def places(self, ids: NDArray[np.int64]) -> NDArray[np.intp]:
        """Where `ids` stand in the gallery. Raises ValueError for one that does not."""
        return self._by_id[self._ranks_of(ids)]

    def _ranks_of(self, ids: NDArray[np.int64]) -> NDArray[np.intp]:
        ranks = np.searchsorted(self._sorted_ids, ids)
        known = ranks < len(self._sorted_ids)
        known[known] = self._sorted_ids[ranks[known]] == ids[known]
        if not known.all():
            raise ValueError(f"Image {ids[~known][0]} is not in the gallery.")
        return ranks

    def plan(self, k: int, device: str = "cpu") -> JoinPlan:
        """What all tiles of a full run for lists of `k` places work from (`tiles.plan`)."""
        _check_places(k)
        return tiles.plan(self.targets, k, device)

    def compare(self, made: JoinPlan, tile: tuple[slice, slice], k: int, device: str = "cpu") -> list[Share]:
        """One tile of a full run (`tiles.compare`)."""
        return tiles.compare(self.targets, made, tile, k, device)

    def merged(self, made: JoinPlan, part: slice, shares: Sequence[Share], k: int) -> NeighbourLists:
        """The lists of one part of a plan's order, and of those it stands in for, once all its tiles are computed."""
        places, lists = tiles.stood_in_for(made, part)
        return NeighbourLists(self._ids[places], *self.unpacked(tiles.merge(shares, k)[lists]))

    def searched(self, places: NDArray[np.intp], k: int) -> NeighbourLists:
        """The lists of the images at `places`, searched among all."""
        closed = np.full(len(self._ids), np.float32(np.inf))
        found, _ = self._exchanged(places, closed, k)
        return NeighbourLists(self._ids[places], *self.unpacked(found))

    def entered(
        self, lists: NeighbourLists, unbroken: NDArray[np.intp], entrants: NDArray[np.intp]
    ) -> tuple[NeighbourLists, NeighbourLists]:
        """The lists of the images at the places `entrants`, and those of the `unbroken` lists that one of them enters."""
        ranks = self.targets.ranks
        floors = np.full(len(ranks), np.float32(np.inf))
        places = self.places(lists.owners[unbroken])
        floors[places] = lists.similarities[unbroken, -1]
        found, offers = self._exchanged(entrants, floors, lists.k)
        new = NeighbourLists(self._ids[entrants], *self.unpacked(found))

        list_at = np.empty(len(ranks), np.intp)
        list_at[places] = unbroken
        touched, rows = np.unique(offers.targets, return_inverse=True)
        candidates = lists.take(list_at[touched])
        before = self.packed(candidates)
        order = np.argsort(rows, kind="stable")
        after = merge(before, rows[order], offers.keys[order])
        changed = np.flatnonzero((after != before).any(axis=1))
        return new, NeighbourLists(candidates.owners[changed], *self.unpacked(after[changed]))

    def _exchanged(
        self, places: NDArray[np.intp], floors: NDArray[np.float32], k: int
    ) -> tuple[NDArray[np.uint64], Offers]:
        """`topk.exchange` of the images at `places` with all, the quicker way."""
        empty = _empty(len(places), k)
        if exchange_pays(len(places), *self._vectors.shape):
            # numba takes a second and 110 MB: only processes that come here pay for it.
            from worker.index.exact.codes.exchange import CodedExchange  # noqa: PLC0415

            coded = CodedExchange(self.targets, places, floors)
            with compute_threads() as threads:
                if coded.pays(threads):
                    return coded.run(k, threads)
        return exchange(
            Queries(self._vectors, places, places), self.targets.ranks[places], self.targets, floors, empty
        )

    def packed(self, lists: NeighbourLists) -> NDArray[np.uint64]:
        keys = _empty(len(lists), lists.k)
        there = lists.neighbours != NO_NEIGHBOUR
        keys[there] = pack(
            lists.similarities[there], self._ranks_of(lists.neighbours[there]).astype(np.uint64)
        )
        return keys

    def unpacked(self, keys: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        similarities, ranks, filled = unpack(keys)
        neighbours = np.full(keys.shape, NO_NEIGHBOUR, dtype=np.int64)
        neighbours[filled] = self._sorted_ids[ranks[filled].astype(np.intp)]
        return neighbours, similarities


def _empty(rows: int, k: int) -> NDArray[np.uint64]:
    _check_places(k)
    return no_keys(rows, k)


def _check_places(k: int) -> None:
    if k < 1:
        raise ValueError("k must be at least 1.")
