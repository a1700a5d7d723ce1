"""Embeddings and look-alike lists in bulk, between Postgres, numpy and the blob store.

COPY in binary form: a row of fixed width is a numpy record, so that neither side parses numbers. Formats:
https://www.postgresql.org/docs/current/sql-copy.html (tuples) and pgvector's `vector_send` (dimensions, flags, float4s).
"""

import io
import tempfile
from dataclasses import dataclass
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from shared.db.models.index import DIMENSIONS
from shared.storage import BlobStore
from worker.algorithms.neighbours import NO_NEIGHBOUR, NO_SIMILARITY, NeighbourLists

# Every list keeps this many: the most that the API gives out.
K: Final = 50

HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER: Final = b"\xff\xff"

EMBEDDING_ROW: Final = np.dtype(
    [
        ("fields", ">i2"),
        ("id_size", ">i4"),
        ("id", ">i8"),
        ("vector_size", ">i4"),
        ("dimensions", ">i2"),
        ("unused", ">i2"),
        ("vector", ">f4", (DIMENSIONS,)),
    ]
)

INT8_OID: Final = 20
FLOAT4_OID: Final = 700


@dataclass(frozen=True, slots=True)
class Embeddings:
    """ids: (n,) int64, ascending; vectors: (n, 512) float32, L2-normalised."""

    ids: NDArray[np.int64]
    vectors: NDArray[np.float32]


