"""Real servers for tests: PostgreSQL with pgvector and Valkey, as `make run` starts them, in temporary folders."""

import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import psutil
from psycopg2 import sql
from redis import Redis

from infra.local.postgres import MAINTENANCE, Postgres, prepare_postgres
from infra.local.processes import Processes
from infra.local.program import Program
from infra.local.valkey import Valkey, prepare_valkey

# Far more than any of it takes: reaching it means that something is wrong, not slow.
PATIENCE_SECONDS = 30.0


class Server(Protocol):
    """What PostgreSQL and Valkey have in common."""

    @property
    def program(self) -> Program: ...

    def is_ready(self) -> bool: ...


class Service:
    """A server that can be stopped, killed and started again at the same address."""

    def __init__(self, processes: Processes, server: Server) -> None:
        self._processes = processes
        self._server = server
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Its process, while it runs."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it, and wait until it answers. What it writes goes to `<its folder>/output`."""
        folder = self._server.program.folder
        assert folder is not None
        with (folder / "output").open("ab") as output:
            process = self._process = self._processes.start(self._server.program, output.fileno())
        until(lambda: self._server.is_ready() or process.poll() is not None)
        assert process.poll() is None, (folder / "output").read_text()

    def stop(self) -> None:
        """Stop it as `make run` does. It may be stopped already."""
        if self._process is not None:
            self._processes.stop(self._process, self._server.program)
            self._process = None

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Have it die of a signal. To PostgreSQL, SIGQUIT means an immediate shutdown."""
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(PATIENCE_SECONDS)
        self._processes.reap(self._process)
        self._process = None

    def freeze(self) -> None:
        """Have it stand still, its connections open."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Have it go on after `freeze`."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)


class PostgresServer(Service):
    """PostgreSQL, with as many databases as the tests want."""

    def __init__(self, processes: Processes, server: Postgres) -> None:
        super().__init__(processes, server)
        self._postgres = server

    def url(self, database: str = MAINTENANCE) -> str:
        """The SQLAlchemy URL of a database."""
        return self._postgres.url(database)

    def create_database(self, template: str | None = None) -> str:
        """A new database, empty or a copy of the template (a URL, or a name), and its URL.

        Nobody may be connected to the template meanwhile.
        """
        name = f"test_{uuid4().hex}"
        statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template is not None:
            statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(_name(template)))
        self._execute(statement)
        return self.url(name)

    def drop_database(self, database: str) -> None:
        """Drop a database (a URL, or a name), connections to it included."""
        self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(_name(database))))

    def _execute(self, statement: sql.Composed) -> None:
        connection = self._postgres.connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
        finally:
            connection.close()


class ValkeyServer(Service):
    """Valkey."""

    def __init__(self, processes: Processes, server: Valkey) -> None:
        super().__init__(processes, server)
        self.url = server.url


@contextmanager
def running_postgres(processes: Processes, folder: Path) -> Iterator[PostgresServer]:
    """PostgreSQL over data in `folder`, which it makes if they are missing."""
    server = PostgresServer(processes, prepare_postgres(folder, careless=True))
    try:
        server.start()
        yield server
    finally:
        server.stop()


@contextmanager
def running_valkey(processes: Processes, folder: Path) -> Iterator[ValkeyServer]:
    """Valkey over data in `folder`, which it makes if they are missing."""
    server = ValkeyServer(processes, prepare_valkey(folder))
    try:
        server.start()
        yield server
    finally:
        server.stop()


@contextmanager
def service_folder(name: str) -> Iterator[Path]:
    """A temporary folder that the unprivileged account, which root's PostgreSQL runs under, can enter.

    Those of pytest are closed to everyone but their owner.
    """
    with tempfile.TemporaryDirectory(prefix=f"vitrine-{name}-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


def flush(url: str) -> None:
    """Empty the Valkey server at the URL."""
    with Redis.from_url(url) as client:
        client.flushall()


def until(condition: Callable[[], bool]) -> None:
    """Wait for the condition. Fails if it does not come true for so long that it never will."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "It did not come true."
        time.sleep(0.02)


def runs(pid: int) -> bool:
    """Whether the process is alive. One that is dead but not yet reaped is not: init may take its time."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _name(database: str) -> str:
    """The name of a database, given that or its URL."""
    return database.rpartition("/")[2]
