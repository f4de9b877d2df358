"""Signals on PostgreSQL: strategies, what they said, the market as it was read, and exchange rates."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import attrs
from sqlalchemy import ColumnElement, RowMapping, Select, Text, and_, bindparam, func, insert, or_, select, true, tuple_, update
from sqlalchemy.dialects.postgresql import insert as insert_unless
from sqlalchemy.ext.asyncio import AsyncConnection

from cbc_adapters.persistence.postgres import rates, verdicts
from cbc_adapters.persistence.postgres.cursors import read_cursor, write_cursor
from cbc_adapters.persistence.postgres.rows import signals as rows
from cbc_adapters.persistence.postgres.tables.signals import (
    market_readings,
    refused_alerts,
    signals,
    strategies,
    strategy_secrets,
)
from cbc_domain.kernel.errors import Conflict
from cbc_domain.kernel.ids import MemberId, SignalId, StrategyId
from cbc_domain.kernel.rates import FxRate
from cbc_domain.kernel.venues import Side, Symbol
from cbc_domain.market.model import MarketReading
from cbc_domain.ports.persistence.views import MemberDecision, Page, SignalTally
from cbc_domain.signals.closing import sides_of
from cbc_domain.signals.model import Scope, Signal, SignalKind, SignalStatus, Strategy, StrategySecret

_RUNNING: Final = (SignalStatus.PENDING.value, SignalStatus.PROCESSING.value)
_OPENS: Final = signals.c.kind.like("OPEN%")
_CLOSES: Final = signals.c.kind.like("CLOSE%")
_HISTORY: Final = 10
"""How many recorded opens of a coin the history criterion looks at (DEC-01)."""

# What every alert asks is built once: building such a statement takes longer than running it.
_OF_SECRET: Final = (
    select(
        strategies,
        strategy_secrets.c.strategy,
        strategy_secrets.c.hash,
        strategy_secrets.c.created_at,
        strategy_secrets.c.valid_until,
        strategy_secrets.c.sealed,
    )
    .join(strategy_secrets, strategy_secrets.c.strategy == strategies.c.id)
    .where(strategy_secrets.c.hash == bindparam("hash"))
    .where(or_(strategy_secrets.c.valid_until.is_(None), strategy_secrets.c.valid_until > bindparam("now")))
)
_TAKE_TURN: Final = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("turn", type_=Text), 0)))
_RUNNING_OPEN: Final = (
    select(signals.c.id)
    .where(signals.c.strategy == bindparam("strategy"), signals.c.symbol == bindparam("symbol"))
    .where(signals.c.side == bindparam("side"), _OPENS, signals.c.status.in_(_RUNNING))
    .order_by(signals.c.id)
    .limit(1)
)
_ADD_UNLESS_KNOWN: Final = insert_unless(signals).on_conflict_do_nothing(index_elements=["dedupe_key"]).returning(signals.c.id)


@attrs.frozen
class PostgresSignals:
    _connection: AsyncConnection

    async def add_strategy(self, strategy: Strategy, secret: StrategySecret) -> None:
        new = insert_unless(strategies).values(rows.strategy_row(strategy)).on_conflict_do_nothing(index_elements=["slug"])
        if await self._connection.scalar(new.returning(strategies.c.id)) is None:
            raise Conflict("already_exists", f"expected an unused slug, was {strategy.slug!r}")
        await self._connection.execute(insert(strategy_secrets).values(rows.secret_row(secret)))

    async def strategy(self, strategy: StrategyId) -> Strategy | None:
        row = await self._first(select(strategies).where(strategies.c.id == strategy))
        return None if row is None else rows.strategy_of(row)

    async def strategies(self) -> Sequence[Strategy]:
        return [rows.strategy_of(row) for row in await self._all(select(strategies).order_by(strategies.c.slug))]

    async def strategy_of_secret(self, secret_hash: str, now: datetime) -> tuple[Strategy, StrategySecret] | None:
        row = (await self._connection.execute(_OF_SECRET, {"hash": secret_hash, "now": now})).mappings().first()
        return None if row is None else (rows.strategy_of(row), rows.secret_of(row))

    async def hmac_secrets(self, now: datetime) -> Sequence[StrategySecret]:
        sealed = select(strategy_secrets).where(strategy_secrets.c.sealed.is_not(None), _valid(now))
        return [rows.secret_of(row) for row in await self._all(sealed.order_by(strategy_secrets.c.created_at))]

    async def reseal(self, secret: StrategySecret, sealed: bytes) -> None:
        still = (strategy_secrets.c.hash == secret.hash, strategy_secrets.c.sealed == secret.sealed)
        await self._connection.execute(update(strategy_secrets).where(*still).values(sealed=sealed))

    async def add(self, signal: Signal) -> Signal | None:
        if await self._connection.scalar(_ADD_UNLESS_KNOWN, rows.signal_row(signal)) is not None:
            return None
        first = await self._first(select(signals).where(signals.c.dedupe_key == signal.dedupe_key))
        return None if first is None else rows.signal_of(first)

    async def add_refused(self, strategy: StrategyId, received_at: datetime, code: str, raw: str) -> None:
        await self._connection.execute(
            insert(refused_alerts).values(strategy=strategy, received_at=received_at, code=code, raw=rows.raw_bytes(raw))
        )

    async def forget_bodies(self, before: datetime) -> int:
        rejected = signals.c.status == SignalStatus.REJECTED.value
        emptied = 0
        for table, condition in ((refused_alerts, true()), (signals, rejected)):
            kept = func.octet_length(table.c.raw) > 0
            old = update(table).where(condition, kept, table.c.received_at < before).values(raw=b"")
            emptied += (await self._connection.execute(old)).rowcount
        return emptied

    async def signal(self, signal: SignalId) -> Signal | None:
        row = await self._first(select(signals).where(signals.c.id == signal))
        return None if row is None else rows.signal_of(row)

    async def lock(self, signal: SignalId) -> Signal | None:
        # Not the key: tasks that refer to the signal may be written meanwhile.
        row = await self._first(select(signals).where(signals.c.id == signal).with_for_update(key_share=True))
        return None if row is None else rows.signal_of(row)

    async def save(self, signal: Signal) -> None:
        await self._connection.execute(update(signals).where(signals.c.id == signal.id).values(rows.verdict_row(signal)))

    async def page(self, cursor: str | None, limit: int, symbol: str | None, kind: SignalKind | None) -> Page[Signal]:
        newest = select(signals).order_by(signals.c.id.desc()).limit(limit + 1)
        if cursor is not None:
            newest = newest.where(signals.c.id < read_cursor(cursor))
        if symbol is not None:
            newest = newest.where(signals.c.symbol == symbol)
        if kind is not None:
            newest = newest.where(signals.c.kind == kind.value)
        found = [rows.signal_of(row) for row in await self._all(newest)]
        items = found[:limit]
        return Page(items, write_cursor(items[-1].id) if len(found) > limit else None)

    async def running_open(self, strategy: StrategyId, symbol: Symbol, side: Side) -> SignalId | None:
        # Alerts of one side that come at once take turns, or each would find none of the others.
        await self._connection.execute(_TAKE_TURN, {"turn": f"signals.running_open {strategy} {symbol} {side}"})
        found = await self._connection.scalar(_RUNNING_OPEN, {"strategy": strategy, "symbol": symbol, "side": side.value})
        return None if found is None else SignalId(found)

    async def closes_after(self, opened: Signal) -> Sequence[Signal]:
        if opened.side is None:
            return []
        later = tuple_(signals.c.received_at, signals.c.id) > tuple_(opened.received_at, opened.id)
        kinds = [kind.value for kind in SignalKind if kind.closes and opened.side in sides_of(kind)]
        same_coin = or_(signals.c.scope == Scope.STRATEGY.value, signals.c.symbol == opened.symbol)
        closes = select(signals).where(signals.c.strategy == opened.strategy, _CLOSES, later)
        found = closes.where(signals.c.kind.in_(kinds), same_coin).order_by(signals.c.received_at, signals.c.id)
        return [rows.signal_of(row) for row in await self._all(found)]

    async def opposite_open_approved(self, signal: Signal, since: datetime) -> bool:
        if signal.side is None:
            return False
        earlier = tuple_(signals.c.received_at, signals.c.id) < tuple_(signal.received_at, signal.id)
        last = (
            select(signals.c.side, signals.c.approved, signals.c.decided_at)
            .where(signals.c.symbol == signal.symbol, _OPENS, earlier)
            .order_by(signals.c.received_at.desc(), signals.c.id.desc())
            .limit(_HISTORY)
            .subquery()
        )
        opposite = and_(last.c.side == signal.side.opposite.value, last.c.approved, last.c.decided_at >= since)
        return await self._connection.scalar(select(last.c.side).where(opposite).limit(1)) is not None

    async def decisions(self, member: MemberId, signals: Sequence[SignalId]) -> Sequence[MemberDecision]:
        return await verdicts.of_member(self._connection, member, signals)

    async def tallies(self, signals: Sequence[SignalId]) -> Sequence[SignalTally]:
        return await verdicts.tallies(self._connection, signals)

    async def add_readings(self, readings: Sequence[MarketReading]) -> None:
        if not readings:
            return
        last = {reading.observation.at: reading for reading in readings}
        new = insert_unless(market_readings).values([rows.reading_row(reading) for reading in last.values()])
        replaced = {name: new.excluded[name] for name in ("direction", "code", "simulated", "reading")}
        await self._connection.execute(new.on_conflict_do_update(index_elements=["at"], set_=replaced))

    async def readings(self, since: datetime, until: datetime) -> Sequence[MarketReading]:
        between = select(market_readings.c.reading).where(market_readings.c.at.between(since, until))
        return [rows.reading_of(row) for row in await self._all(between.order_by(market_readings.c.at))]

    async def add_rate(self, rate: FxRate) -> None:
        await rates.add(self._connection, rate)

    async def rate(self, at: datetime) -> FxRate | None:
        return await rates.newest(self._connection, at)

    async def charge_rates(self, closed: Collection[datetime]) -> Mapping[datetime, FxRate]:
        return await rates.for_charges(self._connection, closed)

    async def _first(self, query: Select[Any]) -> RowMapping | None:
        row: RowMapping | None = (await self._connection.execute(query)).mappings().first()
        return row

    async def _all(self, query: Select[Any]) -> Sequence[RowMapping]:
        found: Sequence[RowMapping] = (await self._connection.execute(query)).mappings().all()
        return found


def _valid(now: datetime) -> ColumnElement[bool]:
    return or_(strategy_secrets.c.valid_until.is_(None), strategy_secrets.c.valid_until > now)
