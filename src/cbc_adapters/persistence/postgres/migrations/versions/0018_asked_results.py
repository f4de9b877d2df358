"""When a venue was last asked what a closed position brought."""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision: Final = "0018"
down_revision: Final = "0017"


def upgrade() -> None:
    op.create_table(
        "asked_results",
        sa.Column("position", sa.Uuid(), sa.ForeignKey("positions.id"), primary_key=True),
        sa.Column("asked_at", TIMESTAMP(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("asked_results")
