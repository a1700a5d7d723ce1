"""Making the database itself, where that is left to Vitrine."""

import structlog
from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from shared.db.unit_of_work import reachable_database
from shared.errors import DatabaseUnavailable
from shared.settings import Settings

log = structlog.get_logger(__name__)

# Every PostgreSQL server has it, for just this purpose.
MAINTENANCE = "postgres"


def ensure_database(settings: Settings) -> None:
    """Makes the database that the settings name if its server has none of that name.

    Raises DatabaseUnavailable when the server does not answer, or does not let us make the database.
    """
    url = make_url(settings.database_url)
    if url.database is None or _opens(create_engine(url)):
        return
    server = create_engine(url.set(database=MAINTENANCE), isolation_level="AUTOCOMMIT")
    try:
        with reachable_database(), server.connect() as connection:
            _create(connection, url.database)
    finally:
        server.dispose()


def _opens(engine: Engine) -> bool:
    try:
        with engine.connect():
            return True
    except OperationalError:  # it is missing, or its server is away: the next connection will tell
        return False
    finally:
        engine.dispose()


def _create(connection: Connection, name: str) -> None:
    quoted = connection.dialect.identifier_preparer.quote_identifier(name)
    try:
        connection.execute(text(f"CREATE DATABASE {quoted}"))
    except ProgrammingError as error:
        raise DatabaseUnavailable(
            f"There is no database {quoted}, and it cannot be made: {error.orig}"
        ) from error
    log.info("database_created", database=name)
