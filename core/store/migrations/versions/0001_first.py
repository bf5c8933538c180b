"""The first form of the stored runs. Types are spelled out: a later change of the schema must not change them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make all tables."""
    op.create_table(
        "sp_look",
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("split_hash", sa.String(length=64), nullable=False),
        sa.Column("weights_sha256", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("value", sa.Float(precision=53), nullable=True),
        sa.Column("nonfinite", sa.Text(), nullable=True),
        sa.Column("values", sa.Text(), nullable=False),
        sa.Column("contaminated", sa.Boolean(), nullable=False),
        sa.Column("run", sa.String(length=18), nullable=True),
        sa.Column("utc", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("owner", "split_hash", "weights_sha256"),
        sa.UniqueConstraint("owner", "split_hash", "number", name="sp_look_number"),
    )
    op.create_table(
        "sp_run",
        sa.Column("id", sa.String(length=18), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("visibility", sa.String(length=20), nullable=False),
        sa.Column("study", sa.String(length=200), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("parent", sa.String(length=18), nullable=True),
        sa.Column("fork_step", sa.BigInteger(), nullable=True),
        sa.Column("experiment", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("schema_version", sa.Integer(), nullable=False),
        sa.Column("split_hashes", sa.Text(), nullable=True),
        sa.Column("environment", sa.Text(), nullable=True),
        sa.Column("device", sa.String(length=100), nullable=True),
        sa.Column("threads", sa.Integer(), nullable=True),
        sa.Column("precision", sa.String(length=20), nullable=True),
        sa.Column("engine", sa.String(length=20), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=100), nullable=True),
        sa.Column("reason_text", sa.Text(), nullable=True),
        sa.Column("created", sa.String(length=27), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("weights_sha256", sa.String(length=64), nullable=True),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.Float(precision=53), nullable=False),
        sa.Column("train_s", sa.Float(precision=53), nullable=False),
        sa.Column("colour_slot", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("sp_run_by_fingerprint", "sp_run", ["fingerprint"], unique=False)
    op.create_index("sp_run_by_owner", "sp_run", ["owner"], unique=False)
    op.create_index("sp_run_by_study", "sp_run", ["study"], unique=False)
    op.create_table(
        "sp_attempt",
        sa.Column("run", sa.String(length=18), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("started", sa.String(length=27), nullable=False),
        sa.Column("ended", sa.String(length=27), nullable=True),
        sa.Column("from_step", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.String(length=100), nullable=False),
        sa.Column("outcome", sa.String(length=100), nullable=True),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["sp_run.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run", "n"),
    )
    op.create_table(
        "sp_event",
        sa.Column("id", sa.String(length=18), nullable=False),
        sa.Column("run", sa.String(length=18), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.Float(precision=53), nullable=False),
        sa.Column("train_s", sa.Float(precision=53), nullable=False),
        sa.Column("utc", sa.String(length=27), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=100), nullable=False),
        sa.Column("values", sa.Text(), nullable=False),
        sa.Column("recipe", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["sp_run.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("sp_event_by_run", "sp_event", ["run", "step"], unique=False)
    op.create_table(
        "sp_evaluation",
        sa.Column("run", sa.String(length=18), nullable=False),
        sa.Column("step", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Float(precision=53), nullable=False),
        sa.Column("train_s", sa.Float(precision=53), nullable=False),
        sa.Column("train_loss", sa.Float(precision=53), nullable=True),
        sa.Column("train_error", sa.Float(precision=53), nullable=True),
        sa.Column("validation_loss", sa.Float(precision=53), nullable=True),
        sa.Column("validation_error", sa.Float(precision=53), nullable=True),
        sa.Column("gap", sa.Float(precision=53), nullable=True),
        sa.Column("samples_per_s", sa.Float(precision=53), nullable=True),
        sa.Column("train_wrong", sa.Float(precision=53), nullable=True),
        sa.Column("train_num", sa.Float(precision=53), nullable=True),
        sa.Column("validation_wrong", sa.Float(precision=53), nullable=True),
        sa.Column("validation_num", sa.Float(precision=53), nullable=True),
        sa.Column("more", sa.Text(), nullable=True),
        sa.Column("nonfinite", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["run", "attempt"], ["sp_attempt.run", "sp_attempt.n"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["run"], ["sp_run.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run", "step"),
    )
    op.create_table(
        "sp_snapshot",
        sa.Column("run", sa.String(length=18), nullable=False),
        sa.Column("step", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("file", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("num_bytes", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["run", "attempt"], ["sp_attempt.run", "sp_attempt.n"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["run"], ["sp_run.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run", "step"),
    )
    op.create_table(
        "sp_steps",
        sa.Column("run", sa.String(length=18), nullable=False),
        sa.Column("first_step", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("num_rows", sa.Integer(), nullable=False),
        sa.Column("block", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["run", "attempt"], ["sp_attempt.run", "sp_attempt.n"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["run"], ["sp_run.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run", "first_step"),
    )
