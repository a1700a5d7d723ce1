"""How fast do embeddings and look-alike lists travel between Postgres, numpy and the blob store?"""

import io
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from benchmarks import index_peers as peers
from benchmarks.galleries import unclustered
from benchmarks.memory import with_peak
from benchmarks.report import table
from benchmarks.servers import running_database
from benchmarks.support import BenchmarkFailed, interleave, ratio
from infra.local.processes import Processes
from shared.db.engine import make_engine
from shared.db.queries.index.runs import save_embeddings, switch_index
from shared.db.queries.index.state import index_state
from shared.db.unit_of_work import UnitOfWork
from shared.limits import DIMENSIONS, MAX_SIMILAR
from shared.settings import Settings
from shared.storage import BlobStore
from shared.storage.directory import DirectoryBlobStore
from tests.support.fakes import ignore_messages
from tests.support.services import service_folder
from worker.index.binary_copy import EMBEDDING_ROW, HEADER, TRAILER
from worker.index.exact.lists import NeighbourLists
from worker.index.store import (
    Embeddings,
    SnapshotCache,
    read_embeddings,
    read_lists,
    save_snapshot,
    write_lists,
)

COUNT: Final = 100_000
BATCH: Final = 32
BATCHES: Final = 30
ROUNDS: Final = 3
# No further round begins after so long.
_SECONDS: Final = 30.0

MODEL: Final = "benchmark"
_KEY: Final = "index/benchmark"
_IMAGES: Final = """
    INSERT INTO images (sha256, name, width, height, bytes, format, colors, analysed_at)
    SELECT encode(sha256(n::text::bytea), 'hex'), 'photo-' || n || '.jpg', 1632, 1224, 700000, 'JPEG', 6, now()
    FROM generate_series(1, :count) AS n RETURNING id
"""

ReadEmbeddings = Callable[[Connection, str], Embeddings]
SaveEmbeddings = Callable[[Connection, str, Mapping[int, list[float]]], None]
ReadLists = Callable[[Connection, int], NeighbourLists]
WriteLists = Callable[[Connection, int, NeighbourLists], None]
SaveSnapshot = Callable[[BlobStore, str, Embeddings], None]
LoadSnapshot = Callable[[BlobStore, str], Embeddings]


@dataclass(frozen=True, slots=True)
class Contest:
    """One piece of work, and who does it: ours first. Each returns the seconds that it took."""

    work: str
    target: str
    contenders: Mapping[str, Callable[[], float]]


