"""Trades on PostgreSQL: orders, fills and positions of all members, changed a batch at a time."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

import attrs
from sqlalchemy import RowMapping, Select, Table, Update, any_, func, literal, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as insert_into
from sqlalchemy.dialects.postgresql.dml import Insert as PostgresInsert
from sqlalchemy.ext.asyncio import AsyncConnection

from cbc_adapters.persistence.postgres.batches import Columns, insert_rows, over_rows, rows_of, update_rows, values_of
from cbc_adapters.persistence.postgres.cursors import read_cursor, write_cursor
from cbc_adapters.persistence.postgres.lane import add_legs
from cbc_adapters.persistence.postgres.results import ripe
from cbc_adapters.persistence.postgres.rows import orders as order_rows
from cbc_adapters.persistence.postgres.rows import positions as position_rows
from cbc_adapters.persistence.postgres.tables import outcomes
from cbc_adapters.persistence.postgres.tables import trades as tables
from cbc_adapters.persistence.postgres.tables.metadata import text
from cbc_adapters.persistence.postgres.tables.signals import signals
from cbc_adapters.persistence.postgres.trade_reading import (
    AWAITS_RATE,
    ENDED,
    UNFINISHED,
    WAITING_FOR_SETTLEMENT,
    among,
    in_scope,
    quiet_since,
    reached,
    read_trades,
    with_fills,
)
from cbc_domain.commissions.model import SettlementState
from cbc_domain.kernel.ids import AccountId, MemberId, PositionId, SignalId, StrategyId
from cbc_domain.kernel.venues import Side, Symbol, Venue
from cbc_domain.ports.persistence.trades import OrderTally, Settlement, Trade
from cbc_domain.ports.persistence.views import Page
from cbc_domain.risk.model import CoinBlock, StopScope
from cbc_domain.signals.closing import Reach
from cbc_domain.trading.model import Fill, Order, OrderState, Position, PositionState

T = TypeVar("T")

_POSITION: Final = tables.positions.c
_ORDER: Final = tables.orders.c
_SETTLE: Final = update_rows(tables.positions, ("id", "settlement"), "id").returning(_POSITION.id)


@attrs.frozen
class PostgresTrades:
    _connection: AsyncConnection

    async def trades(self, positions: Collection[PositionId], *, lock: bool) -> Sequence[Trade]:
        return await read_trades(self._connection, positions, lock=lock)

    async def positions_of_orders(self, client_ids: Collection[str]) -> Mapping[str, PositionId]:
        asked = literal(list(client_ids), ARRAY(text, dimensions=1))
        found = select(_ORDER.client_id, _ORDER.position).where(_ORDER.client_id == any_(asked))
        return {row.client_id: row.position for row in await self._connection.execute(found)}

    async def add_orders(self, orders: Sequence[Order]) -> None:
        if orders:
            await self._connection.execute(*add_legs([order_rows.order_row(order) for order in orders]))

    async def save(self, trades: Sequence[Trade], fills: Sequence[tuple[AccountId, Fill]]) -> None:
        changed = [position_rows.position_state_row(trade.position) for trade in trades]
        if changed:
            await self._connection.execute(*_save_positions(changed))
        legs = [order_rows.order_state_row(order) for trade in trades for order in trade.orders]
        if legs:
            await self._connection.execute(*_save_orders(legs))
        if fills:
            await self._connection.execute(*_add_fills([order_rows.fill_row(account, fill) for account, fill in fills]))

    async def closable(self, reach: Reach, after: PositionId | None, limit: int) -> Sequence[PositionId]:
        earlier = tuple_(signals.c.received_at, signals.c.id) < tuple_(*reach.until)
        found = reached(reach.strategy, reach.symbol, reach.sides).order_by(_POSITION.id).limit(limit)
        found = found.join(signals, signals.c.id == _POSITION.signal).where(earlier)
        if reach.opened_before is not None:
            found = found.where(_POSITION.created_at < reach.opened_before)
        return await self._ids(found if after is None else found.where(_POSITION.id > after))

    async def opened_since(
        self, strategy: StrategyId, symbol: Symbol | None, sides: Collection[Side], since: datetime
    ) -> PositionId | None:
        newest = (
            reached(strategy, symbol, sides)
            .where(_POSITION.created_at > since)
            .order_by(_POSITION.created_at.desc(), _POSITION.id.desc())
            .limit(1)
        )
        return next(iter(await self._ids(newest)), None)

    async def unfinished(self, after: PositionId | None, limit: int, touched_before: datetime) -> Sequence[PositionId]:
        found = select(_POSITION.id).where(UNFINISHED, quiet_since(touched_before)).order_by(_POSITION.id).limit(limit)
        return await self._ids(found if after is None else found.where(_POSITION.id > after))

    async def holders(self, after: AccountId | None, limit: int) -> Sequence[AccountId]:
        found = select(_POSITION.account).where(UNFINISHED).distinct().order_by(_POSITION.account).limit(limit)
        page = found if after is None else found.where(_POSITION.account > after)
        return [AccountId(row.account) for row in await self._connection.execute(page)]

    async def open_of(self, member: MemberId) -> Sequence[PositionId]:
        found = select(_POSITION.id).where(_POSITION.member == member, UNFINISHED).order_by(_POSITION.id)
        return await self._ids(found)

    async def in_scope(
        self, scope: StopScope, target: str | None, after: PositionId | None, limit: int
    ) -> Sequence[PositionId]:
        found = select(_POSITION.id).where(UNFINISHED, in_scope(scope, target)).order_by(_POSITION.id).limit(limit)
        return await self._ids(found if after is None else found.where(_POSITION.id > after))

    async def sent_since(self, since: datetime) -> Mapping[Venue, OrderTally]:
        failed = func.count().filter(_ORDER.state.in_([OrderState.REJECTED.value, OrderState.UNKNOWN.value]))
        found = (
            select(_ORDER.venue, func.count().label("sent"), failed.label("failed"))
            .where(_ORDER.created_at >= since, _ORDER.sent_at.is_not(None))
            .group_by(_ORDER.venue)
        )
        return {Venue(row.venue): OrderTally(row.sent, row.failed) for row in await self._connection.execute(found)}

    async def block_coins(self, blocks: Sequence[CoinBlock]) -> None:
        if blocks:
            rows = [order_rows.block_row(block) for block in blocks]
            await self._connection.execute(*_block(rows))

    async def unsettled(self, now: datetime, limit: int) -> Sequence[PositionId]:
        waiting = ripe(select(_POSITION.id).where(ENDED, WAITING_FOR_SETTLEMENT), now)
        order = (AWAITS_RATE, _POSITION.closed_at, _POSITION.id)
        return await self._ids(waiting.order_by(*order).limit(limit))

    async def settle(self, settlements: Sequence[Settlement]) -> None:
        if not settlements:
            return
        written = {settlement.position: position_rows.settlement_row(settlement) for settlement in settlements}
        states = [{"id": row["position"], "settlement": row["state"]} for row in written.values()]
        moved = set((await self._connection.scalars(_SETTLE.where(WAITING_FOR_SETTLEMENT), values_of(states))).all())
        if moved:
            await self._connection.execute(*_write_settlements([row for position, row in written.items() if position in moved]))

    async def resettle(self, settlement: Settlement) -> None:
        row = position_rows.settlement_row(settlement)
        state = [{"id": row["position"], "settlement": row["state"]}]
        settled = _POSITION.settlement == SettlementState.SETTLED.value
        if (await self._connection.scalars(_SETTLE.where(settled), values_of(state))).all():
            await self._connection.execute(*_write_settlements([row]))

    async def settlements(self, positions: Collection[PositionId]) -> Sequence[Settlement]:
        position = outcomes.settlements.c.position
        found = select(outcomes.settlements).where(among(position, positions)).order_by(position)
        return [position_rows.settlement_of(row) for row in (await self._connection.execute(found)).mappings()]

    async def positions_page(
        self, member: MemberId, cursor: str | None, limit: int, symbol: str | None, states: Collection[PositionState] | None
    ) -> Page[Position]:
        found = select(tables.positions).where(_POSITION.member == member)
        if symbol is not None:
            found = found.where(_POSITION.symbol == symbol)
        if states is not None:
            found = found.where(_POSITION.state.in_(sorted(states)))
        return await self._page(found, tables.positions, cursor, limit, position_rows.position_of)

    async def orders_page(
        self, member: MemberId, cursor: str | None, limit: int, symbol: str | None, status: str | None
    ) -> Page[Order]:
        found = with_fills(_ORDER.member == member)
        if symbol is not None:
            found = found.where(_ORDER.symbol == symbol)
        if status is not None:
            found = found.where(_ORDER.state == status)
        return await self._page(found, tables.orders, cursor, limit, order_rows.order_of)

    async def of_signal(self, signal: SignalId, member: MemberId | None) -> Sequence[PositionId]:
        found = select(_POSITION.id).where(_POSITION.signal == signal).order_by(_POSITION.id)
        return await self._ids(found if member is None else found.where(_POSITION.member == member))

    async def _ids(self, query: Select[tuple[UUID]]) -> Sequence[PositionId]:
        return [PositionId(row.id) for row in await self._connection.execute(query)]

    async def _page(
        self, query: Select[Any], table: Table, cursor: str | None, limit: int, value: Callable[[RowMapping], T]
    ) -> Page[T]:
        newest = query.order_by(None).order_by(table.c.id.desc()).limit(limit + 1)
        if cursor is not None:
            newest = newest.where(table.c.id < read_cursor(cursor))
        rows = (await self._connection.execute(newest)).mappings().all()
        following = write_cursor(rows[limit - 1]["id"]) if len(rows) > limit else None
        return Page([value(row) for row in rows[:limit]], following)


@over_rows
def _save_positions(columns: Columns) -> Update:
    return update_rows(tables.positions, columns, "id")


@over_rows
def _save_orders(columns: Columns) -> Update:
    return update_rows(tables.orders, columns, "id")


@over_rows
def _add_fills(columns: Columns) -> PostgresInsert:
    """Fills name their order by its client id."""
    names = [name for name in columns if name != "client_id"]
    new = rows_of({name: tables.fills.c[name].type for name in names} | {"client_id": text})
    ours = select(_ORDER.id, *(new.c[name] for name in names)).join_from(
        new, tables.orders, _ORDER.client_id == new.c.client_id
    )
    written = insert_into(tables.fills).from_select(["order", *names], ours.order_by(new.c.place))
    return written.on_conflict_do_nothing(index_elements=["account", "id"])


@over_rows
def _block(columns: Columns) -> PostgresInsert:
    return insert_rows(outcomes.coin_blocks, columns).on_conflict_do_nothing()


@over_rows
def _write_settlements(columns: Columns) -> PostgresInsert:
    new = insert_rows(outcomes.settlements, columns)
    replaced = {name: new.excluded[name] for name in columns if name != "position"}
    return new.on_conflict_do_update(index_elements=["position"], set_=replaced)
