"""What was told, what was answered, what one process wants of another, and the versions of switches and emergency acts."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Identity, Integer, Table, false
from sqlalchemy import text as sql

from cbc_adapters.persistence.postgres.tables.metadata import (
    METADATA,
    document,
    identity,
    index,
    instant,
    one_of,
    text,
)
from cbc_domain.kernel.events import MOST_HOPS
from cbc_domain.risk.model import StopLevel, StopScope

outbox_events: Final = Table(
    "outbox_events",
    METADATA,
    Column("id", identity, primary_key=True),
    Column("place", BigInteger, Identity(always=True), nullable=False),
    Column("name", text, nullable=False),
    Column("subject", identity, nullable=False),
    Column("occurred_at", instant, nullable=False),
    Column("data", document, nullable=False),
    Column("causation_id", identity),
    Column("hops", Integer, CheckConstraint(f"hops BETWEEN 0 AND {MOST_HOPS}", name="hops"), nullable=False),
    Column("published", Boolean, nullable=False, server_default=false()),
    index("outbox_events_of_subject", "subject", "place"),
    index("outbox_events_unpublished", "place", postgresql_where=sql("NOT published")),
)

idempotent_answers: Final = Table(
    "idempotent_answers",
    METADATA,
    Column("owner", text, primary_key=True),
    Column("route", text, primary_key=True),
    Column("key", text, primary_key=True),
    Column("fingerprint", text, nullable=False),
    Column("claimed_at", instant, nullable=False),
    Column("status", Integer, CheckConstraint("status BETWEEN 100 AND 599", name="status")),
    Column("body", text),
    CheckConstraint("(status IS NULL) = (body IS NULL)", name="answer"),
    index("idempotent_answers_by_age", "claimed_at"),
)

errands: Final = Table(
    "errands",
    METADATA,
    Column("id", identity, primary_key=True),
    Column("wanted", document, nullable=False),
    Column("answer", document),
    Column("asked_at", instant, nullable=False, server_default=sql("now()")),
)
"""Rows live for as long as somebody waits for their answer."""

switch_versions: Final = Table(
    "switch_versions",
    METADATA,
    Column("version", BigInteger, Identity(always=True), primary_key=True),
    Column("name", text, nullable=False),
    Column("value", document, nullable=False),
    Column("actor", text, nullable=False),
    Column("reason", text, nullable=False),
    Column("at", instant, nullable=False),
    index("switch_versions_by_name", "name", "version"),
)

stop_versions: Final = Table(
    "stop_versions",
    METADATA,
    Column("version", BigInteger, Identity(always=True), primary_key=True),
    Column("scope", text, one_of("scope", StopScope), nullable=False),
    Column("target", text),
    # NULL lifts the act that stood.
    Column("level", text, one_of("level", StopLevel)),
    Column("reason", text, nullable=False),
    Column("actor", text, nullable=False),
    Column("at", instant, nullable=False),
    CheckConstraint("(scope = 'global') = (target IS NULL)", name="target"),
    index("stop_versions_by_scope", "scope", "target", "version"),
)
