"""Real servers for the benchmarks: PostgreSQL that syncs its commits to the disk, and gunicorn as `make run` starts it."""

import http.client
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from infra.local.folder import LOOPBACK, kept_port
from infra.local.postgres import prepare_postgres
from infra.local.processes import Processes
from infra.local.program import Program
from shared.db.migrate import upgrade
from tests.support.services import PostgresServer, until

ROOT: Final = Path(__file__).parents[1]
VITRINE: Final = "web.app:create_app_from_environment()"
PEERS: Final = "benchmarks.peers:make_app()"


@contextmanager
def running_database(processes: Processes, folder: Path) -> Iterator[str]:
    """The SQLAlchemy URL of a migrated, empty database on a server of its own, which ends with the block."""
    server = PostgresServer(processes, prepare_postgres(folder))
    try:
        server.start()
        url = server.create_database()
        upgrade(create_engine(url, poolclass=NullPool))
        yield url
    finally:
        server.stop()


@dataclass(frozen=True, slots=True)
class Gunicorn:
    """A running front end. process: its master."""

    url: str
    process: psutil.Process

    def cpu_seconds(self) -> float:
        """What it and its workers have computed so far."""
        family = [self.process, *self.process.children(recursive=True)]
        times = [each.cpu_times() for each in family]
        return sum(each.user + each.system for each in times)


@contextmanager
def running_gunicorn(
    processes: Processes, application: str, folder: Path, environ: Mapping[str, str]
) -> Iterator[Gunicorn]:
    """Gunicorn under Vitrine's settings over an application. Its log goes to a file in the folder."""
    folder.mkdir()
    port = kept_port(folder / "port")
    settings = ("--config", "python:web.gunicorn_config", "--bind", f"{LOOPBACK}:{port}")
    command = (sys.executable, "-m", "gunicorn", *settings, application)
    program = Program("gunicorn", command, environ, folder=ROOT)
    with (folder / "log").open("wb") as log:
        process = processes.start(program, log.fileno())
    try:
        until(lambda: _answers(port))
        yield Gunicorn(f"http://{LOOPBACK}:{port}", psutil.Process(process.pid))
    finally:
        processes.stop(process, program)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", "/livez")
        connection.getresponse()
    except OSError:
        return False
    finally:
        connection.close()
    return True
