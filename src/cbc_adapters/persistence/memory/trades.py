"""Trades in memory: orders, fills and positions of all members, coin blocks and settlements."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Final

import attrs

from cbc_adapters.persistence.memory.cursors import page_of, read_identity
from cbc_adapters.persistence.memory.table import ALL
from cbc_adapters.persistence.memory.trade_tables import WAITING, TradeTables
from cbc_domain.commissions.model import RECORD_WAIT, SettlementState
from cbc_domain.kernel.ids import AccountId, MemberId, OrderId, PositionId, SignalId, StrategyId
from cbc_domain.kernel.venues import Environment, Side, Symbol, Venue
from cbc_domain.ports.persistence.trades import OrderTally, Settlement, Trade
from cbc_domain.ports.persistence.views import Page
from cbc_domain.risk.limits import reaches
from cbc_domain.risk.model import CoinBlock, StopScope
from cbc_domain.signals.closing import Place, Reach
from cbc_domain.trading.model import Fill, Order, OrderState, Position, PositionState

_FAILED: Final = frozenset({OrderState.REJECTED, OrderState.UNKNOWN})


@attrs.frozen
class MemoryTrades:
    """`_place_of` tells where a stored signal stands in the order of receipt."""

    _tables: TradeTables
    _place_of: Callable[[SignalId], Place]

    async def trades(self, positions: Collection[PositionId], *, lock: bool) -> Sequence[Trade]:
        return [self._tables.trade(position) for position in sorted(set(positions)) if position in self._tables.positions]

    async def positions_of_orders(self, client_ids: Collection[str]) -> Mapping[str, PositionId]:
        found = ((client_id, self._tables.by_client_id.get(client_id)) for client_id in client_ids)
        return {client_id: self._tables.orders[order].position for client_id, order in found if order is not None}

    async def add_orders(self, orders: Sequence[Order]) -> None:
        for order in orders:
            self._tables.add_order(order)

    async def save(self, trades: Sequence[Trade], fills: Sequence[tuple[AccountId, Fill]]) -> None:
        # Orders name their fills; nothing more of a fill is ever read back.
        for trade in trades:
            if trade.position.id in self._tables.positions:
                self._tables.positions.put(trade.position.id, trade.position)
            for order in trade.orders:
                if order.id in self._tables.orders:
                    self._tables.orders.put(order.id, order)

    async def closable(self, reach: Reach, after: PositionId | None, limit: int) -> Sequence[PositionId]:
        reached = (one for one in self._closable(reach.strategy, reach.symbol, reach.sides) if after is None or one.id > after)
        in_time = (one for one in reached if reach.opened_before is None or one.created_at < reach.opened_before)
        return sorted(one.id for one in in_time if self._place_of(one.signal) < reach.until)[:limit]

    async def opened_since(
        self, strategy: StrategyId, symbol: Symbol | None, sides: Collection[Side], since: datetime
    ) -> PositionId | None:
        return next((one.id for one in self._closable(strategy, symbol, sides) if one.created_at > since), None)

    async def unfinished(self, after: PositionId | None, limit: int, touched_before: datetime) -> Sequence[PositionId]:
        found = self._tables.unfinished.after(ALL, after)
        quiet = (position for position in found if _touched_at(self._tables.trade(position)) < touched_before)
        return list(islice(quiet, limit))

    async def holders(self, after: AccountId | None, limit: int) -> Sequence[AccountId]:
        holding = {self._tables.positions[position].account for position in self._tables.unfinished.all(ALL)}
        return sorted(account for account in holding if after is None or account > after)[:limit]

    async def open_of(self, member: MemberId) -> Sequence[PositionId]:
        found = self._tables.of_member.all(member)
        return [position for position in found if not self._tables.positions[position].state.final]

    async def in_scope(
        self, scope: StopScope, target: str | None, after: PositionId | None, limit: int
    ) -> Sequence[PositionId]:
        unfinished = (self._tables.positions[position] for position in self._tables.unfinished.after(ALL, after))
        return list(islice((one.id for one in unfinished if _in_scope(one, scope, target)), limit))

    async def sent_since(self, since: datetime) -> Mapping[Venue, OrderTally]:
        sent = [one for one in self._tables.orders.values() if one.created_at >= since and one.sent_at is not None]
        venues = {one.venue: [each.state in _FAILED for each in sent if each.venue is one.venue] for one in sent}
        return {venue: OrderTally(len(failed), sum(failed)) for venue, failed in venues.items()}

    async def block_coins(self, blocks: Sequence[CoinBlock]) -> None:
        for block in blocks:
            self._tables.blocks.put((block.member, block.environment, block.coin, block.since, block.until), block)

    async def unsettled(self, now: datetime, limit: int) -> Sequence[PositionId]:
        waiting = (self._tables.positions[position] for _, position in self._tables.unsettled.after(ALL, None))
        in_order = [position for position in waiting if self._ripe(position, now)]
        in_order.sort(key=lambda position: position.settlement is SettlementState.PENDING_RATE)
        return [position.id for position in in_order[:limit]]

    def _ripe(self, position: Position, now: datetime) -> bool:
        rehearsed = position.environment is not Environment.LIVE
        waited = position.closed_at is None or now >= position.closed_at + RECORD_WAIT
        return rehearsed or waited or position.id in self._tables.results

    async def settle(self, settlements: Sequence[Settlement]) -> None:
        for settlement in settlements:
            position = self._tables.positions.get(settlement.position)
            if position is not None and position.settlement in WAITING:
                self._tables.positions.put(position.id, attrs.evolve(position, settlement=settlement.state))
                self._tables.settlements.put(position.id, settlement)

    async def resettle(self, settlement: Settlement) -> None:
        position = self._tables.positions.get(settlement.position)
        if position is not None and position.settlement is SettlementState.SETTLED:
            self._tables.positions.put(position.id, attrs.evolve(position, settlement=settlement.state))
            self._tables.settlements.put(position.id, settlement)

    async def settlements(self, positions: Collection[PositionId]) -> Sequence[Settlement]:
        found = (self._tables.settlements.get(position) for position in sorted(set(positions)))
        return [settlement for settlement in found if settlement is not None]

    async def positions_page(
        self, member: MemberId, cursor: str | None, limit: int, symbol: str | None, states: Collection[PositionState] | None
    ) -> Page[Position]:
        before = None if cursor is None else PositionId(read_identity(cursor))
        newest = (self._tables.positions[found] for found in self._tables.of_member.before(member, before))
        fitting = (one for one in newest if symbol in (None, one.symbol) and (states is None or one.state in states))
        return page_of(((str(one.id), one) for one in fitting), limit)

    async def orders_page(
        self, member: MemberId, cursor: str | None, limit: int, symbol: str | None, status: str | None
    ) -> Page[Order]:
        before = None if cursor is None else OrderId(read_identity(cursor))
        newest = (self._tables.orders[found] for found in self._tables.orders_of.before(member, before))
        fitting = (one for one in newest if symbol in (None, one.symbol) and status in (None, one.state.value))
        return page_of(((str(one.id), one) for one in fitting), limit)

    async def of_signal(self, signal: SignalId, member: MemberId | None) -> Sequence[PositionId]:
        found = self._tables.of_signal.all(signal)
        return [position for position in found if member in (None, self._tables.positions[position].member)]

    def _closable(self, strategy: StrategyId, symbol: Symbol | None, sides: Collection[Side]) -> Iterator[Position]:
        newest = (self._tables.positions[found] for _, found in self._tables.closable.before(strategy, None))
        return (one for one in newest if symbol in (None, one.symbol) and one.side in sides)


def _in_scope(position: Position, scope: StopScope, target: str | None) -> bool:
    return reaches(scope, target, position.venue, position.symbol, position.strategy, position.member)


def _touched_at(trade: Trade) -> datetime:
    """The latest instant that anything in a trade names: there is no clock here, and a backtest's time is not ours."""
    position = trade.position
    instants = [position.created_at, position.opened_at, position.protected_at, position.closed_at]
    for order in trade.orders:
        instants += [order.created_at, order.sent_at, order.acked_at, order.filled_at, order.lost_at]
    return max(instant for instant in instants if instant is not None)
