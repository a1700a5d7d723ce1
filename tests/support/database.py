"""A migrated database for each test: a copy of a template that is migrated once a run."""

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from shared.db.migrate import upgrade
from tests.support.services import PostgresServer


@pytest.fixture(scope="session")
def database_template(postgres_server: PostgresServer) -> str:
    """The URL of a database with the newest schema that nobody connects to."""
    url = postgres_server.create_database()
    upgrade(create_engine(url, poolclass=NullPool))
    return url


@pytest.fixture
def database_url(postgres_server: PostgresServer, database_template: str) -> Iterator[str]:
    """The URL of an empty, migrated database of the test's own."""
    url = postgres_server.create_database(database_template)
    yield url
    postgres_server.drop_database(url)
