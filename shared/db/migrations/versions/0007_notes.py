"""Notes on photos: what in their files was passed over. Null until a photo has been analysed for them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("images", sa.Column("notes", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("images", "notes")
