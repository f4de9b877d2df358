"""What was moved into exchange accounts and out of them, and the instants of the equities that it is counted from."""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

from cbc_adapters.persistence.postgres.tables.guards import guard_history

revision: Final = "0017"
down_revision: Final = "0016"

INSTANT: Final = TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "account_transfers",
        sa.Column("account", sa.Uuid(), sa.ForeignKey("exchange_accounts.id"), primary_key=True),
        sa.Column("venue_id", sa.Text(), primary_key=True),
        sa.Column("amount", sa.Numeric(), sa.CheckConstraint("amount <> 0", name="amount"), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    )
    op.create_index("ix_account_transfers_by_instant", "account_transfers", ["account", "at"])
    for statement in guard_history("account_transfers"):
        op.execute(statement)
    op.create_table(
        "transfer_watches",
        sa.Column("account", sa.Uuid(), sa.ForeignKey("exchange_accounts.id"), primary_key=True),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("known_until", INSTANT),
    )
    _forget_paper()
    # Nobody knows when these were measured, nor what was moved before: from now on everything counts.
    op.add_column("equity_marks", sa.Column("opened_at", INSTANT, nullable=False, server_default=sa.func.now()))
    op.alter_column("equity_marks", "opened_at", server_default=None)
    op.add_column("equity_marks", sa.Column("peaked_at", INSTANT))
    op.execute("UPDATE equity_marks SET peaked_at = opened_at WHERE peak IS NOT NULL")
    op.create_check_constraint("peak", "equity_marks", "(peak IS NULL) = (peaked_at IS NULL)")


def downgrade() -> None:
    _forget_paper()
    op.drop_column("equity_marks", "peaked_at")
    op.drop_column("equity_marks", "opened_at")
    op.drop_table("transfer_watches")
    op.drop_table("account_transfers")


def _forget_paper() -> None:
    """Equities on paper were kept less what their accounts were opened with, and are kept as measured from here on."""
    op.execute("DELETE FROM equity_marks WHERE environment = 'paper'")
