"""Results of proofs, and where the next one goes on."""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision: Final = "0009"
down_revision: Final = "0008"


def upgrade() -> None:
    op.create_table(
        "proofs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("sealed", sa.BigInteger(), sa.CheckConstraint("sealed >= 0", name="sealed"), nullable=False),
        sa.Column("last_hash", sa.Text(), sa.CheckConstraint("last_hash ~ '^[0-9a-f]{64}$'", name="last_hash"), nullable=False),
        sa.Column("fault", sa.Text()),
    )
    op.create_table(
        "proven_balances",
        sa.Column("account", sa.BigInteger(), sa.ForeignKey("ledger_accounts.id"), primary_key=True),
        sa.Column("balance", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("proven_balances")
    op.drop_table("proofs")
