"""On which positions of an account its holder works: more than one at a time."""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: Final = "0018"
down_revision: Final = "0017"

FORGET: Final = "UPDATE lane_accounts SET {nothing}, held_until = NULL, holder = NULL"
"""Workers are drained before the schema moves; what one of them still held comes back as from a dead one."""


def upgrade() -> None:
    op.drop_constraint("ck_lane_accounts_held", "lane_accounts")
    op.drop_constraint("ck_lane_accounts_holder", "lane_accounts")
    op.drop_column("lane_accounts", "task")
    op.add_column("lane_accounts", sa.Column("positions", JSONB(), nullable=False, server_default="{}"))
    op.execute(FORGET.format(nothing="positions = '{}'"))
    op.create_check_constraint("held", "lane_accounts", "(positions = '{}') = (held_until IS NULL)")
    op.create_check_constraint("holder", "lane_accounts", "holder IS NULL OR held_until IS NOT NULL")


def downgrade() -> None:
    op.drop_constraint("ck_lane_accounts_held", "lane_accounts")
    op.drop_constraint("ck_lane_accounts_holder", "lane_accounts")
    op.drop_column("lane_accounts", "positions")
    op.add_column("lane_accounts", sa.Column("task", sa.Uuid(), sa.ForeignKey("tasks.id")))
    op.execute(FORGET.format(nothing="task = NULL"))
    op.create_check_constraint("held", "lane_accounts", "(task IS NULL) = (held_until IS NULL)")
    op.create_check_constraint("holder", "lane_accounts", "holder IS NULL OR task IS NOT NULL")
    op.create_index("ix_lane_accounts_of_task", "lane_accounts", ["task"])
