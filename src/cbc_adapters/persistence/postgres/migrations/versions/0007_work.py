"""The outbox, stored answers, switches and emergency acts."""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

revision: Final = "0007"
down_revision: Final = "0006"

INSTANT: Final = TIMESTAMP(timezone=True)


def upgrade() -> None:
    _idempotent_answers()
    _outbox_events()
    _stop_versions()
    _switch_versions()


def downgrade() -> None:
    op.drop_table("switch_versions")
    op.drop_table("stop_versions")
    op.drop_table("outbox_events")
    op.drop_table("idempotent_answers")


def _idempotent_answers() -> None:
    op.create_table(
        "idempotent_answers",
        sa.Column("owner", sa.Text(), primary_key=True),
        sa.Column("route", sa.Text(), primary_key=True),
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("claimed_at", INSTANT, nullable=False),
        sa.Column("status", sa.Integer(), sa.CheckConstraint("status BETWEEN 100 AND 599", name="status")),
        sa.Column("body", sa.Text()),
        sa.CheckConstraint("(status IS NULL) = (body IS NULL)", name="answer"),
    )
    op.create_index("ix_idempotent_answers_by_age", "idempotent_answers", ["claimed_at"])


def _outbox_events() -> None:
    op.create_table(
        "outbox_events",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("place", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.Column("data", JSONB(), nullable=False),
        sa.Column("causation_id", sa.Uuid()),
        sa.Column("hops", sa.Integer(), sa.CheckConstraint("hops BETWEEN 0 AND 10", name="hops"), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_index("ix_outbox_events_of_subject", "outbox_events", ["subject", "place"])
    op.create_index("ix_outbox_events_unpublished", "outbox_events", ["place"], postgresql_where=sa.text("NOT published"))


def _stop_versions() -> None:
    op.create_table(
        "stop_versions",
        sa.Column("version", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column(
            "scope",
            sa.Text(),
            sa.CheckConstraint("scope IN ('global', 'exchange', 'symbol', 'strategy', 'user')", name="scope"),
            nullable=False,
        ),
        sa.Column("target", sa.Text()),
        sa.Column("level", sa.Text(), sa.CheckConstraint("level IN ('pause', 'reduce_only', 'flatten')", name="level")),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.CheckConstraint("(scope = 'global') = (target IS NULL)", name="target"),
    )
    op.create_index("ix_stop_versions_by_scope", "stop_versions", ["scope", "target", "version"])


def _switch_versions() -> None:
    op.create_table(
        "switch_versions",
        sa.Column("version", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", JSONB(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    )
    op.create_index("ix_switch_versions_by_name", "switch_versions", ["name", "version"])
