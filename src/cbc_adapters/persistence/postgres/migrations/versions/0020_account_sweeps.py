"""When exchange accounts were last compared with their venue: whoever waits longest comes first."""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision: Final = "0020"
down_revision: Final = "0019"


def upgrade() -> None:
    op.create_table(
        "account_sweeps",
        sa.Column("account", sa.Uuid(), sa.ForeignKey("exchange_accounts.id"), primary_key=True),
        sa.Column("swept_at", TIMESTAMP(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("account_sweeps")
