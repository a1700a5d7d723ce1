"""Embeddings and look-alike lists in bulk, between Postgres, numpy and the blob store.

Rows travel by binary COPY (binary_copy.py), some thousands at a time: memory holds the arrays and little beside them.
"""

import io
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray
from psycopg2 import sql
from sqlalchemy import Connection

from shared.db.queries.index.runs import delete_lists
from shared.limits import DIMENSIONS, MAX_SIMILAR
from shared.storage import BlobStore
from worker.index.binary_copy import embedding_rows, lists_of_rows, no_lists, rows_of_lists
from worker.index.exact import NeighbourLists, concatenate
from worker.index.joined_bytes import JoinedBytes

# Rows of one COPY: 17 MB of embeddings or 8 MB of lists, far beyond where the cost of a statement shows.
ROWS: Final = 8192
# What COPY takes at a time from what is written.
_BLOCK: Final = 1 << 18

_LIVE_EMBEDDINGS: Final = sql.SQL(
    "FROM embeddings e JOIN images i ON i.id = e.image_id WHERE e.model = {model} AND i.deleted_at IS NULL"
)
_SOME_EMBEDDINGS: Final = sql.SQL(
    "SELECT e.image_id, e.embedding {live} AND e.image_id > {after} ORDER BY e.image_id LIMIT {rows}"
)
_SOME_LISTS: Final = sql.SQL(
    "SELECT generation, image_id, neighbour_ids, similarities FROM neighbour_lists"
    " WHERE generation = {generation} AND image_id > {after} ORDER BY image_id LIMIT {rows}"
)
_WRITE_LISTS: Final = (
    "COPY neighbour_lists (generation, image_id, neighbour_ids, similarities) FROM STDIN (FORMAT binary)"
)


@dataclass(frozen=True, slots=True)
class Embeddings:
    """ids: (n,) int64, ascending; vectors: (n, 512) float32, L2-normalised."""

    ids: NDArray[np.int64]
    vectors: NDArray[np.float32]


def read_embeddings(connection: Connection, model: str) -> Embeddings:
    """The embeddings of all images in the gallery under one model.

    connection: one that sees the database as it was at one moment (`UnitOfWork.snapshot`), since this asks many times.
    """
    live = _LIVE_EMBEDDINGS.format(model=sql.Literal(model))
    count = _count(connection, live)
    ids, vectors = np.empty(count, np.int64), np.empty((count, DIMENSIONS), np.float32)
    stop, done = 0, False
    while not done:
        query = _SOME_EMBEDDINGS.format(live=live, after=_last(ids[:stop]), rows=sql.Literal(ROWS))
        rows = embedding_rows(_copy_out(connection, query))
        start, stop, done = stop, stop + len(rows), len(rows) < ROWS
        ids[start:stop], vectors[start:stop] = rows["id"], rows["vector"]
    return Embeddings(ids, vectors)


def read_lists(connection: Connection, generation: int | None) -> NeighbourLists:
    """All lists of a generation, by owner; none at all where there is no generation yet.

    connection: as for `read_embeddings`.
    """
    if generation is None:
        return no_lists(MAX_SIMILAR)
    parts, done = [no_lists(MAX_SIMILAR)], False
    while not done:
        query = _SOME_LISTS.format(
            generation=sql.Literal(generation), after=_last(parts[-1].owners), rows=sql.Literal(ROWS)
        )
        parts.append(lists_of_rows(_copy_out(connection, query), MAX_SIMILAR))
        done = len(parts[-1]) < ROWS
    return concatenate(parts)


def write_lists(connection: Connection, generation: int, lists: NeighbourLists) -> None:
    """Records the lists, in place of those that the generation had for the same images.

    Nobody else may write lists of these images to the generation at the same time: a run holds its job's row.
    """
    delete_lists(connection, generation, lists.owners.tolist())
    cursor = _cursor(connection)
    for start in range(0, len(lists), ROWS):
        some = lists.take(np.arange(start, min(start + ROWS, len(lists))))
        cursor.copy_expert(_WRITE_LISTS, io.BytesIO(rows_of_lists(generation, some)), _BLOCK)


def _count(connection: Connection, live: sql.Composed) -> int:
    cursor = _cursor(connection)
    cursor.execute(sql.SQL("SELECT count(*) {live}").format(live=live))
    return int(cursor.fetchone()[0])


def _last(ids: NDArray[np.int64]) -> Any:
    """The id behind which the next rows lie. No id is negative."""
    return sql.Literal(int(ids[-1]) if len(ids) else -1)


def _copy_out(connection: Connection, query: sql.Composed) -> memoryview:
    copied = io.BytesIO()
    _cursor(connection).copy_expert(
        sql.SQL("COPY ({query}) TO STDOUT (FORMAT binary)").format(query=query), copied
    )
    return copied.getbuffer()


def _cursor(connection: Connection) -> Any:
    """psycopg2's own cursor: SQLAlchemy does not speak COPY."""
    return connection.connection.cursor()


def save_snapshot(blobs: BlobStore, key: str, embeddings: Embeddings) -> None:
    """Puts the embeddings where every worker of a full run reads them: two arrays in numpy's own format (NPY)."""
    parts = [
        part for array in (embeddings.ids, embeddings.vectors) for part in (_npy_head(array), array.data)
    ]
    blobs.put(key, io.BufferedReader(JoinedBytes(parts), _BLOCK), "application/octet-stream")


def _npy_head(array: NDArray[Any]) -> bytes:
    head = io.BytesIO()
    npy.write_array_header_1_0(head, npy.header_data_from_array_1_0(array))
    return head.getvalue()


class SnapshotCache:
    """Keeps the snapshot that this process used last: the tiles of a run come one after another."""

    def __init__(self) -> None:
        self._key: str | None = None
        self._embeddings: Embeddings | None = None

    def load(self, blobs: BlobStore, key: str) -> Embeddings:
        """Raises BlobNotFound, StorageUnavailable."""
        if self._embeddings is None or self._key != key:
            self._embeddings = None  # before the next is read: never two in memory
            with blobs.open(key) as blob:
                ids = npy.read_array(blob, allow_pickle=False)
                self._embeddings = Embeddings(ids, npy.read_array(blob, allow_pickle=False))
            self._key = key
        return self._embeddings
