"""Signals in memory: strategies, what they said, the market as it was read, and exchange rates."""

import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Final

import attrs

from cbc_adapters.persistence.memory.cursors import page_of, read_identity
from cbc_adapters.persistence.memory.table import ALL, Changes, Index, Table
from cbc_adapters.persistence.memory.verdicts import MemoryVerdicts
from cbc_domain.kernel.errors import Conflict
from cbc_domain.kernel.ids import MemberId, SignalId, StrategyId
from cbc_domain.kernel.rates import USABLE_FOR, FxRate
from cbc_domain.kernel.venues import Side, Symbol
from cbc_domain.market.model import MarketReading
from cbc_domain.ports.persistence.views import MemberDecision, Page, SignalTally
from cbc_domain.signals.closing import Place, place_of, reaches
from cbc_domain.signals.model import Signal, SignalKind, SignalStatus, Strategy, StrategySecret

_RUNNING: Final = frozenset({SignalStatus.PENDING, SignalStatus.PROCESSING})
_HISTORY: Final = 10
"""How many recorded opens of a coin the history criterion looks at (DEC-01)."""


@attrs.frozen
class RefusedAlert:
    """An alert that could not be a signal, with the code of why (SIG-46)."""

    strategy: StrategyId
    received_at: datetime
    code: str
    raw: str


@attrs.frozen
class AcceptedRate:
    """A rate with its number in the order of keeping, which decides between rates of one instant."""

    number: int
    rate: FxRate


