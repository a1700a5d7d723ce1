"""The migrations make what the models say, and can be taken back."""

from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect
from sqlalchemy.pool import NullPool

from shared.db.base import Base
from shared.db.migrate import drop, upgrade
from tests.support.services import PostgresServer


@pytest.fixture
def empty(postgres_server: PostgresServer) -> Iterator[Engine]:
    url = postgres_server.create_database()
    yield create_engine(url, poolclass=NullPool)
    postgres_server.drop_database(url)


@pytest.mark.filterwarnings("ignore:Did not recognize type 'vector'")
def test_the_migrations_make_what_the_models_say(empty: Engine) -> None:
    upgrade(empty)
    with empty.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_they_can_be_run_again_and_taken_back(empty: Engine) -> None:
    upgrade(empty)
    upgrade(empty)
    drop(empty)
    assert inspect(empty).get_table_names() == ["alembic_version"]
    upgrade(empty)
