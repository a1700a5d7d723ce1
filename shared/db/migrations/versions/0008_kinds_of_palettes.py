"""Style and ground of palettes, as part of their key. Those that are there are dominant, ground included."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("palettes", sa.Column("style", sa.Text(), server_default="dominant", nullable=False))
    op.add_column("palettes", sa.Column("ground", sa.Text(), server_default="included", nullable=False))
    op.drop_constraint("pk_palettes", "palettes", type_="primary")
    op.create_primary_key("pk_palettes", "palettes", ["image_id", "colors", "style", "ground", "version"])


def downgrade() -> None:
    op.execute("DELETE FROM palettes WHERE style <> 'dominant' OR ground <> 'included'")
    op.drop_constraint("pk_palettes", "palettes", type_="primary")
    op.create_primary_key("pk_palettes", "palettes", ["image_id", "colors", "version"])
    op.drop_column("palettes", "ground")
    op.drop_column("palettes", "style")
