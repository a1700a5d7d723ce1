"""The doors of the search: the k most similar images of every image, exact, in full, incrementally and for a query.

A list is ordered by similarity, most similar first, ties by id, and never holds its own image. How a similarity is
computed, and why nothing is missed, is explained in `topk`. However a list came about (one full run, tiles of any
size, any sequence of updates) its ids and similarities are the same to the last bit.

Everywhere here `vectors` is (n, d) float32, L2-normalised (rows of zeros are allowed), and `ids` (n,) int64, unique,
not negative, in any order. ValueError is raised for anything else, and for a k below 1.
"""

import numpy as np
from numpy.typing import NDArray

from worker.index.exact.gallery import Gallery, check_places
from worker.index.exact.join.costs import build_pays, exchange_pays
from worker.index.exact.lists import NeighbourLists, concatenate, same_in_both
from worker.index.exact.threads import compute_threads
from worker.index.exact.tiled_build import TiledBuild
from worker.index.exact.topk import Offers, Queries, check_vectors, exchange, merge, no_keys, search


def build(vectors: NDArray[np.float32], ids: NDArray[np.int64], k: int) -> NeighbourLists:
    """The lists of all images, in the order of `ids`. Time n * n * d.

    Memory besides `vectors` and the answer: about as much as the answer, 512 bytes an image and 150 MB.
    """
    in_one_part = TiledBuild(vectors, ids, k)
    if not len(ids):
        return NeighbourLists.none(k)
    plan = in_one_part.plan()
    return in_one_part.merge(plan, 1, 0, in_one_part.compare(plan, 1, (0, 0)))


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
    if build_pays(len(entrants) + len(repaired), *vectors.shape):
        after = build(vectors, ids, k)
        changed = after.without(same_in_both(lists, after))
    else:
        new, entered = _enter(gallery, lists, current[~broken], entrants)
        changed = concatenate([new, entered, _searched(gallery, repaired, k)])
    return changed.take(np.argsort(changed.owners))


def _all_differ(ids: NDArray[np.int64]) -> bool:
    return bool(np.diff(np.sort(ids)).all())


def query(
    queries: NDArray[np.float32], vectors: NDArray[np.float32], ids: NDArray[np.int64], k: int
) -> NeighbourLists:
    """The k images most similar to each of `queries` (m, d) float32, L2-normalised, which are no images themselves.

    owners: the rows of `queries`, 0 to m - 1. An image with the very vector of a query is among its neighbours. Time
    m * n * d, in one pass over `vectors`; memory as `topk.search`.
    """
    check_places(k)
    gallery, rows = Gallery(vectors, ids), np.arange(len(queries))
    outsiders = Queries(check_vectors(queries), rows, np.full(len(queries), -1))
    keys = search(outsiders, gallery.targets, no_keys(len(queries), k))
    return NeighbourLists(rows, *gallery.neighbours(keys))


def _searched(gallery: Gallery, places: NDArray[np.intp], k: int) -> NeighbourLists:
    """The lists of the images at `places`, searched among all."""
    closed = np.full(len(gallery.ids), np.float32(np.inf))
    found, _ = _exchanged(gallery, places, closed, k)
    return gallery.lists(places, found)


def _enter(
    gallery: Gallery, lists: NeighbourLists, unbroken: NDArray[np.intp], entrants: NDArray[np.intp]
) -> tuple[NeighbourLists, NeighbourLists]:
    """The lists of the images at the places `entrants`, and those of the `unbroken` lists that one of them enters."""
    count = len(gallery.ids)
    floors = np.full(count, np.float32(np.inf))
    places = gallery.places(lists.owners[unbroken])
    floors[places] = lists.similarities[unbroken, -1]
    found, offers = _exchanged(gallery, entrants, floors, lists.k)

    list_at = np.empty(count, np.intp)
    list_at[places] = unbroken
    touched, rows = np.unique(offers.targets, return_inverse=True)
    candidates = lists.take(list_at[touched])
    before = gallery.keys(candidates)
    order = np.argsort(rows, kind="stable")
    after = merge(before, rows[order], offers.keys[order])
    changed = np.flatnonzero((after != before).any(axis=1))
    return gallery.lists(entrants, found), gallery.lists(touched[changed], after[changed])


def _exchanged(
    gallery: Gallery, places: NDArray[np.intp], floors: NDArray[np.float32], k: int
) -> tuple[NDArray[np.int64], Offers]:
    """`topk.exchange` of the images at `places` with all, the quicker way."""
    targets = gallery.targets
    if exchange_pays(len(places), *targets.vectors.shape):
        # numba takes a second and 110 MB: only processes that come here pay for it.
        from worker.index.exact.join.exchange import CodedExchange  # noqa: PLC0415

        coded = CodedExchange(targets, places, floors)
        with compute_threads() as threads:
            if coded.pays(threads):
                return coded.run(k, threads)
    queries = Queries(targets.vectors, places, places)
    return exchange(queries, targets.ranks[places], targets, floors, no_keys(len(places), k))
