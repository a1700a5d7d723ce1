"""The usual ways to move embeddings and lists between Postgres and numpy: what `worker.index.store` is measured against."""

import io
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg2 import sql
from psycopg2.extras import execute_values
from sqlalchemy import Connection, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.db.models import Embedding, Image, IndexChange, NeighbourList
from shared.limits import DIMENSIONS
from shared.storage import BlobStore
from worker.index.exact.lists import NeighbourLists
from worker.index.store import Embeddings

_PAGE = 1000
_LIST_COLUMNS = "neighbour_lists (generation, image_id, neighbour_ids, similarities)"


def select_embeddings(connection: Connection, model: str) -> Embeddings:
    """SELECT through SQLAlchemy, each vector's text parsed in Python."""
    rows = connection.execute(
        select(Embedding.image_id, Embedding.embedding)
        .join(Image, Image.id == Embedding.image_id)
        .where(Embedding.model == model, Image.deleted_at.is_(None))
        .order_by(Embedding.image_id)
    )
    found = [(image_id, np.array(vector, np.float32)) for image_id, vector in rows]
    return Embeddings(np.array([each[0] for each in found]), np.stack([each[1] for each in found]))


def copy_embeddings_as_text(connection: Connection, model: str) -> Embeddings:
    """COPY in text form, all of its numbers parsed by numpy at once."""
    copied = io.BytesIO()
    cursor(connection).copy_expert(
        sql.SQL(
            "COPY (SELECT e.image_id, e.embedding FROM embeddings e JOIN images i ON i.id = e.image_id"
            " WHERE e.model = {model} AND i.deleted_at IS NULL ORDER BY e.image_id) TO STDOUT"
        ).format(model=sql.Literal(model)),
        copied,
    )
    numbers = copied.getvalue().translate(bytes.maketrans(b"\t\n,", b"   "), b"[]")
    table = np.fromstring(numbers.decode("ascii"), np.float64, sep=" ").reshape(-1, 1 + DIMENSIONS)
    return Embeddings(table[:, 0].astype(np.int64), table[:, 1:].astype(np.float32))


def insert_embeddings(connection: Connection, model: str, embeddings: Mapping[int, Sequence[float]]) -> None:
    """An INSERT an image through SQLAlchemy, and another for the note to the index."""
    for image_id, embedding in embeddings.items():
        row = {"embedding": embedding, "created_at": func.now()}
        connection.execute(
            upsert(Embedding)
            .values(image_id=image_id, model=model, **row)
            .on_conflict_do_update(index_elements=[Embedding.image_id, Embedding.model], set_=row)
        )
        connection.execute(insert(IndexChange).values(image_id=image_id))


def insert_lists(connection: Connection, generation: int, lists: NeighbourLists) -> None:
    """INSERT of many rows a statement, by psycopg2's execute_values."""
    rows = ((generation, *row) for row in _rows(lists))
    statement = f"INSERT INTO {_LIST_COLUMNS} VALUES %s"  # noqa: S608 - our own names
    execute_values(cursor(connection), statement, rows, page_size=_PAGE)


def copy_lists_as_text(connection: Connection, generation: int, lists: NeighbourLists) -> None:
    """COPY in text form, each line printed by Python."""
    lines = (
        f"{generation}\t{owner}\t{{{','.join(map(str, ids))}}}\t{{{','.join(map(str, similarities))}}}\n"
        for owner, ids, similarities in _rows(lists)
    )
    cursor(connection).copy_expert(f"COPY {_LIST_COLUMNS} FROM STDIN", io.StringIO("".join(lines)))


def select_lists(connection: Connection, generation: int) -> NeighbourLists:
    """SELECT through SQLAlchemy, the arrays as lists of Python numbers."""
    rows = connection.execute(
        select(NeighbourList.image_id, NeighbourList.neighbour_ids, NeighbourList.similarities)
        .where(NeighbourList.generation == generation)
        .order_by(NeighbourList.image_id)
    ).all()
    owners, neighbours, similarities = zip(*rows, strict=True)
    return NeighbourLists(np.array(owners), np.array(neighbours), np.array(similarities, np.float32))


def save_zip(blobs: BlobStore, key: str, embeddings: Embeddings) -> None:
    """numpy's .npz, by way of a temporary file."""
    with tempfile.TemporaryFile() as file:
        np.savez(file, ids=embeddings.ids, vectors=embeddings.vectors)
        file.seek(0)
        blobs.put(key, file, "application/octet-stream")


def load_zip(blobs: BlobStore, key: str) -> Embeddings:
    with np.load(io.BytesIO(blobs.get(key)), allow_pickle=False) as arrays:
        return Embeddings(arrays["ids"], arrays["vectors"])


def cursor(connection: Connection) -> Any:
    return connection.connection.cursor()


def _rows(lists: NeighbourLists) -> Any:
    columns: list[NDArray[Any]] = [lists.owners, lists.neighbours, lists.similarities]
    return zip(*(column.tolist() for column in columns), strict=True)
