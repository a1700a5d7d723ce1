"""Engines: how Vitrine's processes connect to Postgres."""

from sqlalchemy import Engine, create_engine

from shared.settings import Settings


def make_engine(settings: Settings, application: str) -> Engine:
    """An engine whose connections are checked, bounded in number and never hang for long."""
    return create_engine(
        settings.database_url,
        pool_size=settings.database_pool,
        max_overflow=0,
        # A request that waits longer than this for a connection is better answered with 503.
        pool_timeout=5,
        # After a database restart the first use of each connection finds out by itself.
        pool_pre_ping=True,
        connect_args={
            "application_name": application,
            "connect_timeout": 3,
            # A peer that vanished without a word is noticed within about 20 s, not two hours.
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 2,
        },
    )
