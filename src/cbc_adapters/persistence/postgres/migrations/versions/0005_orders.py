"""Orders, fills and the order lane."""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision: Final = "0005"
down_revision: Final = "0004"

INSTANT: Final = TIMESTAMP(timezone=True)


def upgrade() -> None:
    _orders()
    _fills()
    _tasks()
    _lane_accounts()


def downgrade() -> None:
    op.drop_table("lane_accounts")
    op.drop_table("tasks")
    op.drop_table("fills")
    op.drop_table("orders")


def _orders() -> None:
    op.create_table(
        "orders",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("client_id", sa.Text(), unique=True, nullable=False),
        sa.Column("position", sa.Uuid(), sa.ForeignKey("positions.id"), nullable=False),
        sa.Column("member", sa.Uuid(), nullable=False),
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column(
            "venue",
            sa.Text(),
            sa.CheckConstraint("venue IN ('binance', 'bybit', 'okx', 'bitget', 'paper')", name="venue"),
            nullable=False,
        ),
        sa.Column(
            "environment",
            sa.Text(),
            sa.CheckConstraint("environment IN ('live', 'testnet', 'paper')", name="environment"),
            nullable=False,
        ),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), sa.CheckConstraint("side IN ('LONG', 'SHORT')", name="side"), nullable=False),
        sa.Column("leg", sa.Text(), sa.CheckConstraint("leg IN ('e', 's', 't', 'x')", name="leg"), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Numeric(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("trigger", sa.Numeric()),
        sa.Column(
            "state",
            sa.Text(),
            sa.CheckConstraint(
                "state IN ('CREATED', 'SUBMITTED', 'ACKED', 'PARTIALLY_FILLED', 'FILLED', "
                "'CANCELLED', 'REJECTED', 'EXPIRED', 'UNKNOWN')",
                name="state",
            ),
            nullable=False,
        ),
        sa.Column("filled", sa.Numeric(), sa.CheckConstraint("filled >= 0", name="filled"), nullable=False),
        sa.Column("average_price", sa.Numeric()),
        sa.Column("fee", sa.Numeric(), nullable=False),
        sa.Column("venue_order_id", sa.Text()),
        sa.Column("sent_at", INSTANT),
        sa.Column("acked_at", INSTANT),
        sa.Column("filled_at", INSTANT),
        sa.Column("lost_at", INSTANT),
        sa.Column("attempts", sa.Integer(), sa.CheckConstraint("attempts >= 0", name="attempts"), nullable=False),
        sa.Column("error_code", sa.Text()),
        sa.ForeignKeyConstraint(["account", "member"], ["exchange_accounts.id", "exchange_accounts.member"]),
    )
    op.create_index("ix_orders_entries", "orders", ["member", "created_at"], postgresql_where=sa.text("leg = 'e'"))
    op.create_index("ix_orders_of_account", "orders", ["account"])
    op.create_index("ix_orders_of_member", "orders", ["member", "id"])
    op.create_index("ix_orders_of_position", "orders", ["position", "created_at", "id"])


def _fills() -> None:
    op.create_table(
        "fills",
        sa.Column("account", sa.Uuid(), sa.ForeignKey("exchange_accounts.id"), primary_key=True),
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("order", sa.Uuid(), sa.ForeignKey("orders.id"), nullable=False),
        sa.Column("quantity", sa.Numeric(), sa.CheckConstraint("quantity > 0", name="quantity"), nullable=False),
        sa.Column("price", sa.Numeric(), sa.CheckConstraint("price > 0", name="price"), nullable=False),
        sa.Column("fee", sa.Numeric(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("maker", sa.Boolean(), nullable=False),
    )
    op.create_index("ix_fills_of_order", "fills", ["order"])


def _tasks() -> None:
    op.create_table(
        "tasks",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column(
            "action", sa.Text(), sa.CheckConstraint("action IN ('open', 'close', 'protect')", name="action"), nullable=False
        ),
        sa.Column("signal", sa.Uuid(), sa.ForeignKey("signals.id")),
        sa.Column("member", sa.Uuid(), nullable=False),
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column(
            "environment",
            sa.Text(),
            sa.CheckConstraint("environment IN ('live', 'testnet', 'paper')", name="environment"),
            nullable=False,
        ),
        sa.Column("position", sa.Uuid(), sa.ForeignKey("positions.id"), nullable=False),
        sa.Column("base_priority", sa.Integer(), nullable=False),
        sa.Column("waiting_since", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("not_after", INSTANT),
        sa.Column(
            "state",
            sa.Text(),
            sa.CheckConstraint("state IN ('WAITING', 'LEASED', 'DONE', 'DEAD')", name="state"),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), sa.CheckConstraint("attempts >= 0", name="attempts"), nullable=False),
        sa.Column("lease_until", INSTANT),
        sa.Column("reason", sa.Text()),
        sa.Column("rotation", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint("(state = 'LEASED') = (lease_until IS NOT NULL)", name="lease"),
        sa.ForeignKeyConstraint(["account", "member"], ["exchange_accounts.id", "exchange_accounts.member"]),
    )
    op.create_index("ix_tasks_of_account", "tasks", ["account"])
    op.create_index("ix_tasks_of_position", "tasks", ["position"])
    op.create_index("ix_tasks_of_signal", "tasks", ["signal"], postgresql_where=sa.text("signal IS NOT NULL"))
    op.create_index(
        "ix_tasks_once",
        "tasks",
        ["signal", "member", "environment", "action", "position"],
        unique=True,
        postgresql_where=sa.text("action <> 'protect'"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_index(
        "ix_tasks_one_protect",
        "tasks",
        ["signal", "position"],
        unique=True,
        postgresql_where=sa.text("action = 'protect' AND state IN ('WAITING', 'LEASED')"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_index("ix_tasks_owed", "tasks", ["account", "due_at"], postgresql_where=sa.text("state IN ('WAITING', 'LEASED')"))


def _lane_accounts() -> None:
    op.create_table(
        "lane_accounts",
        sa.Column("account", sa.Uuid(), sa.ForeignKey("exchange_accounts.id"), primary_key=True),
        sa.Column("task", sa.Uuid(), sa.ForeignKey("tasks.id")),
        sa.Column("held_until", INSTANT),
        sa.CheckConstraint("(task IS NULL) = (held_until IS NULL)", name="held"),
    )
    op.create_index("ix_lane_accounts_of_task", "lane_accounts", ["task"])
