"""Members, their sessions, one-time tokens, wishes, exchange accounts and subscriptions."""

from typing import Final

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Integer, Table, UniqueConstraint, false
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY

from cbc_adapters.persistence.postgres.tables.metadata import (
    METADATA,
    above_zero,
    document,
    identity,
    index,
    instant,
    one_of,
    text,
)
from cbc_domain.identity.model import AccountStatus, AffiliateTier, Role
from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.plans.model import PlanCode
from cbc_domain.risk.model import KeyStatus

members: Final = Table(
    "members",
    METADATA,
    Column("id", identity, primary_key=True),
    Column("email", text, nullable=False, unique=True),
    Column("password_hash", text, nullable=False),
    Column("full_name", text, nullable=False),
    Column("country", text, CheckConstraint("country ~ '^[A-Z]{2}$'", name="country"), nullable=False),
    Column("created_at", instant, nullable=False),
    Column("role", text, one_of("role", Role), nullable=False),
    Column("tier", text, one_of("tier", AffiliateTier), nullable=False),
    Column("status", text, one_of("status", AccountStatus), nullable=False),
    Column("language", text, nullable=False),
    Column("time_zone", text, nullable=False),
    Column("phone", text),
    Column("email_verified_at", instant),
    Column("terms_version", text),
    Column("two_factor", Boolean, nullable=False),
    Column("affiliate_code", text, unique=True),
    Column("referred_by", identity, ForeignKey("members.id")),
    Column("plan", text, one_of("plan", PlanCode), nullable=False),
    Column("plan_since", instant, nullable=False),
    Column("paused", Boolean, nullable=False, server_default=false()),
    Column("pause_reason", text),
    Column("pause_changed_at", instant),
    CheckConstraint("referred_by <> id", name="referred_by"),
    index("members_by_role", "role", "id"),
    index("members_referred_by", "referred_by"),
)

sessions: Final = Table(
    "sessions",
    METADATA,
    Column("id", identity, primary_key=True),
    Column("member", identity, ForeignKey("members.id"), nullable=False),
    Column("refresh_hash", text, nullable=False, unique=True),
    Column("spent_hashes", ARRAY(text), nullable=False),
    Column("created_at", instant, nullable=False),
    Column("expires_at", instant, nullable=False),
    Column("used_at", instant, nullable=False),
    Column("revoked_at", instant),
    index("sessions_of_member", "member", "created_at"),
    index("sessions_by_spent_hash", "spent_hashes", postgresql_using="gin"),
)

one_time_tokens: Final = Table(
    "one_time_tokens",
    METADATA,
    Column("purpose", text, primary_key=True),
    Column("token_hash", text, primary_key=True),
    Column("member", identity, ForeignKey("members.id"), nullable=False),
    Column("expires_at", instant, nullable=False),
    Column("used_at", instant),
    index("one_time_tokens_of_member", "member"),
)

member_settings: Final = Table(
    "member_settings",
    METADATA,
    Column("member", identity, ForeignKey("members.id"), primary_key=True),
    Column("version", Integer, above_zero("version"), nullable=False),
    Column("wishes", document, nullable=False),
    Column("changed_at", instant, nullable=False),
)

member_setting_changes: Final = Table(
    "member_setting_changes",
    METADATA,
    Column("member", identity, ForeignKey("members.id"), primary_key=True),
    Column("version", Integer, above_zero("version"), primary_key=True),
    Column("before", document, nullable=False),
    Column("after", document, nullable=False),
    Column("actor", text, nullable=False),
    Column("changed_at", instant, nullable=False),
)

exchange_accounts: Final = Table(
    "exchange_accounts",
    METADATA,
    Column("id", identity, primary_key=True),
    Column("member", identity, ForeignKey("members.id"), nullable=False),
    Column("venue", text, one_of("venue", Venue), nullable=False),
    Column("environment", text, one_of("environment", Environment), nullable=False),
    Column("label", text, nullable=False),
    Column("last4", text, nullable=False),
    Column("created_at", instant, nullable=False),
    Column("status", text, one_of("status", KeyStatus), nullable=False),
    Column("can_trade", Boolean, nullable=False),
    Column("can_withdraw", Boolean, nullable=False),
    Column("hedge", Boolean, nullable=False),
    UniqueConstraint("id", "member"),
    index("exchange_accounts_of_member", "member", "id"),
    index(
        "exchange_accounts_one_active",
        "member",
        "venue",
        "environment",
        unique=True,
        postgresql_where=sql("status <> 'REMOVED'"),
    ),
)

subscriptions: Final = Table(
    "subscriptions",
    METADATA,
    Column("member", identity, ForeignKey("members.id"), primary_key=True),
    Column("strategy", identity, ForeignKey("strategies.id"), primary_key=True),
    index("subscriptions_of_strategy", "strategy", "member"),
)
