"""Strategies with their secrets, signals, refused alerts, market readings and exchange rates."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, ForeignKey, Identity, LargeBinary, Table
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY

from cbc_adapters.persistence.postgres.tables.metadata import (
    METADATA,
    above_zero,
    asset,
    document,
    duration,
    identity,
    index,
    instant,
    one_of,
    rate,
    text,
)
from cbc_domain.kernel.venues import Side
from cbc_domain.market.model import Direction, MarketCode
from cbc_domain.signals.model import Scope, SignalKind, SignalStatus, SourceKind, StrategyState, TimeMeaning

strategies: Final = Table(
    "strategies",
    METADATA,
    Column("id", identity, primary_key=True),
    Column("name", text, nullable=False),
    Column("slug", text, nullable=False, unique=True),
    Column("bar_length", duration, CheckConstraint("bar_length > interval '0'", name="bar_length"), nullable=False),
    Column("time_meaning", text, one_of("time_meaning", TimeMeaning), nullable=False),
    Column("trusted", Boolean, nullable=False),
    Column("allowed_symbols", ARRAY(text), nullable=False),
    Column("state", text, one_of("state", StrategyState), nullable=False),
    Column("source", text, one_of("source", SourceKind), nullable=False),
    Column("source_addresses", ARRAY(text), nullable=False),
    Column("limited", Boolean, nullable=False),
)

strategy_secrets: Final = Table(
    "strategy_secrets",
    METADATA,
    Column("hash", text, primary_key=True),
    Column("strategy", identity, ForeignKey("strategies.id"), nullable=False),
    Column("created_at", instant, nullable=False),
    Column("valid_until", instant),
    Column("sealed", LargeBinary),
    index("strategy_secrets_of_strategy", "strategy"),
)

signals: Final = Table(
    "signals",
    METADATA,
    Column("id", identity, primary_key=True),
    Column("strategy", identity, ForeignKey("strategies.id"), nullable=False),
    Column("kind", text, one_of("kind", SignalKind), nullable=False),
    Column("side", text, one_of("side", Side)),
    Column("scope", text, one_of("scope", Scope), nullable=False),
    Column("symbol", text),
    Column("price", asset, above_zero("price")),
    Column("fired_at", instant, nullable=False),
    Column("received_at", instant, nullable=False),
    Column("dedupe_key", text, nullable=False, unique=True),
    Column("indicators", document, nullable=False),
    Column("warnings", ARRAY(text), nullable=False),
    # Bytes, because a body may hold the character NUL, which no text column takes.
    Column("raw", LargeBinary, nullable=False),
    Column("status", text, one_of("status", SignalStatus), nullable=False),
    Column("reason", text),
    Column("approved", Boolean),
    Column("decision", document),
    Column("reading", document),
    Column("decided_at", instant),
    Column("advised", document),
    index("signals_by_symbol", "symbol", "id"),
    index("signals_by_kind", "kind", "id"),
    index("signals_by_strategy", "strategy", "id"),
    index(
        "signals_running",
        "strategy",
        "symbol",
        "side",
        postgresql_where=sql("status IN ('PENDING', 'PROCESSING')"),
    ),
    # Rejected ones whose body is still kept: what the cleaning looks for (SIG-33).
    index(
        "signals_to_forget",
        "received_at",
        postgresql_where=sql("status = 'REJECTED' AND octet_length(raw) > 0"),
    ),
    index("signals_closes", "strategy", "received_at", "id", postgresql_where=sql("kind LIKE 'CLOSE%'")),
    index("signals_opens", "symbol", "received_at", "id", postgresql_where=sql("kind LIKE 'OPEN%'")),
)

refused_alerts: Final = Table(
    "refused_alerts",
    METADATA,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("strategy", identity, ForeignKey("strategies.id"), nullable=False),
    Column("received_at", instant, nullable=False),
    Column("code", text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    index("refused_alerts_by_strategy", "strategy", "received_at"),
    index("refused_alerts_to_forget", "received_at", postgresql_where=sql("octet_length(raw) > 0")),
)

market_readings: Final = Table(
    "market_readings",
    METADATA,
    Column("at", instant, primary_key=True),
    Column("direction", text, one_of("direction", Direction), nullable=False),
    Column("code", text, one_of("code", MarketCode), nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("reading", document, nullable=False),
)

fx_rates: Final = Table(
    "fx_rates",
    METADATA,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("brl_per_usd", rate, above_zero("brl_per_usd"), nullable=False),
    Column("provider", text, nullable=False),
    Column("provider_at", instant, nullable=False),
    Column("accepted_at", instant, nullable=False),
    index("fx_rates_by_acceptance", "accepted_at", "id"),
)
