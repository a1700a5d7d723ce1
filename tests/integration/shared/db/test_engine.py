"""Connections to Postgres that are kept, and what ends them."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, bindparam, create_engine, select, text
from sqlalchemy.exc import DataError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.pool import NullPool

from shared.db.engine import make_engine
from shared.db.models import Job
from shared.db.prepared import PREPARED, PreparedSelect
from shared.db.unit_of_work import UnitOfWork
from shared.errors import DatabaseUnavailable
from shared.settings import Settings
from tests.support.fakes import ignore_messages


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = make_engine(Settings(database_url=database_url), "test")
    yield made
    made.dispose()


def backend(engine: Engine) -> int:
    with UnitOfWork(engine, on_commit=ignore_messages).read() as connection:
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


ADDED = text("SELECT 100 / :by + :by AS sum, '5 % of ' || :by AS said").execution_options(**PREPARED)


def plans(connection: Connection) -> list[int]:
    """How often each statement that the connection has prepared was run by the one plan of it."""
    return list(connection.execute(text("SELECT generic_plans FROM pg_prepared_statements")).scalars())


def test_a_marked_statement_is_planned_once_a_connection(engine: Engine) -> None:
    with engine.connect() as connection:
        for by in (10, 20):
            assert connection.execute(ADDED, {"by": by}).one() == (100 // by + by, f"5 % of {by}")
        assert plans(connection) == [2]


def test_other_statements_are_not_prepared(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text("SELECT :value"), {"value": 1})
        assert plans(connection) == []


def test_what_is_prepared_outlives_a_transaction_that_failed(engine: Engine) -> None:
    with engine.connect() as connection:
        with pytest.raises(DataError):
            connection.execute(ADDED, {"by": 0})
        connection.rollback()
        assert connection.execute(ADDED, {"by": 50}).scalar() == 52


def test_what_could_not_be_prepared_is_prepared_when_it_can_be(engine: Engine) -> None:
    counted = text("SELECT count(*) FROM things WHERE id = :id").execution_options(**PREPARED)
    with engine.connect() as connection:
        with pytest.raises(ProgrammingError):
            connection.execute(counted, {"id": 1})
        connection.rollback()
        connection.execute(text("CREATE TEMPORARY TABLE things (id bigint)"))
        assert connection.execute(counted, {"id": 1}).scalar() == 0


def test_a_new_connection_prepares_anew(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(ADDED, {"by": 10})
        connection.invalidate()
    with engine.connect() as connection:
        assert connection.execute(ADDED, {"by": 10}).scalar() == 20


def test_a_server_that_is_gone_is_said_to_be_while_preparing(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.close()
        with pytest.raises((OperationalError, InterfaceError)):
            connection.execute(ADDED, {"by": 10})


IN_STATES = PreparedSelect(
    select(Job.id, Job.created_at, Job.result, Job.status)
    .where(Job.kind == bindparam("kind"), Job.status.in_(["queued", "running"]))
    .order_by(Job.id)
)


def add_job(engine: Engine, status: str, result: str = "null") -> None:
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO jobs (id, kind, status, max_attempts, result)"
                " VALUES (gen_random_uuid(), 'demo', :status, 1, CAST(:result AS jsonb))"
            ),
            {"status": status, "result": result},
        )


def test_a_prepared_select_reads_what_sqlalchemy_reads(engine: Engine) -> None:
    add_job(engine, "queued", '{"photos": [1, 2]}')
    add_job(engine, "succeeded")
    whole = select(Job.id, Job.created_at, Job.result, Job.status).where(Job.status == "queued")
    with UnitOfWork(engine, on_commit=ignore_messages).read() as connection:
        (row,) = IN_STATES.all(connection, kind="demo")
        assert row == tuple(connection.execute(whole).one())
        assert row.result == {"photos": [1, 2]}
        assert IN_STATES.one_or_none(connection, kind="demo") == row
        assert IN_STATES.one_or_none(connection, kind="embed") is None


def test_a_prepared_select_is_planned_once_a_connection(engine: Engine) -> None:
    with engine.connect() as connection:
        for _ in range(3):
            IN_STATES.all(connection, kind="demo")
        assert plans(connection) == [3]


def test_a_server_that_goes_away_from_a_prepared_select_is_unavailable_and_its_connection_replaced(
    engine: Engine, database_url: str
) -> None:
    unit_of_work = UnitOfWork(engine, on_commit=ignore_messages)

    def lose_the_server() -> None:
        with unit_of_work.read() as connection:
            IN_STATES.all(connection, kind="demo")
            end(database_url, connection.execute(text("SELECT pg_backend_pid()")).scalar_one())
            IN_STATES.all(connection, kind="demo")

    with pytest.raises(DatabaseUnavailable):
        lose_the_server()
    with unit_of_work.read() as connection:
        assert IN_STATES.all(connection, kind="demo") == []
