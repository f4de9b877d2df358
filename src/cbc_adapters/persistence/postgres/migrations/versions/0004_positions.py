"""Decisions and positions."""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

revision: Final = "0004"
down_revision: Final = "0003"

INSTANT: Final = TIMESTAMP(timezone=True)


def upgrade() -> None:
    _decisions()
    _positions()


def downgrade() -> None:
    op.drop_table("positions")
    op.drop_table("decisions")


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("signal", sa.Uuid(), sa.ForeignKey("signals.id"), primary_key=True),
        sa.Column("member", sa.Uuid(), sa.ForeignKey("members.id"), primary_key=True),
        sa.Column(
            "environment",
            sa.Text(),
            sa.CheckConstraint("environment IN ('live', 'testnet', 'paper')", name="environment"),
            nullable=False,
        ),
        sa.Column(
            "outcome", sa.Text(), sa.CheckConstraint("outcome IN ('ordered', 'skipped')", name="outcome"), nullable=False
        ),
        sa.Column("headline", sa.Text()),
        sa.Column("reasons", JSONB(), nullable=False),
        sa.Column("failing_gates", JSONB(), nullable=False),
        sa.Column("decided_at", INSTANT, nullable=False),
        sa.CheckConstraint("(outcome = 'skipped') = (headline IS NOT NULL)", name="reasons"),
    )
    op.create_index("ix_decisions_of_member", "decisions", ["member", "signal"])


def _positions() -> None:
    op.create_table(
        "positions",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("member", sa.Uuid(), sa.ForeignKey("members.id"), nullable=False),
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
        sa.Column("strategy", sa.Uuid(), sa.ForeignKey("strategies.id"), nullable=False),
        sa.Column("signal", sa.Uuid(), sa.ForeignKey("signals.id"), nullable=False),
        sa.Column(
            "terms_plan",
            sa.Text(),
            sa.CheckConstraint("terms_plan IN ('TRIAL', 'FLEX_BR', 'PRO_BR', 'FLEX_US', 'PRO_US', 'NONE')", name="terms_plan"),
            nullable=False,
        ),
        sa.Column("terms_rate", sa.Numeric(18, 10)),
        sa.Column(
            "terms_billing",
            sa.Text(),
            sa.CheckConstraint("terms_billing IN ('BRL', 'USD')", name="terms_billing"),
            nullable=False,
        ),
        sa.Column("terms_affiliate", sa.Uuid(), sa.ForeignKey("members.id")),
        sa.Column(
            "terms_tier",
            sa.Text(),
            sa.CheckConstraint("terms_tier IN ('none', 'normal', 'vip')", name="terms_tier"),
            nullable=False,
        ),
        sa.Column(
            "terms_basis",
            sa.Text(),
            sa.CheckConstraint("terms_basis IN ('per_trade', 'high_water_mark', 'daily_net')", name="terms_basis"),
            nullable=False,
        ),
        sa.Column("planned_quantity", sa.Numeric(), nullable=False),
        sa.Column("planned_leverage", sa.Integer(), nullable=False),
        sa.Column("planned_notional", sa.Numeric(), nullable=False),
        sa.Column("planned_margin", sa.Numeric(), nullable=False),
        sa.Column("planned_stop_loss", sa.Numeric(), nullable=False),
        sa.Column("planned_take_profit", sa.Numeric(), nullable=False),
        sa.Column("planned_loss_at_stop", sa.Numeric(), nullable=False),
        sa.Column("planned_gain_at_target", sa.Numeric(), nullable=False),
        sa.Column("size_flags", JSONB(), nullable=False),
        sa.Column("stop_multiplier", sa.Numeric(), nullable=False),
        sa.Column("take_multiplier", sa.Numeric(), nullable=False),
        sa.Column("contract_size", sa.Numeric(), sa.CheckConstraint("contract_size > 0", name="contract_size"), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column(
            "state",
            sa.Text(),
            sa.CheckConstraint(
                "state IN ('OPENING', 'PROTECTED', 'CLOSING', 'CLOSED', 'LIQUIDATED', 'ABANDONED')", name="state"
            ),
            nullable=False,
        ),
        sa.Column("bought", sa.Numeric(), sa.CheckConstraint("bought >= 0", name="bought"), nullable=False),
        sa.Column("entry_price", sa.Numeric()),
        sa.Column("sold", sa.Numeric(), sa.CheckConstraint("sold >= 0", name="sold"), nullable=False),
        sa.Column("exit_price", sa.Numeric()),
        sa.Column("stop_loss", sa.Numeric()),
        sa.Column("take_profit", sa.Numeric()),
        sa.Column("fees", sa.Numeric(), nullable=False),
        sa.Column("funding", sa.Numeric(), nullable=False),
        sa.Column("opened_at", INSTANT),
        sa.Column("protected_at", INSTANT),
        sa.Column(
            "closing_reason",
            sa.Text(),
            sa.CheckConstraint(
                "closing_reason IN ('SL', 'TP', 'SIGNAL', 'MANUAL', 'EMERGENCY', 'LIQUIDATION', "
                "'EXTERNAL', 'UNPROTECTED', 'TIME', 'DIRECTION')",
                name="closing_reason",
            ),
        ),
        sa.Column("closed_at", INSTANT),
        sa.Column(
            "close_reason",
            sa.Text(),
            sa.CheckConstraint(
                "close_reason IN ('SL', 'TP', 'SIGNAL', 'MANUAL', 'EMERGENCY', 'LIQUIDATION', "
                "'EXTERNAL', 'UNPROTECTED', 'TIME', 'DIRECTION')",
                name="close_reason",
            ),
        ),
        sa.Column("result", sa.Numeric()),
        sa.Column(
            "settlement",
            sa.Text(),
            sa.CheckConstraint(
                "settlement IN ('UNSETTLED', 'SETTLED', 'NOT_CHARGEABLE', 'PENDING_RATE', 'REVERSED')", name="settlement"
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["account", "member"], ["exchange_accounts.id", "exchange_accounts.member"]),
        sa.UniqueConstraint("signal", "member"),
    )
    op.create_index(
        "ix_positions_closable",
        "positions",
        ["strategy", "id"],
        postgresql_where=sa.text("state IN ('OPENING', 'PROTECTED', 'CLOSING')"),
    )
    op.create_index(
        "ix_positions_closed",
        "positions",
        ["member", "environment", "closed_at", "id"],
        postgresql_where=sa.text("state IN ('CLOSED', 'LIQUIDATED')"),
    )
    op.create_index("ix_positions_of_account", "positions", ["account"])
    op.create_index("ix_positions_of_strategy", "positions", ["strategy"])
    op.create_index(
        "ix_positions_of_affiliate", "positions", ["terms_affiliate"], postgresql_where=sa.text("terms_affiliate IS NOT NULL")
    )
    op.create_index("ix_positions_of_member", "positions", ["member", "id"])
    op.create_index(
        "ix_positions_one_open",
        "positions",
        ["member", "environment", "symbol"],
        unique=True,
        postgresql_where=sa.text("state IN ('OPENING', 'PROTECTED', 'CLOSING')"),
    )
    op.create_index("ix_positions_opened", "positions", ["member", "environment", "created_at"])
    op.create_index(
        "ix_positions_unfinished", "positions", ["id"], postgresql_where=sa.text("state IN ('OPENING', 'PROTECTED', 'CLOSING')")
    )
    op.create_index(
        "ix_positions_unsettled",
        "positions",
        ["closed_at", "id"],
        postgresql_where=sa.text("settlement IN ('UNSETTLED', 'PENDING_RATE') AND state IN ('CLOSED', 'LIQUIDATED')"),
    )
