"""Predictors and their versions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "predictors",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("current_version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_predictors")),
        sa.UniqueConstraint("name", name=op.f("uq_predictors_name")),
    )
    op.create_table(
        "predictor_versions",
        sa.Column("predictor_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("features", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("metrics", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("confusion", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("card", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("libraries", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('tabular', 'image')", name=op.f("ck_predictor_versions_kind")),
        sa.CheckConstraint(
            "task IN ('classification', 'regression', 'image-classification')",
            name=op.f("ck_predictor_versions_task"),
        ),
        sa.CheckConstraint(
            "version > 0 AND rows > 0 AND bytes > 0", name=op.f("ck_predictor_versions_sizes")
        ),
        sa.ForeignKeyConstraint(
            ["predictor_id"],
            ["predictors.id"],
            name=op.f("fk_predictor_versions_predictor_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("predictor_id", "version", name=op.f("pk_predictor_versions")),
    )
    op.create_index(op.f("ix_predictor_versions_sha256"), "predictor_versions", ["sha256"], unique=False)


def downgrade() -> None:
    op.drop_table("predictor_versions")
    op.drop_table("predictors")
