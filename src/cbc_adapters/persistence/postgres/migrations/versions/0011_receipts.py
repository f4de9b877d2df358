"""What receipts need beside: when an order ended, setbacks of sendings, and the parts of a close in order."""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision: Final = "0011"
down_revision: Final = "0010"

INSTANT: Final = TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.add_column("orders", sa.Column("ended_at", INSTANT))
    op.create_table(
        "setbacks",
        sa.Column("order", sa.Uuid(), sa.ForeignKey("orders.id"), primary_key=True),
        sa.Column("at", INSTANT, primary_key=True),
        sa.Column("code", sa.Text(), primary_key=True),
    )
    op.create_index(
        "ix_tasks_closing",
        "tasks",
        ["signal", "position"],
        postgresql_where=sa.text("action = 'close' AND signal IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_tasks_closing", "tasks")
    op.drop_table("setbacks")
    op.drop_column("orders", "ended_at")
