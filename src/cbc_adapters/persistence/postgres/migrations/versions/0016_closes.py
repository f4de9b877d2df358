"""The closes of a strategy in the order in which they came, for opens that are planned late."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0016"
down_revision: Final = "0015"


def upgrade() -> None:
    op.create_index(
        "ix_signals_closes", "signals", ["strategy", "received_at", "id"], postgresql_where=sa.text("kind LIKE 'CLOSE%'")
    )


def downgrade() -> None:
    op.drop_index("ix_signals_closes", "signals")
