"""Connections to Postgres that are kept, and what ends them."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import NullPool

from shared.db.engine import make_engine
from shared.db.unit_of_work import UnitOfWork
from shared.settings import Settings
from tests.support.fakes import RecordingDispatcher


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = make_engine(Settings(database_url=database_url), "test")
    yield made
    made.dispose()


def backend(engine: Engine) -> int:
    with UnitOfWork(engine, RecordingDispatcher()).read() as connection:
        return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())


def end(database_url: str, process: int) -> None:
    """What a restart does to a connection."""
    other = create_engine(database_url, poolclass=NullPool)
    with other.connect() as connection:
        statement = text("SELECT pg_terminate_backend(:process, 5000)")
        assert connection.execute(statement, {"process": process}).scalar_one() is True


def test_a_connection_is_kept_from_use_to_use(engine: Engine) -> None:
    assert backend(engine) == backend(engine)


def test_a_connection_that_the_server_has_ended_is_replaced_unnoticed(
    engine: Engine, database_url: str
) -> None:
    first = backend(engine)
    end(database_url, first)
    assert backend(engine) not in {first, 0}


def test_a_connection_that_was_told_something_is_kept(engine: Engine) -> None:
    first = backend(engine)
    with engine.connect() as connection, connection.begin():
        connection.execute(text("LISTEN news"))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT pg_backend_pid()")).scalar_one() == first
    with create_engine(engine.url, poolclass=NullPool).begin() as other:
        other.execute(text("NOTIFY news"))
    assert backend(engine) == first
