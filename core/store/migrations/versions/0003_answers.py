"""Answers: what each person answered to each question, and the run that followed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make their table."""
    op.create_table(
        "sp_answer",
        sa.Column("about", sa.String(length=120), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("run", sa.String(length=18), nullable=True),
        sa.Column("utc", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["sp_run.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("about", "owner"),
    )
    op.create_index("sp_answer_by_owner", "sp_answer", ["owner"], unique=False)
    op.create_index("sp_answer_by_run", "sp_answer", ["run"], unique=False)
