"""What proofs of the books found, and the balances that the last good one left (LED-21)."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, ForeignKey, Identity, Table

from cbc_adapters.persistence.postgres.tables.metadata import METADATA, at_least, instant, money, text

proofs: Final = Table(
    "proofs",
    METADATA,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", instant, nullable=False),
    Column("whole", Boolean, nullable=False),
    Column("sealed", BigInteger, at_least("sealed", 0), nullable=False),
    Column("last_hash", text, CheckConstraint("last_hash ~ '^[0-9a-f]{64}$'", name="last_hash"), nullable=False),
    # The first one that was found; NULL in a proof that held.
    Column("fault", text),
)

proven_balances: Final = Table(
    "proven_balances",
    METADATA,
    Column("account", BigInteger, ForeignKey("ledger_accounts.id"), primary_key=True),
    # On the normal side, after the last link of the newest proof that held.
    Column("balance", money, nullable=False),
)
