"""Rows of strategies, secrets, signals, readings and rates."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import RowMapping

from cbc_adapters.persistence.postgres.documents import from_document, to_document
from cbc_domain.kernel.ids import SignalId, StrategyId
from cbc_domain.kernel.rates import FxRate
from cbc_domain.kernel.venues import Side, Symbol
from cbc_domain.market.model import MarketReading
from cbc_domain.signals.model import (
    Advised,
    Decision,
    Scope,
    Signal,
    SignalKind,
    SignalStatus,
    SourceKind,
    Strategy,
    StrategySecret,
    StrategyState,
    TimeMeaning,
)


def strategy_of(row: RowMapping) -> Strategy:
    return Strategy(
        id=StrategyId(row["id"]),
        name=row["name"],
        slug=row["slug"],
        bar_length=row["bar_length"],
        time_meaning=TimeMeaning(row["time_meaning"]),
        trusted=row["trusted"],
        allowed_symbols=frozenset(Symbol(symbol) for symbol in row["allowed_symbols"]),
        state=StrategyState(row["state"]),
        source=SourceKind(row["source"]),
        source_addresses=frozenset(row["source_addresses"]),
        limited=row["limited"],
    )


def strategy_row(strategy: Strategy) -> dict[str, Any]:
    return {
        "id": strategy.id,
        "name": strategy.name,
        "slug": strategy.slug,
        "bar_length": strategy.bar_length,
        "time_meaning": strategy.time_meaning.value,
        "trusted": strategy.trusted,
        "allowed_symbols": sorted(strategy.allowed_symbols),
        "state": strategy.state.value,
        "source": strategy.source.value,
        "source_addresses": sorted(strategy.source_addresses),
        "limited": strategy.limited,
    }


def secret_of(row: RowMapping) -> StrategySecret:
    return StrategySecret(
        strategy=StrategyId(row["strategy"]),
        hash=row["hash"],
        created_at=row["created_at"],
        valid_until=row["valid_until"],
        sealed=row["sealed"],
    )


def secret_row(secret: StrategySecret) -> dict[str, Any]:
    return {
        "hash": secret.hash,
        "strategy": secret.strategy,
        "created_at": secret.created_at,
        "valid_until": secret.valid_until,
        "sealed": secret.sealed,
    }


def signal_of(row: RowMapping) -> Signal:
    return Signal(
        id=SignalId(row["id"]),
        strategy=StrategyId(row["strategy"]),
        kind=SignalKind(row["kind"]),
        side=None if row["side"] is None else Side(row["side"]),
        scope=Scope(row["scope"]),
        symbol=None if row["symbol"] is None else Symbol(row["symbol"]),
        price=row["price"],
        fired_at=row["fired_at"],
        received_at=row["received_at"],
        dedupe_key=row["dedupe_key"],
        indicators=_indicators_of(row["indicators"]),
        warnings=tuple(row["warnings"]),
        raw=row["raw"].decode("utf-8", "surrogatepass"),
        status=SignalStatus(row["status"]),
        reason=row["reason"],
        decision=None if row["decision"] is None else from_document(row["decision"], Decision),
        reading=None if row["reading"] is None else from_document(row["reading"], MarketReading),
        decided_at=row["decided_at"],
        advised=Advised() if row["advised"] is None else from_document(row["advised"], Advised),
    )


def signal_row(signal: Signal) -> dict[str, Any]:
    return {
        "id": signal.id,
        "strategy": signal.strategy,
        "kind": signal.kind.value,
        "side": None if signal.side is None else signal.side.value,
        "scope": signal.scope.value,
        "symbol": signal.symbol,
        "price": signal.price,
        "fired_at": signal.fired_at,
        "received_at": signal.received_at,
        "dedupe_key": signal.dedupe_key,
        "indicators": {name: to_document(value) for name, value in signal.indicators.items()},
        "warnings": [storable(warning) for warning in signal.warnings],
        "raw": raw_bytes(signal.raw),
        "advised": None if signal.advised == Advised() else to_document(signal.advised),
        **verdict_row(signal),
    }


def verdict_row(signal: Signal) -> dict[str, Any]:
    """What changes after a signal was stored."""
    return {
        "status": signal.status.value,
        "reason": signal.reason,
        "approved": None if signal.decision is None else signal.decision.approved,
        "decision": None if signal.decision is None else to_document(signal.decision),
        "reading": None if signal.reading is None else to_document(signal.reading),
        "decided_at": signal.decided_at,
    }


def raw_bytes(raw: str) -> bytes:
    return raw.encode("utf-8", "surrogatepass")


def storable(text: str) -> str:
    """Replace what a text column cannot hold: NUL and lone surrogates; a sender may put them into any word."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def reading_of(row: RowMapping) -> MarketReading:
    return from_document(row["reading"], MarketReading)


def reading_row(reading: MarketReading) -> dict[str, Any]:
    return {
        "at": reading.observation.at,
        "direction": reading.direction.value,
        "code": reading.code.value,
        "simulated": reading.observation.simulated,
        "reading": to_document(reading),
    }


def rate_of(row: RowMapping) -> FxRate:
    return FxRate(row["brl_per_usd"], row["provider"], row["provider_at"], row["accepted_at"])


def rate_row(rate: FxRate) -> dict[str, Any]:
    return {
        "brl_per_usd": rate.brl_per_usd,
        "provider": rate.provider,
        "provider_at": rate.provider_at,
        "accepted_at": rate.accepted_at,
    }


def _indicators_of(document: Mapping[str, object]) -> dict[str, Decimal | bool | None]:
    return {name: Decimal(value) if isinstance(value, str) else _flag(value) for name, value in document.items()}


def _flag(value: object) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise ValueError(f"expected decimal text, true, false or null, was {type(value).__name__}")