def read_embeddings(connection: Connection, model: str) -> Embeddings:
    """The embeddings of all images in the gallery under one model."""
    query = text(
        "SELECT e.image_id, e.embedding FROM embeddings e JOIN images i ON i.id = e.image_id"
        " WHERE e.model = :model AND i.deleted_at IS NULL ORDER BY e.image_id"
    )
    with tempfile.TemporaryFile() as file:
        _copy_out(connection, query, {"model": model}, file)
        length = file.tell() - len(HEADER) - len(TRAILER)
        rows: NDArray[Any]
        if length == 0:
            rows = np.empty(0, EMBEDDING_ROW)
        else:
            rows = np.memmap(
                file, EMBEDDING_ROW, "r", offset=len(HEADER), shape=(length // EMBEDDING_ROW.itemsize,)
            )
        return Embeddings(rows["id"].astype(np.int64), rows["vector"].astype(np.float32, order="C"))


def read_lists(connection: Connection, generation: int | None) -> NeighbourLists:
    """All lists of a generation, by owner; none at all where there is no generation yet."""
    query = text(
        "SELECT image_id, neighbour_ids, similarities FROM neighbour_lists WHERE generation = :generation ORDER BY 1"
    )
    rows = connection.execute(query, {"generation": generation}).all()
    neighbours = np.full((len(rows), K), NO_NEIGHBOUR, np.int64)
    similarities = np.full((len(rows), K), NO_SIMILARITY, np.float32)
    for position, row in enumerate(rows):
        neighbours[position, : len(row.neighbour_ids)] = row.neighbour_ids
        similarities[position, : len(row.similarities)] = row.similarities
    return NeighbourLists(np.array([row.image_id for row in rows], np.int64), neighbours, similarities)


def write_lists(connection: Connection, generation: int, lists: NeighbourLists) -> None:
    """Records the lists, in place of those that the generation had for the same images."""
    cursor = _cursor(connection)
    cursor.execute(
        "CREATE TEMP TABLE IF NOT EXISTS new_lists (image_id bigint, neighbour_ids bigint[], similarities real[])"
        " ON COMMIT DROP"
    )
    cursor.execute("TRUNCATE new_lists")
    cursor.copy_expert("COPY new_lists FROM STDIN (FORMAT binary)", io.BytesIO(_list_rows(lists)))
    connection.execute(
        text("""
            INSERT INTO neighbour_lists (generation, image_id, neighbour_ids, similarities)
            SELECT :generation, image_id, neighbour_ids, similarities FROM new_lists
            ON CONFLICT (generation, image_id)
            DO UPDATE SET neighbour_ids = EXCLUDED.neighbour_ids, similarities = EXCLUDED.similarities
        """),
        {"generation": generation},
    )


def _list_rows(lists: NeighbourLists) -> bytes:
    """The lists as the body of a binary COPY. Lists of one length make rows of one width: one record array each."""
    lengths = (lists.neighbours != NO_NEIGHBOUR).sum(axis=1)
    rows = [_rows_of_length(lists, lengths == length, int(length)).tobytes() for length in np.unique(lengths)]
    return b"".join([HEADER, *rows, TRAILER])


def _rows_of_length(lists: NeighbourLists, chosen: NDArray[np.bool_], length: int) -> NDArray[Any]:
    fields: list[Any] = [("fields", ">i2"), ("id_size", ">i4"), ("id", ">i8")]
    for name, item in (("neighbours", ">i8"), ("similarities", ">f4")):
        fields += [(f"{name}_size", ">i4"), (f"{name}_array", _array_type(item, length))]
    rows = np.zeros(int(chosen.sum()), np.dtype(fields))
    rows["fields"], rows["id_size"], rows["id"] = 3, 8, lists.owners[chosen]
    for name, oid, values in (
        ("neighbours", INT8_OID, lists.neighbours),
        ("similarities", FLOAT4_OID, lists.similarities),
    ):
        array = rows[f"{name}_array"]
        rows[f"{name}_size"] = array.dtype.itemsize
        array["oid"] = oid
        if length:
            array["axes"], array["length"], array["from"] = 1, length, 1
            array["items"]["size"] = array["items"].dtype["value"].itemsize
            array["items"]["value"] = values[chosen, :length]
    return rows


def _array_type(item: str, length: int) -> np.dtype[Any]:
    """Postgres' binary array of one axis without nulls; one without items has no axis at all."""
    head: list[Any] = [("axes", ">i4"), ("nulls", ">i4"), ("oid", ">i4")]
    if length:
        items = np.dtype([("size", ">i4"), ("value", item)])
        head += [("length", ">i4"), ("from", ">i4"), ("items", items, (length,))]
    return np.dtype(head)


def _copy_out(connection: Connection, query: Any, values: dict[str, Any], file: IO[bytes]) -> None:
    cursor = _cursor(connection)
    compiled = query.bindparams(**values).compile(connection, compile_kwargs={"literal_binds": True})
    cursor.copy_expert(f"COPY ({compiled}) TO STDOUT (FORMAT binary)", file)


def _cursor(connection: Connection) -> Any:
    """psycopg2's own cursor: SQLAlchemy does not speak COPY."""
    return connection.connection.cursor()


def save_snapshot(blobs: BlobStore, key: str, embeddings: Embeddings) -> None:
    """Puts the embeddings where every worker of a full run reads them."""
    with tempfile.TemporaryFile() as file:
        np.savez(file, ids=embeddings.ids, vectors=embeddings.vectors)
        file.seek(0)
        blobs.put(key, file, "application/octet-stream")


class SnapshotCache:
    """Keeps the snapshot that this process used last: the tiles of a run come one after another."""

    def __init__(self) -> None:
        self._key: str | None = None
        self._embeddings: Embeddings | None = None

    def load(self, blobs: BlobStore, key: str) -> Embeddings:
        """Raises BlobNotFound, StorageUnavailable."""
        if self._embeddings is None or self._key != key:
            self._embeddings = None  # before the next is read: never two in memory
            with blobs.open(key) as source, tempfile.TemporaryFile() as file:
                while block := source.read(1 << 20):
                    file.write(block)
                file.seek(0)
                with np.load(file, allow_pickle=False) as arrays:
                    self._embeddings = Embeddings(arrays["ids"], arrays["vectors"])
            self._key = key
        return self._embeddings
