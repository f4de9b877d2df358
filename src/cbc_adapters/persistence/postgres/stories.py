"""What became of positions: orders, tasks, setbacks, settlement and the accounts that paid, in six statements."""

from collections.abc import Collection, Mapping
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cbc_adapters.persistence.postgres.journals import read_entries
from cbc_adapters.persistence.postgres.rows.ledger import entry_of
from cbc_adapters.persistence.postgres.rows.orders import task_of
from cbc_adapters.persistence.postgres.rows.positions import settlement_of
from cbc_adapters.persistence.postgres.rows.receipts import setback_of
from cbc_adapters.persistence.postgres.tables.lane import tasks
from cbc_adapters.persistence.postgres.tables.outcomes import settlements
from cbc_adapters.persistence.postgres.tables.trades import orders, setbacks
from cbc_adapters.persistence.postgres.trade_reading import among, read_trades
from cbc_domain.kernel.ids import JournalId, MemberId, PositionId
from cbc_domain.ledger.model import Direction, Entry
from cbc_domain.trading.facts import Facts, Source
from cbc_domain.trading.settlement import Settlement

T = TypeVar("T")


async def read_stories(connection: AsyncConnection, positions: Collection[PositionId]) -> Mapping[UUID, Facts]:
    """The facts of positions, without their verdicts."""
    if not positions:
        return {}
    trades = await read_trades(connection, positions, lock=False)
    done = await _of_positions(connection, _tasks(), positions)
    setbacks = await _of_positions(connection, _setbacks(), positions)
    settled = await _of_positions(connection, select(settlements), positions)
    bills = {position: settlement_of(rows[0]) for position, rows in settled.items()}
    paid = await _entries(connection, {bill.journal for bill in bills.values() if bill.journal})
    return {
        (position := trade.position).id: Facts(
            member=position.member,
            position=position,
            orders=trade.orders,
            tasks=tuple(task_of(row) for row in done.get(position.id, ())),
            setbacks=tuple(setback_of(row) for row in setbacks.get(position.id, ())),
            settlement=bills.get(position.id),
            sources=_sources(bills.get(position.id), paid, position.member),
        )
        for trade in trades
    }


def _tasks() -> Select[Any]:
    return select(tasks).order_by(tasks.c.waiting_since, tasks.c.id)


def _setbacks() -> Select[Any]:
    setback = setbacks.c
    named = select(orders.c.position, orders.c.client_id, setback.at, setback.code)
    return named.join(orders, orders.c.id == setback.order).order_by(setback.at, orders.c.client_id, setback.code)


async def _of_positions(
    connection: AsyncConnection, query: Select[Any], positions: Collection[PositionId]
) -> Mapping[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = {}
    for row in (await connection.execute(query.where(among(query.selected_columns["position"], positions)))).mappings():
        found.setdefault(row["position"], []).append(row)
    return found


async def _entries(connection: AsyncConnection, journals: Collection[JournalId]) -> Mapping[JournalId, list[Entry]]:
    if not journals:
        return {}
    return {id_: [entry_of(row) for row in rows] for id_, rows in (await read_entries(connection, journals)).items()}


def _sources(bill: Settlement | None, paid: Mapping[JournalId, list[Entry]], member: MemberId) -> tuple[Source, ...]:
    entries = paid.get(bill.journal, []) if bill and bill.journal else []
    taken = (entry for entry in entries if entry.account.owner == str(member) and entry.direction is Direction.DEBIT)
    return tuple(Source(entry.account.kind, entry.amount) for entry in taken)
