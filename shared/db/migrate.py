"""Creating, upgrading and dropping the schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, text

from shared.db.unit_of_work import reachable_database


def upgrade(engine: Engine) -> None:
    """Brings the schema to the newest revision; several processes may call it at once. Raises DatabaseUnavailable."""
    with reachable_database(), engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('vitrine-migrate'))"))
        command.upgrade(_config(connection), "head")


def drop(engine: Engine) -> None:
    """Takes every table of Vitrine away, and with them all that was recorded. Raises DatabaseUnavailable."""
    with reachable_database(), engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('vitrine-migrate'))"))
        command.downgrade(_config(connection), "base")


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config
