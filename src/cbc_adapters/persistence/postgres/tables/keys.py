"""Sealed keys of exchange accounts, the pepper of their fingerprints, and what was done with them (KEY-06, KEY-12)."""

from typing import Final

from sqlalchemy import Boolean, Column, ForeignKey, Integer, Table

from cbc_adapters.persistence.postgres.tables.metadata import (
    METADATA,
    above_zero,
    at_least,
    identity,
    index,
    instant,
    one_of,
    text,
)
from cbc_domain.ports.persistence.keys import KeyDeed

exchange_keys: Final = Table(
    "exchange_keys",
    METADATA,
    Column("account", identity, ForeignKey("exchange_accounts.id"), primary_key=True),
    Column("sealed", text, nullable=False),
    Column("fingerprint", text, nullable=False, unique=True),
    Column("verified_at", instant, nullable=False),
    Column("due_at", instant, nullable=False),
    Column("failures", Integer, at_least("failures", 0), nullable=False),
    Column("expires_at", instant),
    Column("restricted", Boolean),
    index("exchange_keys_due", "due_at", "account"),
)

sealed_peppers: Final = Table(
    "sealed_peppers",
    METADATA,
    Column("name", text, primary_key=True),
    Column("sealed", text, nullable=False),
)

key_audit: Final = Table(
    "key_audit",
    METADATA,
    Column("id", identity, primary_key=True),
    Column("member", identity, ForeignKey("members.id"), nullable=False),
    Column("account", identity, ForeignKey("exchange_accounts.id")),
    Column("deed", text, one_of("deed", KeyDeed), nullable=False),
    Column("purpose", text, nullable=False),
    Column("outcome", text, nullable=False),
    Column("actor", text, nullable=False),
    Column("at", instant, nullable=False),
    Column("times", Integer, above_zero("times"), nullable=False),
    Column("since", instant),
    index("key_audit_of_member", "member", "id"),
    index("key_audit_of_account", "account", "id"),
)
