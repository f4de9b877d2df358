"""How trades are read: positions by ID with their orders, and the queries that find positions."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, Uuid, any_, bindparam, cast, exists, func, literal, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncConnection

from cbc_adapters.persistence.postgres.rows.orders import order_of
from cbc_adapters.persistence.postgres.rows.positions import position_of
from cbc_adapters.persistence.postgres.spelled import one_of
from cbc_adapters.persistence.postgres.tables.trades import fills, orders, positions
from cbc_domain.commissions.model import SettlementState
from cbc_domain.kernel.ids import PositionId, StrategyId
from cbc_domain.kernel.venues import Side, Symbol
from cbc_domain.ports.persistence.trades import Trade
from cbc_domain.risk.model import StopScope
from cbc_domain.trading.model import Order, PositionState

UNFINISHED: Final = one_of(positions.c.state, (state for state in PositionState if not state.final))
CLOSABLE: Final = one_of(positions.c.state, (PositionState.OPENING, PositionState.PROTECTED))
ENDED: Final = one_of(positions.c.state, (PositionState.CLOSED, PositionState.LIQUIDATED))
AWAITS_RATE: Final = positions.c.settlement == SettlementState.PENDING_RATE.value
WAITING_FOR_SETTLEMENT: Final = one_of(positions.c.settlement, (SettlementState.UNSETTLED, SettlementState.PENDING_RATE))


IDS: Final = bindparam("ids", type_=ARRAY(Uuid, dimensions=1))
"""Identities that come with each call of a statement that is made once."""


def among(column: ColumnElement[Any], values: Iterable[UUID]) -> ColumnElement[bool]:
    """`column` is one of these identities, sent as one array."""
    return column == any_(literal(list(values), ARRAY(Uuid, dimensions=1)))


async def read_trades(connection: AsyncConnection, ids: Collection[PositionId], *, lock: bool) -> list[Trade]:
    """Positions with their orders in two statements, ascending; unknown ones are left out."""
    if not ids:
        return []
    rows = (await connection.execute(_LOCKED if lock else _POSITIONS, {"ids": list(ids)})).mappings().all()
    legs: dict[PositionId, list[Order]] = {row["id"]: [] for row in rows}
    for row in (await connection.execute(_LEGS, {"ids": list(legs)})).mappings():
        legs[row["position"]].append(order_of(row))
    return [Trade(position_of(row), tuple(legs[row["id"]])) for row in rows]


def with_fills(condition: ColumnElement[bool]) -> Select[Any]:
    """Orders oldest first, each with the ids of its fills."""
    known = select(func.array_agg(aggregate_order_by(fills.c.id, fills.c.id))).where(fills.c.order == orders.c.id)
    return (
        select(orders, func.coalesce(known.scalar_subquery(), literal([], ARRAY(fills.c.id.type))).label("fill_ids"))
        .where(condition)
        .order_by(orders.c.created_at, orders.c.id)
    )


_POSITIONS: Final = select(positions).where(positions.c.id == any_(IDS)).order_by(positions.c.id)
_LOCKED: Final = _POSITIONS.with_for_update(key_share=True)
"""Not the key: orders and tasks that refer to a held position may be written meanwhile."""
_LEGS: Final = with_fills(orders.c.position == any_(IDS))


def reached(strategy: StrategyId, symbol: Symbol | None, sides: Collection[Side]) -> Select[tuple[UUID]]:
    """The positions that a close of this strategy reaches (POS-04)."""
    found = select(positions.c.id).where(
        positions.c.strategy == strategy, CLOSABLE, positions.c.side.in_([side.value for side in sides])
    )
    return found if symbol is None else found.where(positions.c.symbol == symbol)


def in_scope(scope: StopScope, target: str | None) -> ColumnElement[bool]:
    """The positions that an emergency act reaches (RSK-20); a target that is no such name reaches none."""
    position = positions.c
    match scope:
        case StopScope.GLOBAL:
            return true()
        case StopScope.EXCHANGE:
            return position.venue == target
        case StopScope.SYMBOL:
            return position.symbol == target
        case StopScope.STRATEGY:
            return cast(position.strategy, String) == target
        case StopScope.USER:
            return cast(position.member, String) == target


def quiet_since(moment: datetime) -> ColumnElement[bool]:
    """No instant that a trade names is at or after `moment`."""
    position, order = positions.c, orders.c
    named = [order.created_at, order.sent_at, order.acked_at, order.filled_at, order.lost_at]
    moved = exists().where(order.position == position.id, or_(*(instant >= moment for instant in named)))
    own = func.greatest(position.created_at, position.opened_at, position.protected_at, position.closed_at)
    return (own < moment) & ~moved