class MemorySignals:
    def __init__(self, changes: Changes, verdicts: MemoryVerdicts) -> None:
        self._verdicts = verdicts
        self._slugs = Index[Strategy, str, str](lambda row: ALL, lambda row: row.slug)
        self._strategies = Table[StrategyId, Strategy](changes, self._slugs)
        self._by_slug = Table[str, StrategyId](changes)
        self._secrets = Table[str, StrategySecret](changes)
        self._newest = Index[Signal, str, SignalId](lambda row: ALL, lambda row: row.id)
        self._by_symbol = Index[Signal, Symbol, SignalId](lambda row: row.symbol, lambda row: row.id)
        self._running = Index[Signal, tuple[StrategyId, Symbol, Side], SignalId](_running_key, lambda row: row.id)
        self._opens = Index[Signal, Symbol, tuple[datetime, SignalId]](
            lambda row: row.symbol if row.kind.opens else None, lambda row: (row.received_at, row.id)
        )
        self._closes = Index[Signal, StrategyId, Place](lambda row: row.strategy if row.kind.closes else None, place_of)
        self._signals = Table[SignalId, Signal](
            changes, self._newest, self._by_symbol, self._running, self._opens, self._closes
        )
        self._by_dedupe_key = Table[str, SignalId](changes)
        self._refused = Table[int, RefusedAlert](changes)
        self._by_instant = Index[MarketReading, str, datetime](lambda row: ALL, lambda row: row.observation.at)
        self._readings = Table[datetime, MarketReading](changes, self._by_instant)
        self._by_acceptance = Index[AcceptedRate, str, tuple[datetime, int]](
            lambda row: ALL, lambda row: (row.rate.accepted_at, row.number)
        )
        self._rates = Table[int, AcceptedRate](changes, self._by_acceptance)

    async def add_strategy(self, strategy: Strategy, secret: StrategySecret) -> None:
        if strategy.slug in self._by_slug:
            raise Conflict("already_exists", f"expected an unused slug, was {strategy.slug!r}")
        self._strategies.put(strategy.id, strategy)
        self._by_slug.put(strategy.slug, strategy.id)
        self._secrets.put(secret.hash, secret)

    async def strategy(self, strategy: StrategyId) -> Strategy | None:
        return self._strategies.get(strategy)

    async def strategies(self) -> Sequence[Strategy]:
        return [self._strategies[self._by_slug[slug]] for slug in self._slugs.all(ALL)]

    async def strategy_of_secret(self, secret_hash: str, now: datetime) -> tuple[Strategy, StrategySecret] | None:
        secret = self._secrets.get(secret_hash)
        if secret is None or not _valid(secret, now):
            return None
        return self._strategies[secret.strategy], secret

    async def hmac_secrets(self, now: datetime) -> Sequence[StrategySecret]:
        sealed = (secret for secret in self._secrets.values() if secret.sealed is not None and _valid(secret, now))
        return sorted(sealed, key=lambda secret: secret.created_at)

    async def reseal(self, secret: StrategySecret, sealed: bytes) -> None:
        known = self._secrets.get(secret.hash)
        if known is not None and known.sealed == secret.sealed:
            self._secrets.put(secret.hash, attrs.evolve(known, sealed=sealed))

    async def add(self, signal: Signal) -> Signal | None:
        first = self._by_dedupe_key.get(signal.dedupe_key)
        if first is not None:
            return self._signals[first]
        self._signals.put(signal.id, signal)
        self._by_dedupe_key.put(signal.dedupe_key, signal.id)
        return None

    async def add_refused(self, strategy: StrategyId, received_at: datetime, code: str, raw: str) -> None:
        self._refused.put(len(self._refused), RefusedAlert(strategy, received_at, code, raw))

    async def forget_bodies(self, before: datetime) -> int:
        emptied = 0
        for number, alert in list(self._refused.items()):
            if alert.raw and alert.received_at < before:
                self._refused.put(number, attrs.evolve(alert, raw=""))
                emptied += 1
        for signal in list(self._signals.values()):
            if signal.status is SignalStatus.REJECTED and signal.raw and signal.received_at < before:
                self._signals.put(signal.id, attrs.evolve(signal, raw=""))
                emptied += 1
        return emptied

    async def signal(self, signal: SignalId) -> Signal | None:
        return self._signals.get(signal)

    async def lock(self, signal: SignalId) -> Signal | None:
        return self._signals.get(signal)

    async def save(self, signal: Signal) -> None:
        found = self._signals.get(signal.id)
        if found is not None:
            verdict = attrs.evolve(
                found,
                status=signal.status,
                reason=signal.reason,
                decision=signal.decision,
                reading=signal.reading,
                decided_at=signal.decided_at,
            )
            self._signals.put(signal.id, verdict)

    async def page(self, cursor: str | None, limit: int, symbol: str | None, kind: SignalKind | None) -> Page[Signal]:
        before = None if cursor is None else SignalId(read_identity(cursor))
        newest = self._newest.before(ALL, before) if symbol is None else self._by_symbol.before(Symbol(symbol), before)
        found = (self._signals[signal] for signal in newest)
        return page_of(((str(signal.id), signal) for signal in found if kind in (None, signal.kind)), limit)

    async def running_open(self, strategy: StrategyId, symbol: Symbol, side: Side) -> SignalId | None:
        return self._running.only((strategy, symbol, side))

    async def closes_after(self, opened: Signal) -> Sequence[Signal]:
        later = (self._signals[found] for _, found in self._closes.after(opened.strategy, place_of(opened)))
        return [close for close in later if reaches(close, opened)]

    async def opposite_open_approved(self, signal: Signal, since: datetime) -> bool:
        if signal.side is None or signal.symbol is None:
            return False
        last = islice(self._opens.before(signal.symbol, (signal.received_at, signal.id)), _HISTORY)
        return any(_approved_since(self._signals[found], signal.side.opposite, since) for _, found in last)

    def place_of(self, signal: SignalId) -> Place:
        return place_of(self._signals[signal])

    async def decisions(self, member: MemberId, signals: Sequence[SignalId]) -> Sequence[MemberDecision]:
        return self._verdicts.of_member(member, signals)

    async def tallies(self, signals: Sequence[SignalId]) -> Sequence[SignalTally]:
        return self._verdicts.tallies(signals)

    async def add_readings(self, readings: Sequence[MarketReading]) -> None:
        for reading in readings:
            self._readings.put(reading.observation.at, reading)

    async def readings(self, since: datetime, until: datetime) -> Sequence[MarketReading]:
        return [self._readings[at] for at in self._by_instant.between(ALL, since, until)]

    async def add_rate(self, rate: FxRate) -> None:
        self._rates.put(len(self._rates), AcceptedRate(len(self._rates), rate))

    async def rate(self, at: datetime) -> FxRate | None:
        return self._newest_rate(at)

    async def charge_rates(self, closed: Collection[datetime]) -> Mapping[datetime, FxRate]:
        return {at: rate for at in closed if (rate := self._charge_rate(at)) is not None}

    def _charge_rate(self, at: datetime) -> FxRate | None:
        newest = self._newest_rate(at)
        if newest is not None and at - newest.accepted_at <= USABLE_FOR:
            return newest
        return self._first_rate(self._by_acceptance.after(ALL, (at, sys.maxsize)))

    def _newest_rate(self, at: datetime) -> FxRate | None:
        return self._first_rate(self._by_acceptance.before(ALL, (at, sys.maxsize)))

    def _first_rate(self, places: Iterator[tuple[datetime, int]]) -> FxRate | None:
        found = next(places, None)
        return None if found is None else self._rates[found[1]].rate


def _running_key(signal: Signal) -> tuple[StrategyId, Symbol, Side] | None:
    if not signal.kind.opens or signal.status not in _RUNNING or signal.symbol is None or signal.side is None:
        return None
    return signal.strategy, signal.symbol, signal.side


def _approved_since(signal: Signal, side: Side, since: datetime) -> bool:
    approved = signal.decision is not None and signal.decision.approved
    return approved and signal.side is side and signal.decided_at is not None and signal.decided_at >= since


def _valid(secret: StrategySecret, now: datetime) -> bool:
    return secret.valid_until is None or now < secret.valid_until
