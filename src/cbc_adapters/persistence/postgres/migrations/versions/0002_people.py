"""Members and all that belongs to one of them alone."""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP

revision: Final = "0002"
down_revision: Final = "0001"

INSTANT: Final = TIMESTAMP(timezone=True)


def upgrade() -> None:
    _members()
    _sessions()
    _one_time_tokens()
    _member_settings()
    _member_setting_changes()
    _exchange_accounts()
    _subscriptions()


def downgrade() -> None:
    op.drop_table("subscriptions")
    op.drop_table("exchange_accounts")
    op.drop_table("member_setting_changes")
    op.drop_table("member_settings")
    op.drop_table("one_time_tokens")
    op.drop_table("sessions")
    op.drop_table("members")


def _members() -> None:
    op.create_table(
        "members",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("email", sa.Text(), unique=True, nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), sa.CheckConstraint("country ~ '^[A-Z]{2}$'", name="country"), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column(
            "role",
            sa.Text(),
            sa.CheckConstraint("role IN ('ADMIN', 'GESTOR', 'OPERADOR', 'USER')", name="role"),
            nullable=False,
        ),
        sa.Column("tier", sa.Text(), sa.CheckConstraint("tier IN ('none', 'normal', 'vip')", name="tier"), nullable=False),
        sa.Column(
            "status",
            sa.Text(),
            sa.CheckConstraint("status IN ('PENDING_VERIFICATION', 'ACTIVE', 'SUSPENDED', 'INACTIVE')", name="status"),
            nullable=False,
        ),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text()),
        sa.Column("email_verified_at", INSTANT),
        sa.Column("terms_version", sa.Text()),
        sa.Column("two_factor", sa.Boolean(), nullable=False),
        sa.Column("affiliate_code", sa.Text(), unique=True),
        sa.Column("referred_by", sa.Uuid(), sa.ForeignKey("members.id")),
        sa.Column(
            "plan",
            sa.Text(),
            sa.CheckConstraint("plan IN ('TRIAL', 'FLEX_BR', 'PRO_BR', 'FLEX_US', 'PRO_US', 'NONE')", name="plan"),
            nullable=False,
        ),
        sa.Column("plan_since", INSTANT, nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("pause_reason", sa.Text()),
        sa.Column("pause_changed_at", INSTANT),
        sa.CheckConstraint("referred_by <> id", name="referred_by"),
    )
    op.create_index("ix_members_by_role", "members", ["role", "id"])
    op.create_index("ix_members_referred_by", "members", ["referred_by"])


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("member", sa.Uuid(), sa.ForeignKey("members.id"), nullable=False),
        sa.Column("refresh_hash", sa.Text(), unique=True, nullable=False),
        sa.Column("spent_hashes", ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT),
    )
    op.create_index("ix_sessions_by_spent_hash", "sessions", ["spent_hashes"], postgresql_using="gin")
    op.create_index("ix_sessions_of_member", "sessions", ["member", "created_at"])


def _one_time_tokens() -> None:
    op.create_table(
        "one_time_tokens",
        sa.Column("purpose", sa.Text(), primary_key=True),
        sa.Column("token_hash", sa.Text(), primary_key=True),
        sa.Column("member", sa.Uuid(), sa.ForeignKey("members.id"), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT),
    )
    op.create_index("ix_one_time_tokens_of_member", "one_time_tokens", ["member"])


def _member_settings() -> None:
    op.create_table(
        "member_settings",
        sa.Column("member", sa.Uuid(), sa.ForeignKey("members.id"), primary_key=True),
        sa.Column("version", sa.Integer(), sa.CheckConstraint("version > 0", name="version"), nullable=False),
        sa.Column("wishes", JSONB(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
    )


def _member_setting_changes() -> None:
    op.create_table(
        "member_setting_changes",
        sa.Column("member", sa.Uuid(), sa.ForeignKey("members.id"), primary_key=True),
        sa.Column("version", sa.Integer(), sa.CheckConstraint("version > 0", name="version"), primary_key=True),
        sa.Column("before", JSONB(), nullable=False),
        sa.Column("after", JSONB(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
    )


def _exchange_accounts() -> None:
    op.create_table(
        "exchange_accounts",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("member", sa.Uuid(), sa.ForeignKey("members.id"), nullable=False),
        sa.Column(
            "venue",
            sa.Text(),
            sa.CheckConstraint("venue IN ('binance', 'bybit', 'okx', 'bitget', 'paper')", name="venue"),
            nullable=False,
        ),
        sa.Column(
            "environment",
            sa.Text(),
            sa.CheckConstraint("environment IN ('live', 'testnet', 'paper')", name="environment"),
            nullable=False,
        ),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("last4", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column(
            "status", sa.Text(), sa.CheckConstraint("status IN ('VALID', 'INVALID', 'REMOVED')", name="status"), nullable=False
        ),
        sa.Column("can_trade", sa.Boolean(), nullable=False),
        sa.Column("can_withdraw", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("id", "member"),
    )
    op.create_index("ix_exchange_accounts_of_member", "exchange_accounts", ["member", "id"])
    op.create_index(
        "ix_exchange_accounts_one_active",
        "exchange_accounts",
        ["member", "venue", "environment"],
        unique=True,
        postgresql_where=sa.text("status <> 'REMOVED'"),
    )


def _subscriptions() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("member", sa.Uuid(), sa.ForeignKey("members.id"), primary_key=True),
        sa.Column("strategy", sa.Uuid(), sa.ForeignKey("strategies.id"), primary_key=True),
    )
    op.create_index("ix_subscriptions_of_strategy", "subscriptions", ["strategy", "member"])
