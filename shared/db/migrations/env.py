"""Runs the migrations over a connection that `shared.db.migrate` hands in, or over VITRINE_DATABASE_URL."""

from alembic import context
from sqlalchemy import Connection

from shared.db.base import Base
from shared.db.engine import make_engine
from shared.db.models import Image
from shared.settings import load_settings

target_metadata = Image.metadata
assert target_metadata is Base.metadata  # noqa: S101 - importing the models is what fills the metadata


def run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=target_metadata)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with make_engine(load_settings(), "vitrine-migrate").connect() as opened:
        run(opened)
