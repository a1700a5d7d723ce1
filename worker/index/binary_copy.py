"""Postgres' binary COPY as numpy records: rows of one width are one array, so that neither side parses numbers.

Formats: https://www.postgresql.org/docs/current/sql-copy.html (header, tuples, trailer), `array_send` in Postgres' source
(axes, nulls, type, length, first index, items) and `vector_send` in pgvector's (dimensions, unused, float4s). All numbers
are big-endian.
"""

from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shared.limits import DIMENSIONS
from worker.index.exact import NO_NEIGHBOUR, NO_SIMILARITY, NeighbourLists, concatenate

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
LIST_FIELDS: Final = 4


class NotOurRows(ValueError):
    """What Postgres sent is not what was asked for."""


def embedding_rows(copied: memoryview) -> NDArray[Any]:
    """A COPY of (image_id, embedding) as EMBEDDING_ROW records; nothing is copied. Raises NotOurRows."""
    body = _body(copied)
    if len(body) % EMBEDDING_ROW.itemsize:
        raise NotOurRows("These rows are not embeddings.")
    rows = np.frombuffer(body, EMBEDDING_ROW)
    if not ((rows["fields"] == 2) & (rows["dimensions"] == DIMENSIONS)).all():
        raise NotOurRows("These rows are not embeddings.")
    return rows


def lists_of_rows(copied: memoryview, k: int) -> NeighbourLists:
    """The lists, none longer than k, in a COPY of (generation, image_id, neighbour_ids, similarities).

    Rows come in runs of one width: a single run, where all lists are full. Raises NotOurRows.
    """
    body = _body(copied)
    parts = [no_lists(k)]
    while len(body):
        length = _first_length(body)
        if not 0 <= length <= k:
            raise NotOurRows("These rows are not lists.")
        row = _list_row(length)
        rows = np.frombuffer(body, row, len(body) // row.itemsize)
        # A row of another width ends the run; what seems to follow it are no rows.
        alike = (rows["fields"] == LIST_FIELDS) & (rows["neighbours_size"] == row["neighbours"].itemsize)
        run = rows if alike.all() else rows[: int(alike.argmin())]
        if not len(run):
            raise NotOurRows("These rows are not lists.")
        parts.append(_padded(run, length, k))
        body = body[run.nbytes :]
    return concatenate(parts)


def no_lists(k: int) -> NeighbourLists:
    """No lists, with k places each."""
    return _padded(np.empty(0, _list_row(0)), 0, k)


def rows_of_lists(generation: int, lists: NeighbourLists) -> bytes:
    """The lists as what COPY (generation, image_id, neighbour_ids, similarities) reads, the shorter ones first."""
    lengths = (lists.neighbours != NO_NEIGHBOUR).sum(axis=1)
    runs = [
        _run(generation, lists.take(np.flatnonzero(lengths == length)), int(length))
        for length in np.unique(lengths)
    ]
    return b"".join([HEADER, *(run.tobytes() for run in runs), TRAILER])


def _run(generation: int, lists: NeighbourLists, length: int) -> NDArray[Any]:
    rows = np.empty(len(lists), _list_row(length))
    rows["fields"], rows["generation_size"], rows["id_size"] = LIST_FIELDS, 8, 8
    rows["generation"], rows["id"] = generation, lists.owners
    for name, oid, values in (
        ("neighbours", INT8_OID, lists.neighbours),
        ("similarities", FLOAT4_OID, lists.similarities),
    ):
        array = rows[name]
        rows[f"{name}_size"] = array.dtype.itemsize
        array["axes"], array["nulls"], array["oid"] = min(length, 1), 0, oid
        if length:
            array["length"], array["from"] = length, 1
            array["items"]["size"] = array["items"].dtype["value"].itemsize
            array["items"]["value"] = values[:, :length]
    return rows


def _padded(rows: NDArray[Any], length: int, k: int) -> NeighbourLists:
    neighbours = np.full((len(rows), k), NO_NEIGHBOUR, np.int64)
    similarities = np.full((len(rows), k), NO_SIMILARITY, np.float32)
    if length:
        neighbours[:, :length] = rows["neighbours"]["items"]["value"]
        similarities[:, :length] = rows["similarities"]["items"]["value"]
    return NeighbourLists(rows["id"].astype(np.int64), neighbours, similarities)


def _first_length(body: memoryview) -> int:
    """How many look-alikes the first row has."""
    if len(body) < _list_row(0).itemsize:
        raise NotOurRows("These rows are not lists.")
    size = int(np.frombuffer(body, _list_row(0), 1)["neighbours_size"][0])
    empty, one = (_array(">i8", length).itemsize for length in (0, 1))
    return 0 if size == empty else (size - one) // _item(">i8").itemsize + 1


@lru_cache
def _list_row(length: int) -> np.dtype[Any]:
    fields: list[Any] = [
        ("fields", ">i2"),
        ("generation_size", ">i4"),
        ("generation", ">i8"),
        ("id_size", ">i4"),
        ("id", ">i8"),
    ]
    for name, item in (("neighbours", ">i8"), ("similarities", ">f4")):
        fields += [(f"{name}_size", ">i4"), (name, _array(item, length))]
    return np.dtype(fields)


def _array(item: str, length: int) -> np.dtype[Any]:
    """Postgres' array of one axis without nulls; one without items has no axis at all."""
    head: list[Any] = [("axes", ">i4"), ("nulls", ">i4"), ("oid", ">i4")]
    if length:
        head += [("length", ">i4"), ("from", ">i4"), ("items", _item(item), (length,))]
    return np.dtype(head)


def _item(item: str) -> np.dtype[Any]:
    return np.dtype([("size", ">i4"), ("value", item)])


def _body(copied: memoryview) -> memoryview:
    if bytes(copied[: len(HEADER)]) != HEADER or bytes(copied[-len(TRAILER) :]) != TRAILER:
        raise NotOurRows("This is not what a binary COPY sends.")
    return copied[len(HEADER) : -len(TRAILER)]
