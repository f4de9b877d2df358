"""Accounts, journals, lots, debts and the hash chain."""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from cbc_adapters.persistence.postgres.tables.guards import CREATE_GUARDS, DROP_GUARDS

revision: Final = "0003"
down_revision: Final = "0002"

INSTANT: Final = TIMESTAMP(timezone=True)


def upgrade() -> None:
    _journals()
    _conversions()
    _debts()
    _ledger_accounts()
    _lots()
    _seals()
    _unsealed_journals()
    _debt_payments()
    _entries()
    _lot_moves()
    for statement in CREATE_GUARDS:
        op.execute(statement)


def downgrade() -> None:
    for statement in DROP_GUARDS:
        op.execute(statement)
    op.drop_table("lot_moves")
    op.drop_table("entries")
    op.drop_table("debt_payments")
    op.drop_table("unsealed_journals")
    op.drop_table("seals")
    op.drop_table("lots")
    op.drop_table("ledger_accounts")
    op.drop_table("debts")
    op.drop_table("conversions")
    op.drop_table("journals")


def _journals() -> None:
    op.create_table(
        "journals",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), unique=True, nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.Column("posted_at", INSTANT, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reference", JSONB(), nullable=False),
        sa.Column("reverses", sa.Uuid(), sa.ForeignKey("journals.id")),
    )
    op.create_index("ix_journals_by_posting", "journals", ["posted_at", "id"])
    op.create_index("ix_journals_reversing", "journals", ["reverses"])


def _conversions() -> None:
    op.create_table(
        "conversions",
        sa.Column("journal", sa.Uuid(), sa.ForeignKey("journals.id"), primary_key=True),
        sa.Column("paid", sa.BigInteger(), sa.CheckConstraint("paid > 0", name="paid"), nullable=False),
        sa.Column(
            "paid_currency",
            sa.Text(),
            sa.CheckConstraint("paid_currency IN ('BRL', 'USD')", name="paid_currency"),
            nullable=False,
        ),
        sa.Column("covered", sa.BigInteger(), sa.CheckConstraint("covered > 0", name="covered"), nullable=False),
        sa.Column(
            "covered_currency",
            sa.Text(),
            sa.CheckConstraint("covered_currency IN ('BRL', 'USD')", name="covered_currency"),
            nullable=False,
        ),
        sa.Column("rate", sa.Numeric(18, 10), sa.CheckConstraint("rate > 0", name="rate"), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("provider_at", INSTANT, nullable=False),
        sa.Column("accepted_at", INSTANT, nullable=False),
    )


def _debts() -> None:
    op.create_table(
        "debts",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("member", sa.Uuid(), sa.ForeignKey("members.id"), nullable=False),
        sa.Column("currency", sa.Text(), sa.CheckConstraint("currency IN ('BRL', 'USD')", name="currency"), nullable=False),
        sa.Column("amount", sa.BigInteger(), sa.CheckConstraint("amount > 0", name="amount"), nullable=False),
        sa.Column("remaining", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("journal", sa.Uuid(), sa.ForeignKey("journals.id"), nullable=False),
        sa.CheckConstraint("remaining BETWEEN 0 AND amount", name="remaining"),
    )
    op.create_index("ix_debts_of_journal", "debts", ["journal"])
    op.create_index("ix_debts_of_member", "debts", ["member"])
    op.create_index("ix_debts_open", "debts", ["member", "currency", "created_at"], postgresql_where=sa.text("remaining > 0"))


def _ledger_accounts() -> None:
    op.create_table(
        "ledger_accounts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column(
            "kind",
            sa.Text(),
            sa.CheckConstraint(
                "kind IN ('processor_clearing', 'bank', 'member_debt', 'affiliate_clawback', "
                "'dispute_receivable', 'fx_position', 'member_real', 'member_admin', "
                "'member_commission', 'withdrawal_hold', 'payout_in_transit', 'dispute_hold', "
                "'commission_reserve', 'unallocated_receipts', 'opening_balance', "
                "'commission_revenue', 'subscription_revenue', 'withdrawal_fee_revenue', "
                "'processor_fees', 'promo_expense', 'dispute_losses', 'bad_debt', 'adjustments')",
                name="kind",
            ),
            nullable=False,
        ),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), sa.CheckConstraint("currency IN ('BRL', 'USD')", name="currency"), nullable=False),
        sa.Column("member", sa.Uuid(), sa.ForeignKey("members.id")),
        sa.Column("balance", sa.BigInteger(), sa.CheckConstraint("balance >= 0", name="balance")),
        sa.CheckConstraint(
            "(kind IN ('member_debt', 'affiliate_clawback', 'member_real', 'member_admin', "
            "'member_commission', 'withdrawal_hold', 'payout_in_transit', 'dispute_hold', "
            "'commission_reserve')) = (balance IS NOT NULL)",
            name="floor",
        ),
        sa.CheckConstraint("(balance IS NULL) = (member IS NULL)", name="member"),
        sa.CheckConstraint("member IS NULL OR owner = CAST(member AS text)", name="owner"),
        sa.UniqueConstraint("owner", "kind", "currency"),
    )
    op.create_index("ix_ledger_accounts_of_member", "ledger_accounts", ["member"])


