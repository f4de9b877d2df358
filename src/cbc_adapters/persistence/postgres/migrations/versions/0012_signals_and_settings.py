"""What a strategy may send and advise, what is forgotten when, and under which settings a trade was planned."""

from typing import Any, Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision: Final = "0012"
down_revision: Final = "0011"


def upgrade() -> None:
    _column("strategies", "source", sa.Text(), "'tradingview'")
    _column("strategies", "source_addresses", ARRAY(sa.Text()), "'{}'")
    _column("strategies", "limited", sa.Boolean(), "true")
    op.create_check_constraint(op.f("ck_strategies_source"), "strategies", "source IN ('tradingview', 'json', 'staff')")
    op.add_column("signals", sa.Column("advised", JSONB(none_as_null=True)))
    _column("positions", "settings_version", sa.Integer(), "0")
    op.create_check_constraint(op.f("ck_positions_settings_version"), "positions", "settings_version >= 0")
    op.create_index(
        "ix_signals_to_forget",
        "signals",
        ["received_at"],
        postgresql_where=sa.text("status = 'REJECTED' AND octet_length(raw) > 0"),
    )
    op.create_index(
        "ix_refused_alerts_to_forget",
        "refused_alerts",
        ["received_at"],
        postgresql_where=sa.text("octet_length(raw) > 0"),
    )


def downgrade() -> None:
    op.drop_index("ix_refused_alerts_to_forget", "refused_alerts")
    op.drop_index("ix_signals_to_forget", "signals")
    op.drop_column("positions", "settings_version")
    op.drop_column("signals", "advised")
    op.drop_column("strategies", "limited")
    op.drop_column("strategies", "source_addresses")
    op.drop_column("strategies", "source")


def _column(table: str, name: str, kind: sa.types.TypeEngine[Any], filled_with: str) -> None:
    """Add a column that rows written before it have a value for, and rows written after it must name."""
    op.add_column(table, sa.Column(name, kind, nullable=False, server_default=sa.text(filled_with)))
    op.alter_column(table, name, server_default=None)
