"""What a member sees of signals, orders and positions: only his own part of each (ROL-06)."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Final

import attrs

from cbc_domain.application.trading.decide_signal import market_now
from cbc_domain.kernel.errors import NotFound
from cbc_domain.kernel.ids import JournalId, MemberId, PositionId, SignalId
from cbc_domain.kernel.venues import Environment
from cbc_domain.ledger.model import Posting
from cbc_domain.market.model import MarketReading
from cbc_domain.ports.persistence.trades import Settlement, Trade
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.persistence.views import MemberDecision, Page
from cbc_domain.ports.system import Clock
from cbc_domain.signals.model import Signal, SignalKind
from cbc_domain.trading.model import Order, Position, PositionState
from cbc_domain.trading.performance import Performance, performance

PAGE: Final = 200


@attrs.frozen
class SignalShown:
    """A signal with what it meant for one member; None while it is undecided or was recorded only."""

    signal: Signal
    mine: MemberDecision | None


@attrs.frozen
class PositionShown:
    """A position with its orders and, once it is closed, its settlement and the posting that charged it (COM-11)."""

    trade: Trade
    settlement: Settlement | None
    charge: Posting | None = None


@attrs.frozen
class ShowTrading:
    """Raises NotFound for what is not there and for what belongs to somebody else, alike."""

    store: Store
    clock: Clock

    async def signals(
        self, member: MemberId, cursor: str | None, limit: int, symbol: str | None, kind: SignalKind | None
    ) -> Page[SignalShown]:
        async with self.store() as work:
            page = await work.signals.page(cursor, limit, symbol, kind)
            return Page(await _with_mine(work, member, page.items), page.next_cursor)

    async def signal(self, member: MemberId, signal_id: SignalId) -> SignalShown:
        async with self.store() as work:
            signal = await work.signals.signal(signal_id)
            if signal is None:
                raise NotFound("not_found", "expected a signal")
            return (await _with_mine(work, member, [signal]))[0]

    async def positions(
        self,
        member: MemberId,
        cursor: str | None,
        limit: int,
        symbol: str | None,
        *,
        final: bool | None,
        status: PositionState | None = None,
    ) -> Page[PositionShown]:
        """Newest first; `final` True for closed ones, False for open ones, None for all; `status` only those."""
        wanted = {one for one in PositionState if final in (None, one.final) and status in (None, one)}
        async with self.store() as work:
            page = await work.trades.positions_page(member, cursor, limit, symbol, wanted)
            return Page(await _with_settlement(work, page.items), page.next_cursor)

    async def position(self, member: MemberId, position_id: PositionId) -> PositionShown:
        async with self.store() as work:
            trades = await work.trades.trades([position_id], lock=False)
            if not trades or trades[0].position.member != member:
                raise NotFound("not_found", "expected a position of yours")
            return (await _with_settlement(work, [trades[0].position]))[0]

    async def orders(
        self, member: MemberId, cursor: str | None, limit: int, symbol: str | None, status: str | None
    ) -> Page[Order]:
        async with self.store() as work:
            return await work.trades.orders_page(member, cursor, limit, symbol, status)

    async def market(self) -> MarketReading:
        async with self.store() as work:
            return await market_now(work, self.clock.now())

    async def performance(
        self, member: MemberId, environment: Environment, since: datetime | None, until: datetime | None
    ) -> Performance:
        """Figures of one environment only: live and rehearsal never meet in one number (GEN-13)."""
        shown = [one async for one in self._closed(member, environment, since, until)]
        return performance([(one.trade.position, one.settlement.paid if one.settlement else None) for one in reversed(shown)])

    async def _closed(
        self, member: MemberId, environment: Environment, since: datetime | None, until: datetime | None
    ) -> AsyncIterator[PositionShown]:
        cursor: str | None = None
        while True:
            page = await self.positions(member, cursor, PAGE, None, final=True)
            for one in page.items:
                closed = one.trade.position.closed_at
                inside = closed is not None and (since is None or since <= closed) and (until is None or closed < until)
                if inside and one.trade.position.environment is environment:
                    yield one
            if (cursor := page.next_cursor) is None:
                return


async def _with_mine(work: UnitOfWork, member: MemberId, signals: Sequence[Signal]) -> list[SignalShown]:
    mine = {one.signal: one for one in await work.signals.decisions(member, [signal.id for signal in signals])}
    return [SignalShown(signal, mine.get(signal.id)) for signal in signals]


async def _with_settlement(work: UnitOfWork, positions: Sequence[Position]) -> list[PositionShown]:
    ids = [position.id for position in positions]
    trades = {trade.position.id: trade for trade in await work.trades.trades(ids, lock=False)}
    settled = {one.position: one for one in await work.trades.settlements(ids)}
    journals = [settlement.journal for settlement in settled.values() if settlement.journal]
    charges = {one.id: one for one in (await work.books.postings_of(journals) if journals else [])}
    return [PositionShown(trades[one], settled.get(one), _charge(settled.get(one), charges)) for one in ids]


def _charge(settlement: Settlement | None, charges: Mapping[JournalId, Posting]) -> Posting | None:
    return charges.get(settlement.journal) if settlement and settlement.journal else None