def _lots() -> None:
    op.create_table(
        "lots",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("member", sa.Uuid(), sa.ForeignKey("members.id"), nullable=False),
        sa.Column("currency", sa.Text(), sa.CheckConstraint("currency IN ('BRL', 'USD')", name="currency"), nullable=False),
        sa.Column("amount", sa.BigInteger(), sa.CheckConstraint("amount > 0", name="amount"), nullable=False),
        sa.Column("remaining", sa.BigInteger(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("credited_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("granted_until", INSTANT, nullable=False),
        sa.Column(
            "status",
            sa.Text(),
            sa.CheckConstraint("status IN ('ACTIVE', 'FROZEN', 'USED', 'EXPIRED', 'CANCELLED')", name="status"),
            nullable=False,
        ),
        sa.Column("journal", sa.Uuid(), sa.ForeignKey("journals.id"), nullable=False),
        sa.CheckConstraint("remaining BETWEEN 0 AND amount", name="remaining"),
    )
    op.create_index(
        "ix_lots_expiring", "lots", ["expires_at", "id"], postgresql_where=sa.text("remaining > 0 AND status = 'ACTIVE'")
    )
    op.create_index("ix_lots_left", "lots", ["member", "currency", "expires_at"], postgresql_where=sa.text("remaining > 0"))
    op.create_index("ix_lots_of_journal", "lots", ["journal"])
    op.create_index("ix_lots_of_member", "lots", ["member"])


def _seals() -> None:
    op.create_table(
        "seals",
        sa.Column("seq", sa.BigInteger(), sa.CheckConstraint("seq > 0", name="seq"), primary_key=True, autoincrement=False),
        sa.Column("journal", sa.Uuid(), sa.ForeignKey("journals.id"), unique=True, nullable=False),
        sa.Column("hash", sa.Text(), sa.CheckConstraint("hash ~ '^[0-9a-f]{64}$'", name="hash"), nullable=False),
    )


def _unsealed_journals() -> None:
    op.create_table(
        "unsealed_journals",
        sa.Column("journal", sa.Uuid(), sa.ForeignKey("journals.id"), primary_key=True),
    )


def _debt_payments() -> None:
    op.create_table(
        "debt_payments",
        sa.Column("journal", sa.Uuid(), sa.ForeignKey("journals.id"), primary_key=True),
        sa.Column("line", sa.Integer(), primary_key=True),
        sa.Column("debt", sa.Uuid(), sa.ForeignKey("debts.id"), nullable=False),
        sa.Column("amount", sa.BigInteger(), sa.CheckConstraint("amount > 0", name="amount"), nullable=False),
    )
    op.create_index("ix_debt_payments_of_debt", "debt_payments", ["debt"])


def _entries() -> None:
    op.create_table(
        "entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("journal", sa.Uuid(), sa.ForeignKey("journals.id"), nullable=False),
        sa.Column("line", sa.Integer(), sa.CheckConstraint("line > 0", name="line"), nullable=False),
        sa.Column("account", sa.BigInteger(), sa.ForeignKey("ledger_accounts.id"), nullable=False),
        sa.Column("side", sa.Text(), sa.CheckConstraint("side IN ('D', 'C')", name="side"), nullable=False),
        sa.Column("amount", sa.BigInteger(), sa.CheckConstraint("amount > 0", name="amount"), nullable=False),
        sa.UniqueConstraint("journal", "line"),
    )
    op.create_index("ix_entries_of_account", "entries", ["account", "id"])


def _lot_moves() -> None:
    op.create_table(
        "lot_moves",
        sa.Column("journal", sa.Uuid(), sa.ForeignKey("journals.id"), primary_key=True),
        sa.Column("line", sa.Integer(), primary_key=True),
        sa.Column("lot", sa.Uuid(), sa.ForeignKey("lots.id"), nullable=False),
        sa.Column("amount", sa.BigInteger(), sa.CheckConstraint("amount <> 0", name="amount"), nullable=False),
        sa.Column("extends_to", INSTANT),
    )
    op.create_index("ix_lot_moves_of_lot", "lot_moves", ["lot"])
