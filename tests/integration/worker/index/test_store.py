"""Embeddings and look-alike lists in bulk: exact, and never a mix for those who read meanwhile."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from shared.db.queries.index import runs as index_runs
from shared.db.queries.index import state as index
from shared.db.queries.index.runs import save_embeddings
from shared.limits import DIMENSIONS, MAX_SIMILAR
from shared.storage.directory import DirectoryBlobStore
from tests.support.pipeline import Pipeline
from tests.support.vectors import assert_same_lists, random_vectors
from worker.index import store as index_store
from worker.index.exact import neighbours
from worker.index.exact.lists import NO_NEIGHBOUR, NO_SIMILARITY, NeighbourLists, concatenate
from worker.index.store import (
    Embeddings,
    SnapshotCache,
    read_embeddings,
    read_lists,
    save_snapshot,
    write_lists,
)

MODEL = "a model's 100 % name"
FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)
# More than one COPY holds.
MANY = 50


@pytest.fixture
def pipeline(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pipeline]:
    monkeypatch.setattr(index_store, "ROWS", 16)
    made = Pipeline(database_url, tmp_path)
    yield made
    made.close()


def add_images(connection: Connection, count: int) -> NDArray[np.int64]:
    rows = connection.execute(
        text(
            "INSERT INTO images (sha256, name, width, height, bytes, format, colors)"
            " SELECT gen_random_uuid()::text, 'a', 1, 1, 1, 'JPEG', 6 FROM generate_series(1, :count) RETURNING id"
        ),
        {"count": count},
    )
    return np.array(sorted(rows.scalars()), np.int64)


def lists_of(ids: NDArray[np.int64], seed: int = 0) -> NeighbourLists:
    return neighbours.build(random_vectors(len(ids), DIMENSIONS, seed), ids, MAX_SIMILAR)


def read_as_text(connection: Connection, generation: int) -> dict[int, tuple[list[int], list[float]]]:
    """What Postgres says in SQL, parsed by psycopg2."""
    rows = connection.execute(
        text(
            "SELECT image_id, neighbour_ids, similarities FROM neighbour_lists WHERE generation = :generation"
        ),
        {"generation": generation},
    )
    return {row.image_id: (row.neighbour_ids, row.similarities) for row in rows}


def as_text(lists: NeighbourLists) -> dict[int, tuple[list[int], list[float]]]:
    found = {}
    for owner, ids, similarities in zip(lists.owners, lists.neighbours, lists.similarities, strict=True):
        there = ids != NO_NEIGHBOUR
        # psycopg2 reads the shortest decimal that names the float4.
        found[int(owner)] = (ids[there].tolist(), [float(str(value)) for value in similarities[there]])
    return found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(vectors=arrays.arrays(np.float32, (3, DIMENSIONS), elements=FINITE, fill=FINITE))
def test_embeddings_written_as_text_are_read_to_the_last_bit(
    pipeline: Pipeline, vectors: NDArray[np.float32]
) -> None:
    with pipeline.unit_of_work.begin() as transaction:
        connection = transaction.connection
        connection.execute(text("TRUNCATE images CASCADE"))
        ids = add_images(connection, len(vectors))
        save_embeddings(connection, MODEL, dict(zip(ids.tolist(), vectors.tolist(), strict=True)))
        found = read_embeddings(connection, MODEL)
    np.testing.assert_array_equal(found.ids, ids)
    np.testing.assert_array_equal(found.vectors.view(np.uint32), vectors.view(np.uint32))


def test_embeddings_of_many_reads_follow_each_other_without_a_gap(pipeline: Pipeline) -> None:
    vectors = random_vectors(MANY, DIMENSIONS)
    with pipeline.unit_of_work.begin() as transaction:
        connection = transaction.connection
        ids = add_images(connection, MANY)
        save_embeddings(connection, MODEL, dict(zip(ids.tolist(), vectors.tolist(), strict=True)))
        save_embeddings(connection, "another", {int(ids[0]): vectors[1].tolist()})
        connection.execute(text("UPDATE images SET deleted_at = now() WHERE id = :id"), {"id": int(ids[20])})
        found = read_embeddings(connection, MODEL)
    kept = np.delete(np.arange(MANY), 20)
    np.testing.assert_array_equal(found.ids, ids[kept])
    np.testing.assert_array_equal(found.vectors, vectors[kept])


@pytest.mark.parametrize("count", [0, 16, 32])
def test_a_last_read_may_find_nothing(pipeline: Pipeline, count: int) -> None:
    with pipeline.unit_of_work.begin() as transaction:
        ids = add_images(transaction.connection, count)
        vectors = random_vectors(count, DIMENSIONS)
        save_embeddings(transaction.connection, MODEL, dict(zip(ids.tolist(), vectors.tolist(), strict=True)))
        write_lists(transaction.connection, 3, lists := lists_of(ids))
        np.testing.assert_array_equal(read_embeddings(transaction.connection, MODEL).ids, ids)
        assert_same_lists(read_lists(transaction.connection, 3), lists)


def test_an_embedding_made_anew_takes_the_place_of_the_old_one(pipeline: Pipeline) -> None:
    old, new = random_vectors(2, DIMENSIONS)
    with pipeline.unit_of_work.begin() as transaction:
        (image_id,) = add_images(transaction.connection, 1).tolist()
        save_embeddings(transaction.connection, MODEL, {image_id: old.tolist()})
        save_embeddings(transaction.connection, MODEL, {image_id: new.tolist()})
        np.testing.assert_array_equal(read_embeddings(transaction.connection, MODEL).vectors, [new])
        assert len(index_runs.changes(transaction.connection)) == 2


@st.composite
def some_lists(draw: st.DrawFn) -> NeighbourLists:
    lengths = draw(st.lists(st.integers(0, MAX_SIMILAR), max_size=40))
    shape = (len(lengths), MAX_SIMILAR)
    neighbours_ = draw(arrays.arrays(np.int64, shape, elements=st.integers(0, 2**62), fill=st.integers(0, 9)))
    similarities = draw(arrays.arrays(np.float32, shape, elements=FINITE, fill=FINITE))
    behind = np.arange(MAX_SIMILAR) >= np.array(lengths, np.int64)[:, np.newaxis]
    neighbours_[behind], similarities[behind] = NO_NEIGHBOUR, NO_SIMILARITY
    return NeighbourLists(np.arange(len(lengths), dtype=np.int64), neighbours_, similarities)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(lists=some_lists())
def test_lists_written_in_binary_read_the_same_as_text_and_back(
    pipeline: Pipeline, lists: NeighbourLists
) -> None:
    with pipeline.unit_of_work.begin() as transaction:
        connection = transaction.connection
        connection.execute(text("TRUNCATE neighbour_lists"))
        write_lists(connection, 7, lists)
        assert read_as_text(connection, 7) == as_text(lists)
        assert_same_lists(read_lists(connection, 7), lists)


def test_lists_take_the_place_of_those_of_the_same_images_in_the_same_generation(pipeline: Pipeline) -> None:
    ids = np.arange(1, MANY + 1)
    first, second = lists_of(ids, 1), lists_of(ids, 2)
    some = second.take(np.arange(5, 30))
    with pipeline.unit_of_work.begin() as transaction:
        connection = transaction.connection
        write_lists(connection, 1, first)
        write_lists(connection, 2, first)
        write_lists(connection, 2, some)
        assert_same_lists(read_lists(connection, 1), first)
        expected = concatenate([first.take(np.arange(5)), some, first.take(np.arange(30, MANY))])
        assert_same_lists(read_lists(connection, 2), expected)


def test_there_are_no_lists_before_the_first_generation(pipeline: Pipeline) -> None:
    with pipeline.unit_of_work.read() as connection:
        assert len(read_lists(connection, None)) == 0


def test_a_reader_in_the_middle_of_a_switch_sees_all_of_the_old_or_all_of_the_new(pipeline: Pipeline) -> None:
    unit_of_work = pipeline.unit_of_work
    with unit_of_work.begin() as transaction:
        ids = add_images(transaction.connection, MANY)
    old, new, newer = (lists_of(ids, seed) for seed in (1, 2, 3))

    def seen(connection: Connection) -> dict[int, tuple[list[int], list[float]]]:
        """What pages show: the state, then each list by itself."""
        generation = index.index_state(connection).generation
        assert generation is not None
        found = {}
        for image_id in ids.tolist():
            listed = index.similar_images(connection, generation, image_id)
            assert listed is not None
            found[image_id] = ([each.image_id for each in listed], [each.similarity for each in listed])
        return found

    def switch_to(connection: Connection, generation: int, lists: NeighbourLists) -> None:
        version = index.index_state(connection).version
        write_lists(connection, generation, lists.take(np.arange(MANY // 2)))
        index_runs.switch_index(connection, version, MODEL, generation, None)
        write_lists(connection, generation, lists.take(np.arange(MANY // 2, MANY)))

    with unit_of_work.begin() as transaction:
        switch_to(transaction.connection, 1, old)
    with unit_of_work.snapshot() as early, unit_of_work.read() as reader:
        assert seen(early) == as_text(old)
        # An incremental run writes over lists that are being read.
        with unit_of_work.begin() as transaction:
            switch_to(transaction.connection, 1, new)
            assert seen(reader) == as_text(old)
        assert seen(reader) == as_text(new)
        # A full run makes lists of its own, and the one row that names them is the switch.
        with unit_of_work.begin() as transaction:
            switch_to(transaction.connection, 2, newer)
            assert seen(reader) == as_text(new)
        assert seen(reader) == as_text(newer)
        assert seen(early) == as_text(old)


def test_a_snapshot_is_read_as_it_was_saved(tmp_path: Path) -> None:
    blobs, vectors = DirectoryBlobStore(tmp_path), random_vectors(MANY, DIMENSIONS)
    save_snapshot(blobs, "index/a", Embeddings(np.arange(MANY), vectors))
    save_snapshot(blobs, "index/b", Embeddings(np.arange(0), vectors[:0]))
    snapshots = SnapshotCache()
    for _ in range(2):
        found = snapshots.load(blobs, "index/a")
        np.testing.assert_array_equal(found.ids, np.arange(MANY))
        np.testing.assert_array_equal(found.vectors, vectors)
    assert snapshots.load(blobs, "index/b").vectors.shape == (0, DIMENSIONS)


def test_a_process_reads_a_snapshot_once(tmp_path: Path) -> None:
    blobs, vectors = DirectoryBlobStore(tmp_path), random_vectors(3, DIMENSIONS)
    save_snapshot(blobs, "index/a", Embeddings(np.arange(3), vectors))
    snapshots = SnapshotCache()
    first = snapshots.load(blobs, "index/a")
    blobs.delete("index/a")
    assert snapshots.load(blobs, "index/a") is first
