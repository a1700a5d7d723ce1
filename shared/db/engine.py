"""Engines: how Vitrine's processes connect to Postgres."""

import select
from typing import Any

import msgspec
import psycopg2
from psycopg2.extensions import make_dsn
from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError

from shared.db.prepared import prepare_statements
from shared.errors import BadSetting
from shared.settings import Settings, variable


def check_database_url(settings: Settings) -> None:
    """Whether PostgreSQL's client takes the address, its options included. Connects to nothing. Raises BadSetting."""
    try:
        url = make_url(settings.database_url)
        _, options = url.get_dialect()().create_connect_args(url)
        make_dsn(**options)
    except (ArgumentError, ValueError, psycopg2.ProgrammingError) as error:
        # The address is in none of their sentences that can still come (shared/service_addresses.py).
        raise BadSetting(f"{variable('database_url')} cannot be used: {str(error).strip()}.") from None


def make_engine(settings: Settings, application: str) -> Engine:
    """An engine whose connections are checked, bounded in number and never hang for long. Raises BadSetting."""
    check_database_url(settings)
    engine = create_engine(
        settings.database_url,
        pool_size=settings.database_pool,
        max_overflow=0,
        # A page of the gallery holds the palettes of 24 photos: several times as fast as json.loads.
        json_deserializer=msgspec.json.decode,
        # A request that waits longer than this for a connection is better answered with 503.
        pool_timeout=3,
        connect_args={
            "application_name": application,
            "connect_timeout": 3,
            # A peer that vanished without a word is noticed within about 20 s, not two hours.
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 2,
            # What is prepared (prepared.py) finds rows by keys: no values make another plan better.
            "options": "-c plan_cache_mode=force_generic_plan",
        },
    )
    event.listen(engine, "checkout", refuse_dead)
    prepare_statements(engine)
    return engine


def refuse_dead(connection: Any, _record: object, _proxy: object) -> None:
    """Has the pool replace a connection that a restart of Postgres has ended.

    Costs no round trip, as SQLAlchemy's pool_pre_ping would: to a connection that is not in use Postgres says nothing
    but that it ends it. Only where there is something to read is it asked what that means.
    """
    try:
        poller = select.poll()
        poller.register(connection.fileno(), select.POLLIN)
        if poller.poll(0):
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            connection.rollback()
    except psycopg2.Error as error:
        raise DisconnectionError from error