class Gallery:
    """So many images, their vectors and lists, in memory and in Postgres, and the clock over ways to move them."""

    def __init__(self, unit_of_work: UnitOfWork, blobs: BlobStore) -> None:
        self._unit_of_work = unit_of_work
        self._blobs = blobs
        random = np.random.default_rng(0)
        with unit_of_work.begin() as transaction:
            found = transaction.connection.execute(text(_IMAGES), {"count": COUNT}).scalars()
            ids = np.sort(np.fromiter(found, np.int64, COUNT))
        self._embeddings = Embeddings(ids, unclustered(COUNT))
        similarities = np.sort(random.random((COUNT, MAX_SIMILAR), np.float32), axis=1)[:, ::-1].copy()
        self._lists = NeighbourLists(ids, random.choice(ids, (COUNT, MAX_SIMILAR)), similarities)

    def contests(self) -> list[Contest]:
        return [
            Contest(
                f"{BATCH * BATCHES:,} embeddings saved, {BATCH} a transaction",
                "",
                {
                    "one statement a batch": partial(self._save, save_embeddings),
                    "SQLAlchemy, an INSERT an image": partial(self._save, peers.insert_embeddings),
                },
            ),
            Contest(
                f"{COUNT:,} embeddings read into a matrix",
                "≤ 2 s",
                {
                    "binary COPY": partial(self._read, read_embeddings),
                    "text COPY, parsed by numpy": partial(self._read, peers.copy_embeddings_as_text),
                    "SELECT through SQLAlchemy": partial(self._read, peers.select_embeddings),
                },
            ),
            Contest(
                f"{COUNT:,} lists of {MAX_SIMILAR} written and switched",
                "≤ 15 s",
                {
                    "binary COPY": partial(self._write, write_lists),
                    "text COPY, printed by Python": partial(self._write, peers.copy_lists_as_text),
                    "execute_values": partial(self._write, peers.insert_lists),
                },
            ),
            Contest(
                f"{COUNT:,} lists of {MAX_SIMILAR} read",
                "",
                {
                    "binary COPY": partial(self._read_lists, read_lists),
                    "SELECT through SQLAlchemy": partial(self._read_lists, peers.select_lists),
                },
            ),
            Contest(
                f"a snapshot of {COUNT:,} embeddings saved",
                "",
                {
                    "two NPY arrays": partial(self._save_snapshot, save_snapshot),
                    "NPZ by way of a file": partial(self._save_snapshot, peers.save_zip),
                },
            ),
            Contest(
                f"a snapshot of {COUNT:,} embeddings loaded",
                "",
                {
                    "two NPY arrays": partial(
                        self._load_snapshot, save_snapshot, lambda *where: SnapshotCache().load(*where)
                    ),
                    "NPZ": partial(self._load_snapshot, peers.save_zip, peers.load_zip),
                },
            ),
        ]

    def peak(self) -> float:
        """How much memory reading the embeddings takes, as a multiple of the matrix."""
        self._fill()
        with self._unit_of_work.snapshot() as connection:
            found, grown = with_peak(lambda: read_embeddings(connection, MODEL))
        return grown / found.vectors.nbytes

    def _save(self, save: SaveEmbeddings) -> float:
        self._empty("embeddings")
        rows = [slice(start, start + BATCH) for start in range(0, BATCH * BATCHES, BATCH)]
        ids, vectors = self._embeddings.ids, self._embeddings.vectors
        batches = [dict(zip(ids[some].tolist(), vectors[some].tolist(), strict=True)) for some in rows]
        start = time.perf_counter()
        for batch in batches:
            with self._unit_of_work.begin() as transaction:
                save(transaction.connection, MODEL, batch)
        return time.perf_counter() - start

    def _read(self, read: ReadEmbeddings) -> float:
        self._fill()
        start = time.perf_counter()
        with self._unit_of_work.snapshot() as connection:
            found = read(connection, MODEL)
        seconds = time.perf_counter() - start
        _hold(found.vectors, self._embeddings.vectors)
        return seconds

    def _write(self, write: WriteLists) -> float:
        self._empty("neighbour_lists")
        start = time.perf_counter()
        with self._unit_of_work.begin() as transaction:
            connection = transaction.connection
            switch_index(connection, index_state(connection).version, MODEL, 1, None)
            write(connection, 1, self._lists)
        return time.perf_counter() - start

    def _read_lists(self, read: ReadLists) -> float:
        start = time.perf_counter()
        with self._unit_of_work.snapshot() as connection:
            found = read(connection, 1)
        seconds = time.perf_counter() - start
        _hold(found.neighbours, self._lists.neighbours)
        _hold(found.similarities, self._lists.similarities)
        return seconds

    def _save_snapshot(self, save: SaveSnapshot) -> float:
        start = time.perf_counter()
        save(self._blobs, _KEY, self._embeddings)
        return time.perf_counter() - start

    def _load_snapshot(self, save: SaveSnapshot, load: LoadSnapshot) -> float:
        save(self._blobs, _KEY, self._embeddings)
        start = time.perf_counter()
        found = load(self._blobs, _KEY)
        seconds = time.perf_counter() - start
        _hold(found.vectors, self._embeddings.vectors)
        return seconds

    def _fill(self) -> None:
        """Puts all embeddings there, unless they are."""
        with self._unit_of_work.begin() as transaction:
            connection = transaction.connection
            if connection.execute(text("SELECT count(*) FROM embeddings")).scalar() == COUNT:
                return
            rows = np.zeros(COUNT, EMBEDDING_ROW)
            rows["fields"], rows["id_size"], rows["id"] = 2, 8, self._embeddings.ids
            rows["vector_size"], rows["dimensions"] = 4 + rows["vector"][0].nbytes, DIMENSIONS
            rows["vector"] = self._embeddings.vectors
            connection.execute(text("TRUNCATE embeddings"))
            connection.execute(text("CREATE TEMP TABLE given (id bigint, vector vector) ON COMMIT DROP"))
            copied = io.BytesIO(b"".join([HEADER, rows.tobytes(), TRAILER]))
            peers.cursor(connection).copy_expert("COPY given FROM STDIN (FORMAT binary)", copied)
            connection.execute(
                text(
                    "INSERT INTO embeddings (image_id, model, embedding) SELECT id, :model, vector FROM given"
                ),
                {"model": MODEL},
            )
        with self._unit_of_work.read() as connection:
            connection.execute(text("VACUUM ANALYZE"))

    def _empty(self, name: str) -> None:
        with self._unit_of_work.read() as connection:
            connection.execute(text(f"TRUNCATE {name}"))


def run() -> str:
    """The section of RESULTS.md."""
    with (
        service_folder("bench") as folder,
        Processes() as processes,
        running_database(processes, folder / "postgres") as url,
    ):
        engine = make_engine(Settings(database_url=url), "benchmark")
        gallery = Gallery(UnitOfWork(engine, on_commit=ignore_messages), DirectoryBlobStore(folder / "blobs"))
        # First, while nothing lies about that could be used again.
        peak = gallery.peak()
        rows = [row for contest in gallery.contests() for row in _held(contest)]
        engine.dispose()
    head = ("work", "seconds", "of our time", "target")
    return (
        "How fast do embeddings and look-alike lists travel between Postgres, numpy and the blob store?\n\n"
        f"{table(head, rows)}\n\n"
        f"Medians of up to {ROUNDS} rounds in turns; every read is compared with what was written, to the last bit. "
        "Written and switched: one transaction, synced to the disk, in which readers see the old lists up to its end. "
        f"Reading the embeddings takes {peak:.2f} times the matrix at its peak, the matrix included."
    )


def _held(contest: Contest) -> list[tuple[str, ...]]:
    found = interleave(contest.contenders, ROUNDS, _SECONDS)
    (ours, times), *others = found.items()
    return [
        (f"{contest.work}: {ours}", f"{median(times):.2f}", "", contest.target),
        *((f"peer: {name}", f"{median(took):.2f}", ratio(took, times), "") for name, took in others),
    ]


def _hold(found: NDArray[Any], written: NDArray[Any]) -> None:
    if not np.array_equal(found, written):
        raise BenchmarkFailed("What was read is not what was written.")
