"""Servers that tests may ask for. Each process of a test run starts its own, once, when the first test asks."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from infra.local.processes import Processes
from tests.support.services import (
    PostgresServer,
    ValkeyServer,
    running_postgres,
    running_valkey,
    service_folder,
)

# How long an example takes says more about the machine than about the code.
settings.register_profile("vitrine", deadline=None)
settings.load_profile("vitrine")


@pytest.fixture(scope="session")
def processes() -> Iterator[Processes]:
    """Ends what was started through it when the test run ends, however it ends."""
    with Processes() as processes:
        yield processes


@pytest.fixture(scope="session")
def postgres_server(processes: Processes) -> Iterator[PostgresServer]:
    """PostgreSQL with pgvector, for the whole run. A test that kills it must start it again."""
    with service_folder("postgres") as folder, running_postgres(processes, folder) as server:
        yield server


@pytest.fixture(scope="session")
def postgres(postgres_server: PostgresServer) -> str:
    """The SQLAlchemy URL of the server's maintenance database, for the whole run."""
    return postgres_server.url()


@pytest.fixture(scope="session")
def valkey_server(processes: Processes) -> Iterator[ValkeyServer]:
    """Valkey, for the whole run. A test that kills it must start it again."""
    with service_folder("valkey") as folder, running_valkey(processes, folder) as server:
        yield server


@pytest.fixture(scope="session")
def valkey(valkey_server: ValkeyServer) -> str:
    """Valkey's URL, for the whole run; tests share its data (see `tests.support.services.flush`)."""
    return valkey_server.url
