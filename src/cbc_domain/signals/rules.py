"""When a signal is fresh, late or a repeat, and how long it may act (SIG-20 to SIG-30)."""

import hashlib
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from cbc_domain.kernel.errors import Invalid
from cbc_domain.signals.model import ParsedAlert, Scope, Signal, SignalKind, Strategy, TimeMeaning

FRESH_FOR: Final = timedelta(seconds=30)
AHEAD_AT_MOST: Final = timedelta(seconds=5)
"""Ages at which an open is accepted, limits included; the bar length comes on top of the first (SIG-20)."""

SENT_WITHIN: Final = timedelta(seconds=120)
"""From acceptance to the last order of an open, limit included; a close alerts then and goes on (SIG-21, SIG-22)."""

TIMEFRAMES: Final = {
    "1m": timedelta(minutes=1),
    "5m": timedelta(minutes=5),
    "15m": timedelta(minutes=15),
    "30m": timedelta(minutes=30),
    "1h": timedelta(hours=1),
    "4h": timedelta(hours=4),
    "1d": timedelta(days=1),
}
"""Bar lengths that a strategy may have (SIG-36)."""


class Window(StrEnum):
    """What the age of an alert means for it; only EXPIRED and FROM_FUTURE refuse, and only opens (SIG-20, SIG-22).

    LATE and CLOCK_SUSPECT are accepted: a late close acts on what was open at its firing time, see `acts_before`.
    """

    ACCEPTED = "accepted"
    LATE = "accepted_late"
    CLOCK_SUSPECT = "accepted_clock_suspect"
    EXPIRED = "expired"
    FROM_FUTURE = "signal_from_future"


def bar_length(timeframe: str) -> timedelta:
    """Read `30m` and its like. Raises Invalid `validation_error` for a timeframe that is not allowed (SIG-36)."""
    if timeframe not in TIMEFRAMES:
        raise Invalid("validation_error", f"expected one of {', '.join(TIMEFRAMES)}, was {timeframe[:20]!r}")
    return TIMEFRAMES[timeframe]


def window(alert: ParsedAlert, strategy: Strategy, received_at: datetime) -> Window:
    """Judge the age of an alert: received minus `time`, else the sender's `timestamp`, else nothing (SIG-20)."""
    age = received_at - (alert.time or alert.timestamp or received_at)
    named_a_bar = alert.time is not None and strategy.time_meaning is not TimeMeaning.FIRED
    if age < -AHEAD_AT_MOST:
        return Window.FROM_FUTURE if alert.kind.opens else Window.CLOCK_SUSPECT
    if age > FRESH_FOR + (strategy.bar_length if named_a_bar else timedelta(0)):
        return Window.EXPIRED if alert.kind.opens else Window.LATE
    return Window.ACCEPTED


def fired_at(alert: ParsedAlert, strategy: Strategy, received_at: datetime) -> datetime:
    """When the strategy meant it: `time`, plus the bar when `time` is its opening; never after its receipt (SIG-22)."""
    meant = alert.time or alert.timestamp or received_at
    if meant >= received_at:
        return received_at
    opened_a_bar = alert.time is not None and strategy.time_meaning is TimeMeaning.BAR_OPEN
    return min(meant + strategy.bar_length, received_at) if opened_a_bar else meant


def acts_before(signal: Signal, strategy: Strategy) -> datetime | None:
    """Before when a position must have been opened for a late close to reach it; None when on time (SIG-22)."""
    closed_a_bar = strategy.time_meaning is TimeMeaning.BAR_CLOSE
    on_time_for = FRESH_FOR + (strategy.bar_length if closed_a_bar else timedelta(0))
    late = signal.kind.closes and signal.received_at - signal.fired_at > on_time_for
    return signal.fired_at if late else None


def may_send(accepted_at: datetime, now: datetime, kind: SignalKind) -> bool:
    """Say whether an order of this signal may still leave, retries included; closes always may (SIG-21, SIG-22)."""
    return not kind.opens or not overdue(accepted_at, now)


def overdue(accepted_at: datetime, now: datetime) -> bool:
    """Say whether 120 seconds have passed since acceptance: no more opens, and an alert for closes (SIG-21, SIG-22)."""
    return now - accepted_at > SENT_WITHIN


def dedupe_key(strategy_slug: str, alert: ParsedAlert, received_at: datetime) -> str:
    """Hex SHA-256 that is the same for a repeat: its `time` to the second, else the minute of receipt (SIG-30)."""
    bucket = alert.time or received_at.replace(second=0)
    moment = bucket.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
    symbol = "*" if alert.scope is Scope.STRATEGY else alert.symbol
    return hashlib.sha256(f"{strategy_slug}|{symbol}|{alert.kind}|{moment}".encode()).hexdigest()
