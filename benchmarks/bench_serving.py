"""How near does the front end come to the least that could answer? GETs beside bare routes, under the same gunicorn."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final
from uuid import UUID

import psycopg2

from benchmarks.load import CLIENT, Load, drive
from benchmarks.report import table
from benchmarks.servers import PEERS, VITRINE, Gunicorn, running_database, running_gunicorn
from benchmarks.support import interleave, ratio
from infra.local.processes import Processes
from tests.support.services import service_folder

CONNECTIONS: Final = 16
SECONDS: Final = 2
ROUNDS: Final = 5
POLL_TARGET: Final = 0.65
LIST_TARGET: Final = 0.60

_GALLERY: Final = Path(__file__).with_name("gallery.sql")
_A_JOB: Final = "SELECT job_id FROM images ORDER BY id LIMIT 1 OFFSET 1000"


@dataclass(frozen=True, slots=True)
class Question:
    """ours, peers: paths on either server. target: the least ratio of requests a second that is wanted."""

    name: str
    ours: str
    peer: str
    peers: str
    target: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """cpu: milliseconds that gunicorn's processes computed for a request, waits and other programs left out."""

    load: Load
    cpu: float


def run() -> str:
    """The section of RESULTS.md."""
    with (
        service_folder("bench") as folder,
        Processes() as processes,
        running_database(processes, folder / "postgres") as url,
    ):
        job_id = _fill(url)
        environ = {
            "VITRINE_DATABASE_URL": url,
            "VITRINE_STORAGE_DIR": str(folder / "blobs"),
            "VITRINE_LOG_FORMAT": "json",
        }
        with (
            running_gunicorn(processes, VITRINE, folder / "vitrine", environ) as ours,
            running_gunicorn(processes, PEERS, folder / "peers", environ) as peers,
        ):
            rows = [row for question in _questions(job_id) for row in _measure(question, ours, peers)]
    head = ("GET", "requests/s", "p50 ms", "p99 ms", "CPU ms a request", "of the peer's requests/s", "target")
    return (
        "How near does the front end come to the least that could answer?\n\n"
        f"{table(head, rows)}\n\n"
        f"2,000 images, each with its palette, embedding, list and three job rows. {CONNECTIONS} connections, medians of "
        f"{ROUNDS} runs of {SECONDS} s in turns; {CLIENT}, on the same cores as the servers. Vitrine writes a line of its log "
        "for each request but livez; the peers write none."
    )


def _questions(job_id: UUID | str) -> tuple[Question, ...]:
    return (
        Question(
            "status poll of a finished job",
            f"/api/v1/jobs/{job_id}",
            "one row by key, psycopg2",
            f"/jobs/{job_id}",
            f"≥ {POLL_TARGET:.2f}",
        ),
        Question(
            "24 of 2,000 images",
            "/api/v1/images?limit=24",
            "24 rows and a count, psycopg2",
            "/images?limit=24",
            f"≥ {LIST_TARGET:.2f}",
        ),
        Question("livez", "/livez", "a constant", "/constant"),
    )


def _fill(url: str) -> str:
    connection = psycopg2.connect(url.replace("+psycopg2", "", 1))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(_GALLERY.read_text(encoding="utf-8"))
        cursor.execute("VACUUM ANALYZE")
        cursor.execute(_A_JOB)
        (job_id,) = cursor.fetchone() or ("",)
    connection.close()
    return str(job_id)


def _measure(question: Question, ours: Gunicorn, peers: Gunicorn) -> list[tuple[str, ...]]:
    contenders = {
        "ours": partial(_drive, ours, question.ours),
        "peer": partial(_drive, peers, question.peers),
    }
    for contend in contenders.values():
        contend(seconds=1)  # every thread connects and compiles its statements once
    found = interleave(contenders, ROUNDS)
    rates = {name: [run.load.per_second for run in runs] for name, runs in found.items()}
    return [
        (question.name, *_shown(found["ours"]), ratio(rates["ours"], rates["peer"]), question.target),
        (f"peer: {question.peer}", *_shown(found["peer"]), "", ""),
    ]


def _drive(server: Gunicorn, path: str, seconds: int = SECONDS) -> Run:
    before = server.cpu_seconds()
    load = drive(server.url + path, seconds, CONNECTIONS)
    requests = load.per_second * seconds
    return Run(load, 1000 * (server.cpu_seconds() - before) / requests)


def _shown(runs: list[Run]) -> tuple[str, ...]:
    return (
        f"{median(run.load.per_second for run in runs):.0f}",
        f"{median(run.load.p50 for run in runs):.1f}",
        f"{median(run.load.p99 for run in runs):.1f}",
        f"{median(run.cpu for run in runs):.2f}",
    )
