"""Drawdown pauses that last until they are lifted, the funding that a fill settles, and closes that may be asked for again."""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision: Final = "0013"
down_revision: Final = "0012"

INSTANT: Final = TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.alter_column("equity_marks", "peak", nullable=True)
    op.create_table(
        "drawdown_pauses",
        sa.Column("member", sa.Uuid(), sa.ForeignKey("members.id"), primary_key=True),
        sa.Column(
            "environment",
            sa.Text(),
            sa.CheckConstraint("environment IN ('live', 'testnet', 'paper')", name="environment"),
            primary_key=True,
        ),
        sa.Column("since", INSTANT, primary_key=True),
        sa.Column("until", INSTANT),
    )
    op.create_index(
        "ix_drawdown_pauses_in_force",
        "drawdown_pauses",
        ["member", "environment"],
        unique=True,
        postgresql_where=sa.text("until IS NULL"),
    )
    op.add_column("fills", sa.Column("funding", sa.Numeric(), nullable=False, server_default=sa.text("0")))
    op.add_column("positions", sa.Column("excess", sa.Numeric(), nullable=False, server_default=sa.text("0")))
    op.create_check_constraint("excess", "positions", "excess >= 0")
    op.create_index("ix_orders_by_age", "orders", ["created_at"], postgresql_using="brin")
    _tasks_once("action = 'open' OR (action = 'close' AND signal IS NOT NULL)")
    op.create_index(
        "ix_tasks_one_close",
        "tasks",
        ["position"],
        unique=True,
        postgresql_where=sa.text("action = 'close' AND signal IS NULL AND state IN ('WAITING', 'LEASED')"),
    )


def downgrade() -> None:
    op.drop_index("ix_orders_by_age", "orders")
    op.drop_index("ix_tasks_one_close", "tasks")
    # Closes without a signal that were asked for again cannot stand beside each other there.
    op.execute(
        "DELETE FROM tasks AS old USING tasks AS new WHERE old.action = 'close' AND new.action = 'close'"
        " AND old.signal IS NULL AND new.signal IS NULL AND old.position = new.position AND old.id < new.id"
    )
    _tasks_once("action <> 'protect'")
    op.drop_column("positions", "excess")
    op.drop_column("fills", "funding")
    op.drop_table("drawdown_pauses")
    # A forgotten peak begins again with the day it was forgotten on.
    op.execute("UPDATE equity_marks SET peak = opening WHERE peak IS NULL")
    op.alter_column("equity_marks", "peak", nullable=False)


def _tasks_once(which: str) -> None:
    op.drop_index("ix_tasks_once", "tasks")
    op.create_index(
        "ix_tasks_once",
        "tasks",
        ["signal", "member", "environment", "action", "position"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text(which),
    )
