"""When photos were taken, and keys by which they are sorted by name, with an index for each order.

Times are there once `flask reanalyse --fact taken_at` has gone through the photos that were analysed before.
"""

import sqlalchemy as sa
from alembic import op

from shared.natural_order import natural_key

revision = "0006"
down_revision = "0005"

_BATCH = 5000
_NAMES = sa.text("SELECT id, name FROM images WHERE id > :after ORDER BY id LIMIT :batch")
_KEYS = sa.text(
    "UPDATE images SET name_key = new.key FROM unnest(CAST(:ids AS bigint[]), CAST(:keys AS text[])) AS new (id, key)"
    " WHERE images.id = new.id"
)


def upgrade() -> None:
    op.add_column("images", sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("images", sa.Column("taken_offset", sa.SmallInteger(), nullable=True))
    op.add_column("images", sa.Column("name_key", sa.Text(collation="C"), server_default="", nullable=False))
    _fill_name_keys(op.get_bind())
    op.create_index(
        "ix_images_taken_id_alive",
        "images",
        [sa.text("coalesce(taken_at, '-infinity'::timestamp with time zone)"), "id"],
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_images_name_key_id_alive",
        "images",
        ["name_key", "id"],
        postgresql_where=sa.text("deleted_at IS NULL"),
    )


def _fill_name_keys(connection: sa.Connection) -> None:
    after = 0
    while rows := connection.execute(_NAMES, {"after": after, "batch": _BATCH}).all():
        keys = [natural_key(row.name) for row in rows]
        connection.execute(_KEYS, {"ids": [row.id for row in rows], "keys": keys})
        after = rows[-1].id


def downgrade() -> None:
    op.drop_index("ix_images_name_key_id_alive", table_name="images")
    op.drop_index("ix_images_taken_id_alive", table_name="images")
    op.drop_column("images", "name_key")
    op.drop_column("images", "taken_offset")
    op.drop_column("images", "taken_at")
