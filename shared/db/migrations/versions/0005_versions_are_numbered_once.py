"""The newest version of a predictor is remembered, so that no number is given twice once versions can be deleted."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("predictors", sa.Column("newest_version", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE predictors SET newest_version ="
        " (SELECT max(version) FROM predictor_versions WHERE predictor_id = predictors.id)"
    )
    op.alter_column("predictors", "newest_version", nullable=False)


def downgrade() -> None:
    op.drop_column("predictors", "newest_version")
