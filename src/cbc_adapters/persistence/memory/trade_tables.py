"""The tables under the trades in memory, with the indexes that stores, lane and planning read them by."""

from datetime import datetime
from decimal import Decimal
from typing import Final

from cbc_adapters.persistence.memory.table import ALL, Changes, Index, Table
from cbc_domain.commissions.model import SettlementState
from cbc_domain.kernel.ids import MemberId, OrderId, PositionId, SignalId, StrategyId
from cbc_domain.kernel.venues import Environment
from cbc_domain.ports.persistence.trades import Settlement, Trade
from cbc_domain.risk.model import CoinBlock
from cbc_domain.trading.model import Leg, Order, Position, PositionState

_CLOSABLE: Final = frozenset({PositionState.OPENING, PositionState.PROTECTED})
_ENDED: Final = frozenset({PositionState.CLOSED, PositionState.LIQUIDATED})
WAITING: Final = frozenset({SettlementState.UNSETTLED, SettlementState.PENDING_RATE})
"""Settlement states that are not final (COM-10)."""

Place = tuple[datetime, PositionId]
OrderPlace = tuple[datetime, OrderId]
Holder = tuple[MemberId, Environment]


class TradeTables:
    def __init__(self, changes: Changes) -> None:
        self.of_member = Index[Position, MemberId, PositionId](lambda row: row.member, lambda row: row.id)
        self.of_signal = Index[Position, SignalId, PositionId](lambda row: row.signal, lambda row: row.id)
        self.closable = Index[Position, StrategyId, Place](
            lambda row: row.strategy if row.state in _CLOSABLE else None, lambda row: (row.created_at, row.id)
        )
        self.unfinished = Index[Position, str, PositionId](lambda row: None if row.state.final else ALL, lambda row: row.id)
        self.over = Index[Position, str, Place](lambda row: ALL if row.closed_at is not None else None, _end)
        self.unsettled = Index[Position, str, Place](_waits_for_settlement, _end)
        self.open = Index[Position, Holder, PositionId](
            lambda row: None if row.state.final else (row.member, row.environment), lambda row: row.id
        )
        self.ended = Index[Position, Holder, Place](
            lambda row: (row.member, row.environment) if row.state in _ENDED else None, _end
        )
        self.created = Index[Position, Holder, Place](
            lambda row: (row.member, row.environment), lambda row: (row.created_at, row.id)
        )
        self.first_live = Index[Position, MemberId, Place](_live_member, lambda row: (row.opened_at or row.created_at, row.id))
        self.positions = Table[PositionId, Position](
            changes,
            self.of_member,
            self.of_signal,
            self.closable,
            self.unfinished,
            self.over,
            self.unsettled,
            self.open,
            self.ended,
            self.created,
            self.first_live,
        )
        self.legs = Index[Order, PositionId, OrderPlace](lambda row: row.position, lambda row: (row.created_at, row.id))
        self.orders_of = Index[Order, MemberId, OrderId](lambda row: row.member, lambda row: row.id)
        self.entries = Index[Order, MemberId, OrderPlace](
            lambda row: row.member if row.leg is Leg.ENTRY else None, lambda row: (row.created_at, row.id)
        )
        self.orders = Table[OrderId, Order](changes, self.legs, self.orders_of, self.entries)
        self.by_client_id = Table[str, OrderId](changes)
        self.blocks_of = Index[CoinBlock, Holder, tuple[datetime, str, datetime]](
            lambda row: (row.member, row.environment), lambda row: (row.until, row.coin, row.since)
        )
        self.blocks = Table[tuple[MemberId, Environment, str, datetime, datetime], CoinBlock](changes, self.blocks_of)
        self.settlements = Table[PositionId, Settlement](changes)
        self.results = Table[PositionId, Decimal](changes)

    def trade(self, position: PositionId) -> Trade:
        """The position with its orders, oldest first."""
        return Trade(self.positions[position], tuple(self.orders[order] for _, order in self.legs.all(position)))

    def add_order(self, order: Order) -> None:
        """Keep an order; one whose client id stands already is left as it is."""
        if order.client_id not in self.by_client_id:
            self.orders.put(order.id, order)
            self.by_client_id.put(order.client_id, order.id)


def _waits_for_settlement(position: Position) -> str | None:
    return ALL if position.state in _ENDED and position.settlement in WAITING else None


def _end(position: Position) -> Place:
    return position.closed_at or position.created_at, position.id


def _live_member(position: Position) -> MemberId | None:
    return position.member if position.environment is Environment.LIVE and position.opened_at is not None else None
