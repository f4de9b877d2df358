"""Strategies and what they say."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

import attrs

from cbc_domain.kernel.ids import SignalId, StrategyId
from cbc_domain.kernel.venues import Side, Symbol
from cbc_domain.market.model import MarketReading


class SignalKind(StrEnum):
    OPEN_LONG_STRONG = "OPEN_LONG_STRONG"
    OPEN_SHORT_STRONG = "OPEN_SHORT_STRONG"
    OPEN_LONG_WEAK = "OPEN_LONG_WEAK"
    OPEN_SHORT_WEAK = "OPEN_SHORT_WEAK"
    CLOSE_LONG = "CLOSE_LONG"
    CLOSE_SHORT = "CLOSE_SHORT"
    CLOSE_ALL = "CLOSE_ALL"
    CONFIRM = "CONFIRM"

    @property
    def opens(self) -> bool:
        return self.name.startswith("OPEN_")

    @property
    def closes(self) -> bool:
        return self.name.startswith("CLOSE_")

    @property
    def strong(self) -> bool:
        return self.name.endswith("_STRONG")


class Scope(StrEnum):
    """How far a close reaches: one symbol, or all symbols of the strategy (SIG-10)."""

    SYMBOL = "symbol"
    STRATEGY = "strategy"


class TimeMeaning(StrEnum):
    """What a strategy's `time` field is (SIG-02)."""

    BAR_CLOSE = "bar_close"
    BAR_OPEN = "bar_open"
    FIRED = "fired"


class StrategyState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"


class SourceKind(StrEnum):
    """Who sends a strategy's alerts (SIG-01)."""

    TRADINGVIEW = "tradingview"
    JSON = "json"
    STAFF = "staff"


@attrs.frozen
class Strategy:
    """A source of signals (SIG-02); `allowed_symbols` and `source_addresses` empty mean all.

    A `trusted` strategy's stop, targets, leverage and expiry may tighten those of members (SIG-15). `source_addresses` are
    IP addresses as text (SIG-44); `limited` False lifts the limits per minute (SIG-36), not those of its secret (SIG-45).
    """

    id: StrategyId
    name: str
    slug: str
    bar_length: timedelta
    time_meaning: TimeMeaning = TimeMeaning.BAR_CLOSE
    trusted: bool = False
    allowed_symbols: frozenset[Symbol] = frozenset()
    state: StrategyState = StrategyState.ACTIVE
    source: SourceKind = SourceKind.TRADINGVIEW
    source_addresses: frozenset[str] = frozenset()
    limited: bool = True


@attrs.frozen
class StrategySecret:
    """A webhook secret as it is kept: SHA-256 hex of it, and its end when it is being rotated out (SIG-41).

    `sealed` is the secret itself under the sealing key, kept only for the HMAC mode; None where that mode is off.
    """

    strategy: StrategyId
    hash: str
    created_at: datetime
    valid_until: datetime | None = None
    sealed: bytes | None = None


@attrs.frozen
class Advised:
    """What a trusted strategy asks for beside the direction (SIG-15): it may tighten what members wish, never loosen it.

    Empty for every other strategy; `take_profits` in the order of the alert's fields, the nearest one counts.
    """

    leverage: int | None = None
    stop_loss: Decimal | None = None
    take_profits: tuple[Decimal, ...] = ()
    expires_at: datetime | None = None


@attrs.frozen
class ParsedAlert:
    """A webhook body understood: everything of it that may have an effect, and warnings for what was unreadable.

    `symbol` None only for a close of scope strategy; `price` None when the alert names none; `time` is the alert's own,
    `timestamp` the sender's; `indicators` hold a Decimal, a bool, or None for unreadable (SIG-13).
    """

    kind: SignalKind
    side: Side | None
    scope: Scope
    canonical: str
    symbol: Symbol | None
    price: Decimal | None
    time: datetime | None
    timestamp: datetime | None
    indicators: Mapping[str, Decimal | bool | None]
    warnings: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    advised: Advised = Advised()


class SignalStatus(StrEnum):
    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    PROCESSED = "PROCESSED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"


@attrs.frozen
class Criteria:
    """The four criteria of DEC-01 in their order: direction, RSI, coin history, pulse."""

    direction: bool
    rsi: bool
    history: bool
    pulse: bool

    @property
    def met(self) -> int:
        return sum((self.direction, self.rsi, self.history, self.pulse))


@attrs.frozen
class Decision:
    """Why a signal may open or not (DEC-08): `reason` is `approved` or a code (section 37); closes have no criteria."""

    approved: bool
    reason: str
    criteria: Criteria | None
    size_factor: Decimal
    rule_version: str


@attrs.frozen
class Signal:
    """A stored alert; `received_at` is ours, `fired_at` is when the strategy meant it (SIG-20, SIG-22).

    `raw` is the body without its secret, empty once its time has passed (SIG-33); `dedupe_key` is hex SHA-256 (SIG-30).
    """

    id: SignalId
    strategy: StrategyId
    kind: SignalKind
    side: Side | None
    scope: Scope
    symbol: Symbol | None
    price: Decimal | None
    fired_at: datetime
    received_at: datetime
    dedupe_key: str
    indicators: Mapping[str, Decimal | bool | None]
    warnings: tuple[str, ...]
    raw: str
    status: SignalStatus = SignalStatus.PENDING
    reason: str | None = None
    decision: Decision | None = None
    reading: MarketReading | None = None
    decided_at: datetime | None = None
    advised: Advised = Advised()
