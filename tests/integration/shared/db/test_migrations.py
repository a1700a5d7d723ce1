"""The migrations make what the models say, and can be taken back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.pool import NullPool

from shared.db import migrate
from shared.db.base import Base
from shared.db.migrate import drop, upgrade
from shared.natural_order import natural_key
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


def test_photos_that_were_there_get_the_keys_that_they_are_sorted_by(empty: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    insert = text(
        "INSERT INTO images (sha256, name, width, height, bytes, format, colors)"
        " VALUES (:sha256, :name, 1, 1, 1, 'JPEG', 6)"
    )
    with empty.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")
        connection.execute(insert, [{"sha256": name, "name": name} for name in ("IMG10.jpg", "Île.jpg")])
        command.upgrade(config, "head")
        rows = connection.execute(text("SELECT name, name_key FROM images")).all()
    assert [row.name_key for row in rows] == [natural_key(row.name) for row in rows]
