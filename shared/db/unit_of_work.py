"""One transaction, then the messages it gave rise to: the row first, the hint second."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Connection, Engine, text, update
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.db.models import Job
from shared.errors import BrokerUnavailable, DatabaseUnavailable
from shared.jobs.dispatch import Dispatcher
from shared.jobs.kinds import JobKind

log = structlog.get_logger(__name__)


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


class UnitOfWork:
    """Hands out transactions. Safe to share between threads."""

    def __init__(self, engine: Engine, dispatcher: Dispatcher) -> None:
        self._engine = engine
        self._dispatcher = dispatcher

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """Commits at the end of the block, then dispatches; rolls back if the block raises.

        Raises DatabaseUnavailable when Postgres cannot be reached or goes away. A broker that does not answer
        raises nothing: the jobs are marked as still to be sent and the sweeper sends them.
        """
        with reachable_database(), self._engine.begin() as connection:
            transaction = Transaction(connection)
            yield transaction
        self._dispatch(transaction.messages)

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

    def _dispatch(self, messages: list[Message]) -> None:
        for position, message in enumerate(messages):
            try:
                self._dispatcher.send(message.kind, message.job_id)
            except BrokerUnavailable:
                unsent = [waiting.job_id for waiting in messages[position:]]
                log.warning("broker_unavailable", unsent=len(unsent))
                self._mark_unsent(unsent)
                return

    def _mark_unsent(self, job_ids: list[UUID]) -> None:
        """Lets the sweeper send at once. Should this fail too, it finds the jobs by their age instead."""
        try:
            with self._engine.begin() as connection:
                connection.execute(update(Job).where(Job.id.in_(job_ids)).values(published_at=None))
        except SQLAlchemyError as error:
            log.warning("unsent_jobs_not_marked", error=str(error))


@contextmanager
def reachable_database() -> Iterator[None]:
    """Turns the ways in which Postgres can be away into DatabaseUnavailable; real errors pass."""
    try:
        yield
    except (PoolTimeout, OperationalError, InterfaceError) as error:
        raise DatabaseUnavailable from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise DatabaseUnavailable from error
        raise
