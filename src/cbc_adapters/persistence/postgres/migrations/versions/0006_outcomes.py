"""Coin blocks, equity marks and settlements."""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision: Final = "0006"
down_revision: Final = "0005"

INSTANT: Final = TIMESTAMP(timezone=True)


def upgrade() -> None:
    _coin_blocks()
    _equity_marks()
    _settlements()


def downgrade() -> None:
    op.drop_table("settlements")
    op.drop_table("equity_marks")
    op.drop_table("coin_blocks")


def _coin_blocks() -> None:
    op.create_table(
        "coin_blocks",
        sa.Column("member", sa.Uuid(), sa.ForeignKey("members.id"), primary_key=True),
        sa.Column(
            "environment",
            sa.Text(),
            sa.CheckConstraint("environment IN ('live', 'testnet', 'paper')", name="environment"),
            primary_key=True,
        ),
        sa.Column("coin", sa.Text(), primary_key=True),
        sa.Column("since", INSTANT, primary_key=True),
        sa.Column("until", INSTANT, primary_key=True),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.CheckConstraint("until > since", name="until"),
    )
    op.create_index("ix_coin_blocks_in_force", "coin_blocks", ["member", "until"])


def _equity_marks() -> None:
    op.create_table(
        "equity_marks",
        sa.Column("member", sa.Uuid(), sa.ForeignKey("members.id"), primary_key=True),
        sa.Column(
            "environment",
            sa.Text(),
            sa.CheckConstraint("environment IN ('live', 'testnet', 'paper')", name="environment"),
            primary_key=True,
        ),
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("opening", sa.Numeric(), nullable=False),
        sa.Column("peak", sa.Numeric(), nullable=False),
    )


def _settlements() -> None:
    op.create_table(
        "settlements",
        sa.Column("position", sa.Uuid(), sa.ForeignKey("positions.id"), primary_key=True),
        sa.Column(
            "state",
            sa.Text(),
            sa.CheckConstraint("state IN ('UNSETTLED', 'SETTLED', 'NOT_CHARGEABLE', 'PENDING_RATE', 'REVERSED')", name="state"),
            nullable=False,
        ),
        sa.Column(
            "reason",
            sa.Text(),
            sa.CheckConstraint("reason IN ('charged', 'no_profit', 'below_one_cent', 'not_chargeable')", name="reason"),
        ),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("currency", sa.Text(), sa.CheckConstraint("currency IN ('BRL', 'USD')", name="currency")),
        sa.Column("commission", sa.BigInteger(), sa.CheckConstraint("commission >= 0", name="commission")),
        sa.Column("affiliate", sa.BigInteger(), sa.CheckConstraint("affiliate >= 0", name="affiliate")),
        sa.Column("company", sa.BigInteger(), sa.CheckConstraint("company >= 0", name="company")),
        sa.Column("debt", sa.BigInteger(), sa.CheckConstraint("debt >= 0", name="debt")),
        sa.Column("rate", sa.Numeric(18, 10), sa.CheckConstraint("rate > 0", name="rate")),
        sa.Column("rate_provider", sa.Text()),
        sa.Column("rate_provider_at", INSTANT),
        sa.Column("rate_accepted_at", INSTANT),
        sa.Column("journal", sa.Uuid(), sa.ForeignKey("journals.id")),
        sa.CheckConstraint("(rate IS NULL) = (rate_accepted_at IS NULL)", name="rate_complete"),
    )
    op.create_index("ix_settlements_by_journal", "settlements", ["journal"])
