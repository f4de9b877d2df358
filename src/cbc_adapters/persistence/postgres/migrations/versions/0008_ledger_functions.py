"""The function that posts journals in sets."""

from typing import Final

from alembic import op

from cbc_adapters.persistence.postgres.tables.ledger_functions import CREATE_LEDGER_FUNCTIONS, DROP_LEDGER_FUNCTIONS

revision: Final = "0008"
down_revision: Final = "0007"


def upgrade() -> None:
    for statement in CREATE_LEDGER_FUNCTIONS:
        op.execute(statement)


def downgrade() -> None:
    for statement in DROP_LEDGER_FUNCTIONS:
        op.execute(statement)
