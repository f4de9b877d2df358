"""Strategies, signals, market readings and exchange rates."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from cbc_domain.kernel.ids import MemberId, SignalId, StrategyId
from cbc_domain.kernel.rates import FxRate
from cbc_domain.kernel.venues import Side, Symbol
from cbc_domain.market.model import MarketReading
from cbc_domain.ports.persistence.views import MemberDecision, Page, SignalTally
from cbc_domain.signals.model import Signal, SignalKind, Strategy, StrategySecret


class Signals(Protocol):
    async def add_strategy(self, strategy: Strategy, secret: StrategySecret) -> None:
        """Raises Conflict `already_exists` for a used slug."""

    async def strategy(self, strategy: StrategyId) -> Strategy | None: ...

    async def strategies(self) -> Sequence[Strategy]:
        """All of them, by slug."""

    async def strategy_of_secret(self, secret_hash: str, now: datetime) -> tuple[Strategy, StrategySecret] | None:
        """Find by SHA-256 hex of a secret that is valid now (SIG-41)."""

    async def hmac_secrets(self, now: datetime) -> Sequence[StrategySecret]:
        """The valid secrets that are kept sealed for the HMAC mode (SIG-42)."""

    async def reseal(self, secret: StrategySecret, sealed: bytes) -> None:
        """Put another sealed text in the place of a secret's own; one that has another by now stays (KEY-09)."""

    async def add(self, signal: Signal) -> Signal | None:
        """Store a signal; None when it is new, else the one that has its dedupe key (SIG-30). Of many at once one is new."""

    async def add_refused(self, strategy: StrategyId, received_at: datetime, code: str, raw: str) -> None:
        """Keep an authenticated alert that cannot be a signal, with why (SIG-46)."""

    async def forget_bodies(self, before: datetime) -> int:
        """Empty the bodies of refused alerts and REJECTED signals received before then; how many were (SIG-33).

        Everything else of them stays, and so do all other signals.
        """

    async def signal(self, signal: SignalId) -> Signal | None: ...

    async def lock(self, signal: SignalId) -> Signal | None:
        """Read a signal and hold it until the unit ends, so that one worker decides it."""

    async def save(self, signal: Signal) -> None:
        """Write status, reason, decision, reading and decided_at."""

    async def page(self, cursor: str | None, limit: int, symbol: str | None, kind: SignalKind | None) -> Page[Signal]: ...

    async def running_open(self, strategy: StrategyId, symbol: Symbol, side: Side) -> SignalId | None:
        """The open of that side that is still PENDING or PROCESSING, or None (SIG-30).

        Who asks for the same side at the same time waits until this unit ends.
        """

    async def closes_after(self, opened: Signal) -> Sequence[Signal]:
        """The closes of an open's strategy, coin and side that stand behind it in the order of receipt, the first first."""

    async def opposite_open_approved(self, signal: Signal, since: datetime) -> bool:
        """Was an opposite open of the coin approved since then, among the last 10 recorded before this one? (DEC-01)"""

    async def decisions(self, member: MemberId, signals: Sequence[SignalId]) -> Sequence[MemberDecision]: ...

    async def tallies(self, signals: Sequence[SignalId]) -> Sequence[SignalTally]:
        """How many members a signal was ordered for, and refused by headline reason."""

    async def add_readings(self, readings: Sequence[MarketReading]) -> None:
        """Keep readings, in one statement; the same `observation.at` again replaces the first."""

    async def readings(self, since: datetime, until: datetime) -> Sequence[MarketReading]:
        """Readings with since <= at <= until, oldest first."""

    async def add_rate(self, rate: FxRate) -> None: ...

    async def rate(self, at: datetime) -> FxRate | None:
        """The newest rate accepted at or before `at`, or None; whether it is usable is a rule."""

    async def charge_rates(self, closed: Collection[datetime]) -> Mapping[datetime, FxRate]:
        """The rate for a charge at each close (FX-04): the newest accepted by then and at most 24 h old, else the first
        accepted afterwards; instants without one are left out. One statement.
        """
