"""Photos through the whole of `make run`: when each stage was done with them, and what each process computed for it."""

import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psutil
import psycopg2

from benchmarks.bench_upload import Client, form_of
from benchmarks.support import BenchmarkFailed
from tests.support.stack import Stack, database_url, settled

_SENDERS: Final = 2
_PATIENCE_SECONDS: Final = 180.0
# By what a command line has in it, first match first: the decoder's parent is named in its own.
_PARTS: Final = {
    "worker.imaging.sandbox.child": "decoder, in its sandbox",
    "web.app": "front end",
    "cpu,index,maintenance": "cpu worker",
    "--queues gpu": "embedding worker",
    "postgres": "PostgreSQL",
    "valkey": "Valkey",
}
_OTHER: Final = "beat, supervisor"

_STAGES: Final = """
    SELECT kind, min(started_at), max(finished_at) FROM jobs
    WHERE kind IN ('analyse', 'embed') AND image_id = ANY(%s) GROUP BY kind
"""
_INDEXED: Final = "SELECT max(finished_at) FROM index_runs"


@dataclass(frozen=True, slots=True)
class Ingest:
    """Seconds that each stage worked on the photos, from its first to its last, and from the first POST to the end of
    embedding and of the index (None: not waited for); CPU seconds by part of the stack, up to the end of embedding."""

    posting: float
    analysing: float
    embedding: float
    embedded: float
    indexed: float | None
    cpu: dict[str, float]


def ingest(stack: Stack, photos: Sequence[bytes], *, to_the_end: bool = False) -> Ingest:
    """Uploads the photos over two connections, and waits until all are embedded, or to the end: have look-alikes."""
    forms = [form_of(photo) for photo in photos]
    with psycopg2.connect(database_url(stack).replace("+psycopg2", "", 1)) as connection:
        connection.autocommit = True
        before, start = _cpu(stack), _now(connection)
        with ThreadPoolExecutor(_SENDERS) as pool:
            ids = [image for found in pool.map(_post(stack.url), _shares(forms)) for image in found]
        posted = _now(connection)
        _wait_until_embedded(connection, ids)
        after = _cpu(stack)
        if to_the_end:
            with stack.client() as client:
                settled(client)
        with connection.cursor() as cursor:
            cursor.execute(_STAGES, (ids,))
            stages = {kind: (first, last) for kind, first, last in cursor.fetchall()}
            cursor.execute(_INDEXED)
            (indexed,) = cursor.fetchone() or (start,)
    connection.close()
    (analyse, analysed), (embed, embedded) = stages["analyse"], stages["embed"]
    return Ingest(
        posting=_seconds(start, posted),
        analysing=_seconds(analyse, analysed),
        embedding=_seconds(embed, embedded),
        embedded=_seconds(start, embedded),
        indexed=_seconds(start, indexed) if to_the_end else None,
        cpu={part: seconds - before.get(part, 0.0) for part, seconds in after.items()},
    )


def _post(url: str) -> Any:
    def post(forms: list[bytes]) -> list[int]:
        client = Client(url)
        found = [int(client.post("/api/v1/images", form)[1]["image"]["id"]) for form in forms]
        client.close()
        return found

    return post


def _shares(forms: list[bytes]) -> list[list[bytes]]:
    return [forms[start::_SENDERS] for start in range(_SENDERS)]


def _wait_until_embedded(connection: Any, ids: list[int]) -> None:
    """Asks four times a second; the asking is part of what is counted, and next to nothing."""
    end = time.monotonic() + _PATIENCE_SECONDS
    with connection.cursor() as cursor:
        while True:
            cursor.execute("SELECT count(*) FROM embeddings WHERE image_id = ANY(%s)", (ids,))
            if cursor.fetchone()[0] == len(ids):
                return
            if time.monotonic() > end:
                raise BenchmarkFailed("Not all photos were embedded.")
            time.sleep(0.25)


def _cpu(stack: Stack) -> dict[str, float]:
    """CPU seconds so far of everything that the stack has running."""
    found: dict[str, float] = defaultdict(float)
    top = psutil.Process(stack.process.pid)
    for process in [top, *top.children(recursive=True)]:
        try:
            # What has ended and was waited for counts with its parent.
            times = process.cpu_times()
            line = " ".join(process.cmdline())
        except psutil.NoSuchProcess:
            continue
        part = next((name for word, name in _PARTS.items() if word in line), _OTHER)
        found[part] += times.user + times.system + times.children_user + times.children_system
    return found


def _now(connection: Any) -> datetime:
    """Postgres' clock, which the stages are told in."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
        return moment


def _seconds(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds()
