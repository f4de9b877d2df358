"""Strategies, signals, market readings and exchange rates."""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP

revision: Final = "0001"
down_revision: Final = None

INSTANT: Final = TIMESTAMP(timezone=True)


def upgrade() -> None:
    _strategies()
    _strategy_secrets()
    _signals()
    _refused_alerts()
    _market_readings()
    _fx_rates()


def downgrade() -> None:
    op.drop_table("fx_rates")
    op.drop_table("market_readings")
    op.drop_table("refused_alerts")
    op.drop_table("signals")
    op.drop_table("strategy_secrets")
    op.drop_table("strategies")


def _strategies() -> None:
    op.create_table(
        "strategies",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), unique=True, nullable=False),
        sa.Column(
            "bar_length", sa.Interval(), sa.CheckConstraint("bar_length > interval '0'", name="bar_length"), nullable=False
        ),
        sa.Column(
            "time_meaning",
            sa.Text(),
            sa.CheckConstraint("time_meaning IN ('bar_close', 'bar_open', 'fired')", name="time_meaning"),
            nullable=False,
        ),
        sa.Column("trusted", sa.Boolean(), nullable=False),
        sa.Column("allowed_symbols", ARRAY(sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), sa.CheckConstraint("state IN ('active', 'paused')", name="state"), nullable=False),
    )


def _strategy_secrets() -> None:
    op.create_table(
        "strategy_secrets",
        sa.Column("hash", sa.Text(), primary_key=True),
        sa.Column("strategy", sa.Uuid(), sa.ForeignKey("strategies.id"), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("valid_until", INSTANT),
        sa.Column("sealed", sa.LargeBinary()),
    )
    op.create_index("ix_strategy_secrets_of_strategy", "strategy_secrets", ["strategy"])


def _signals() -> None:
    op.create_table(
        "signals",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("strategy", sa.Uuid(), sa.ForeignKey("strategies.id"), nullable=False),
        sa.Column(
            "kind",
            sa.Text(),
            sa.CheckConstraint(
                "kind IN ('OPEN_LONG_STRONG', 'OPEN_SHORT_STRONG', 'OPEN_LONG_WEAK', "
                "'OPEN_SHORT_WEAK', 'CLOSE_LONG', 'CLOSE_SHORT', 'CLOSE_ALL', 'CONFIRM')",
                name="kind",
            ),
            nullable=False,
        ),
        sa.Column("side", sa.Text(), sa.CheckConstraint("side IN ('LONG', 'SHORT')", name="side")),
        sa.Column("scope", sa.Text(), sa.CheckConstraint("scope IN ('symbol', 'strategy')", name="scope"), nullable=False),
        sa.Column("symbol", sa.Text()),
        sa.Column("price", sa.Numeric(), sa.CheckConstraint("price > 0", name="price")),
        sa.Column("fired_at", INSTANT, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("dedupe_key", sa.Text(), unique=True, nullable=False),
        sa.Column("indicators", JSONB(), nullable=False),
        sa.Column("warnings", ARRAY(sa.Text()), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column(
            "status",
            sa.Text(),
            sa.CheckConstraint("status IN ('PENDING', 'PROCESSING', 'PROCESSED', 'EXPIRED', 'REJECTED')", name="status"),
            nullable=False,
        ),
        sa.Column("reason", sa.Text()),
        sa.Column("approved", sa.Boolean()),
        sa.Column("decision", JSONB()),
        sa.Column("reading", JSONB()),
        sa.Column("decided_at", INSTANT),
    )
    op.create_index("ix_signals_by_kind", "signals", ["kind", "id"])
    op.create_index("ix_signals_by_strategy", "signals", ["strategy", "id"])
    op.create_index("ix_signals_by_symbol", "signals", ["symbol", "id"])
    op.create_index(
        "ix_signals_opens", "signals", ["symbol", "received_at", "id"], postgresql_where=sa.text("kind LIKE 'OPEN%'")
    )
    op.create_index(
        "ix_signals_running",
        "signals",
        ["strategy", "symbol", "side"],
        postgresql_where=sa.text("status IN ('PENDING', 'PROCESSING')"),
    )


def _refused_alerts() -> None:
    op.create_table(
        "refused_alerts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("strategy", sa.Uuid(), sa.ForeignKey("strategies.id"), nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_refused_alerts_by_strategy", "refused_alerts", ["strategy", "received_at"])


def _market_readings() -> None:
    op.create_table(
        "market_readings",
        sa.Column("at", INSTANT, primary_key=True),
        sa.Column(
            "direction",
            sa.Text(),
            sa.CheckConstraint("direction IN ('SOMENTE_LONG', 'SOMENTE_SHORT', 'LONG_E_SHORT', 'NENHUMA')", name="direction"),
            nullable=False,
        ),
        sa.Column(
            "code",
            sa.Text(),
            sa.CheckConstraint(
                "code IN ('fg_unknown', 'fg_extreme_fear', 'fg_extreme_greed', 'pulse_unknown', "
                "'pulse_long', 'pulse_short', 'pulse_neutral', 'pulse_mixed')",
                name="code",
            ),
            nullable=False,
        ),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("reading", JSONB(), nullable=False),
    )


def _fx_rates() -> None:
    op.create_table(
        "fx_rates",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("brl_per_usd", sa.Numeric(18, 10), sa.CheckConstraint("brl_per_usd > 0", name="brl_per_usd"), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("provider_at", INSTANT, nullable=False),
        sa.Column("accepted_at", INSTANT, nullable=False),
    )
    op.create_index("ix_fx_rates_by_acceptance", "fx_rates", ["accepted_at", "id"])
