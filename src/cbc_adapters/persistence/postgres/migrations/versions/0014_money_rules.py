"""What venues say that closed positions brought, what was charged on, and what is to be reviewed."""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision: Final = "0014"
down_revision: Final = "0013"

INSTANT: Final = TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "closed_results",
        sa.Column("position", sa.Uuid(), sa.ForeignKey("positions.id"), primary_key=True),
        sa.Column("net", sa.Numeric(), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
    )
    op.create_table(
        "result_reviews",
        sa.Column("position", sa.Uuid(), sa.ForeignKey("positions.id"), primary_key=True),
        sa.Column("charged", sa.Numeric(), nullable=False),
        sa.Column("reported", sa.Numeric(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    )
    op.create_index("ix_result_reviews_by_age", "result_reviews", ["at", "position"])
    op.add_column("settlements", sa.Column("profit", sa.Numeric()))
    op.add_column("settlements", sa.Column("computed", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("settlements", "computed")
    op.drop_column("settlements", "profit")
    op.drop_table("result_reviews")
    op.drop_table("closed_results")
