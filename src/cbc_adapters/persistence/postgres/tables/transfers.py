"""What was moved into exchange accounts and out of them, and until when that is known (RSK-03)."""

from typing import Final

from sqlalchemy import CheckConstraint, Column, ForeignKey, Table

from cbc_adapters.persistence.postgres.tables.metadata import METADATA, asset, identity, index, instant, text

account_transfers: Final = Table(
    "account_transfers",
    METADATA,
    Column("account", identity, ForeignKey("exchange_accounts.id"), primary_key=True),
    Column("venue_id", text, primary_key=True),
    # USDT, negative when it went out.
    Column("amount", asset, CheckConstraint("amount <> 0", name="amount"), nullable=False),
    Column("at", instant, nullable=False),
    index("account_transfers_by_instant", "account", "at"),
)

transfer_watches: Final = Table(
    "transfer_watches",
    METADATA,
    Column("account", identity, ForeignKey("exchange_accounts.id"), primary_key=True),
    Column("asked_at", instant, nullable=False),
    # NULL until a question was answered.
    Column("known_until", instant),
)
