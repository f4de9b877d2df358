"""When exchange accounts were last compared with their venue (POS-10)."""

from typing import Final

from sqlalchemy import Column, ForeignKey, Table

from cbc_adapters.persistence.postgres.tables.metadata import METADATA, identity, instant

account_sweeps: Final = Table(
    "account_sweeps",
    METADATA,
    Column("account", identity, ForeignKey("exchange_accounts.id"), primary_key=True),
    Column("swept_at", instant, nullable=False),
)
