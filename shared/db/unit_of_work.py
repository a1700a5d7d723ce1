"""One transaction, then the messages it gave rise to: the row first, the message second. Who sends them is injected."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg2
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.errors import DatabaseUnavailable
from shared.jobs.kinds import JobKind


@dataclass(frozen=True, slots=True)
class Message:
    kind: JobKind
    job_id: UUID


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction that is under way. Query functions take `connection`; `send` waits for the commit."""

    connection: Connection
    messages: list[Message] = field(default_factory=list)

    def send(self, kind: JobKind, job_id: UUID) -> None:
        """Sends a message for the job once the transaction is committed."""
        self.messages.append(Message(kind, job_id))


OnCommit = Callable[[Sequence[Message]], None]
"""What becomes of the messages of a transaction once it is committed. Must not raise: the rows are there already."""


class UnitOfWork:
    """Hands out transactions. Safe to share between threads."""

    def __init__(self, engine: Engine, on_commit: OnCommit) -> None:
        self._engine = engine
        self._on_commit = on_commit

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """Commits at the end of the block, then hands on the messages; rolls back if the block raises.

        Raises DatabaseUnavailable when Postgres cannot be reached or goes away.
        """
        with reachable_database(), self._engine.begin() as connection:
            transaction = Transaction(connection)
            yield transaction
        if transaction.messages:
            self._on_commit(transaction.messages)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for reading, each statement by itself, so that nothing holds a transaction open."""
        with reachable_database(), self._engine.connect() as connection:
            # Not SQLAlchemy's isolation_level: setting that back makes psycopg2 send SET default_transaction_isolation,
            # then and at every ping of the connection from then on.
            driver: Any = connection.connection.driver_connection
            driver.autocommit = True
            try:
                yield connection
            finally:
                if not driver.closed:
                    driver.autocommit = False

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A connection whose statements all see the database as it was at the first of them."""
        with reachable_database(), self._engine.connect() as connection, connection.begin():
            # By statement, for the reason given in `read`.
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
            yield connection


@contextmanager
def reachable_database() -> Iterator[None]:
    """Turns the ways in which Postgres can be away into DatabaseUnavailable; real errors pass."""
    try:
        yield
    except (
        PoolTimeout,
        OperationalError,
        InterfaceError,
        psycopg2.OperationalError,
        psycopg2.InterfaceError,
    ) as error:
        raise DatabaseUnavailable from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise DatabaseUnavailable from error
        raise
