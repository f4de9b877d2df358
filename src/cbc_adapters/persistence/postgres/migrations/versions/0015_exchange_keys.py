"""Sealed keys of exchange accounts, their position mode, and the history of what was done with them."""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

from cbc_adapters.persistence.postgres.tables.guards import guard_history

revision: Final = "0015"
down_revision: Final = "0014"

INSTANT: Final = TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.add_column("exchange_accounts", sa.Column("hedge", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.alter_column("exchange_accounts", "hedge", server_default=None)
    op.create_table(
        "exchange_keys",
        sa.Column("account", sa.Uuid(), sa.ForeignKey("exchange_accounts.id"), primary_key=True),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False, unique=True),
        sa.Column("verified_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("failures", sa.Integer(), sa.CheckConstraint("failures >= 0", name="failures"), nullable=False),
        sa.Column("expires_at", INSTANT),
        sa.Column("restricted", sa.Boolean()),
    )
    op.create_index("ix_exchange_keys_due", "exchange_keys", ["due_at", "account"])
    op.create_table(
        "sealed_peppers",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("sealed", sa.Text(), nullable=False),
    )
    op.create_table(
        "key_audit",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("member", sa.Uuid(), sa.ForeignKey("members.id"), nullable=False),
        sa.Column("account", sa.Uuid(), sa.ForeignKey("exchange_accounts.id")),
        sa.Column(
            "deed",
            sa.Text(),
            sa.CheckConstraint("deed IN ('added', 'tested', 'opened', 'changed', 'removed')", name="deed"),
            nullable=False,
        ),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("times", sa.Integer(), sa.CheckConstraint("times > 0", name="times"), nullable=False),
        sa.Column("since", INSTANT),
    )
    op.create_index("ix_key_audit_of_member", "key_audit", ["member", "id"])
    op.create_index("ix_key_audit_of_account", "key_audit", ["account", "id"])
    for statement in guard_history("key_audit"):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("key_audit")
    op.drop_table("sealed_peppers")
    op.drop_table("exchange_keys")
    op.drop_column("exchange_accounts", "hedge")
