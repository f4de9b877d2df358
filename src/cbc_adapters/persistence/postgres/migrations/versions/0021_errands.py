"""What other processes want done with members' keys by a worker that may open them, and its answers."""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

revision: Final = "0021"
down_revision: Final = "0020"


def upgrade() -> None:
    op.create_table(
        "errands",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("wanted", JSONB(none_as_null=True), nullable=False),
        sa.Column("answer", JSONB(none_as_null=True)),
        sa.Column("asked_at", TIMESTAMP(timezone=True), nullable=False, server_default=sa.func.now()),
    )


def downgrade() -> None:
    op.drop_table("errands")
