"""Which living worker holds a task, so that its death frees what it held."""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import CreateSequence, DropSequence

revision: Final = "0010"
down_revision: Final = "0009"

HOLDERS: Final = sa.Sequence("lane_holders", data_type=sa.Integer, cycle=True)


def upgrade() -> None:
    op.execute(CreateSequence(HOLDERS))
    op.add_column("tasks", sa.Column("holder", sa.Integer()))
    op.create_check_constraint("holder", "tasks", "holder IS NULL OR state = 'LEASED'")
    op.add_column("lane_accounts", sa.Column("holder", sa.Integer()))
    op.create_check_constraint("holder", "lane_accounts", "holder IS NULL OR task IS NOT NULL")


def downgrade() -> None:
    op.drop_column("lane_accounts", "holder")
    op.drop_column("tasks", "holder")
    op.execute(DropSequence(HOLDERS))
