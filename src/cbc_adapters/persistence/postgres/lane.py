"""The order lane on PostgreSQL: a query that embodies PRI-02 to PRI-04 claims tasks, one at a time for an account."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

import attrs
from sqlalchemy import CTE, Select, and_, any_, exists, func, null, or_, select, update
from sqlalchemy.dialects.postgresql.dml import Insert as PostgresInsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate

from cbc_adapters.persistence.postgres.batches import Columns, Row, insert_rows, over_rows, rows_of, update_rows, values_of
from cbc_adapters.persistence.postgres.lane_holds import HOLDER, IS_FREE, LET_GO, NOW, UNTIL, ended, is_open_to_its_holder, take
from cbc_adapters.persistence.postgres.lane_order import lane_order
from cbc_adapters.persistence.postgres.presence import Presence, is_gone
from cbc_adapters.persistence.postgres.rows.orders import order_row, task_of, task_row
from cbc_adapters.persistence.postgres.spelled import one_of
from cbc_adapters.persistence.postgres.tables.lane import lane_accounts
from cbc_adapters.persistence.postgres.tables.lane import tasks as task_table
from cbc_adapters.persistence.postgres.tables.trades import orders, positions
from cbc_adapters.persistence.postgres.trade_reading import IDS, read_trades
from cbc_domain.kernel.ids import AccountId, PositionId
from cbc_domain.ports.persistence.work import Backlog, Claim, Hold
from cbc_domain.trading.model import Leg, Order, OrderState, Task, TaskAction, TaskState

_TASK: Final = task_table.c
_ACCOUNT: Final = lane_accounts.c
_ORDER: Final = orders.c
_LOOK_AHEAD: Final = 10
"""How far down the order a claim looks, in multiples of what it takes; all the way when nothing there was free."""

_OWED: Final = one_of(_TASK.state, (TaskState.WAITING, TaskState.LEASED))
_ABANDONED: Final = and_(_TASK.state == TaskState.LEASED.value, or_(_TASK.lease_until <= NOW, is_gone(_TASK.holder)))
_UNCLAIMED: Final = and_(_OWED, or_(_TASK.state == TaskState.WAITING.value, _ABANDONED))
_ANY_DUE: Final = select(exists().where(_UNCLAIMED, _TASK.due_at <= NOW))
"""Asked first, because mostly nothing waits and the claim itself is a large statement."""

_asked = rows_of({"id": _TASK.id.type, "attempts": _TASK.attempts.type})
_HELD: Final = (
    select(_TASK.id, _TASK.attempts)
    .where(_TASK.id == _asked.c.id, _TASK.attempts == _asked.c.attempts, _OWED, _ACCOUNT.account == _TASK.account)
    .order_by(_TASK.account, _TASK.id)
    .with_for_update(of=[task_table, lane_accounts], key_share=True)
)
"""Accounts are locked with the tasks, in one order: units that end tasks of the same two must not wait for each other."""
_NOT_BEGUN: Final = and_(
    _TASK.state == TaskState.WAITING.value, _TASK.action == TaskAction.OPEN.value, _TASK.attempts == 0, _TASK.due_at < UNTIL
)
_OPENS: Final = select(_TASK.id).where(_TASK.account == any_(IDS), _NOT_BEGUN).with_for_update(skip_locked=True).cte("opens")
_PUT_OFF: Final = update(task_table).where(_TASK.id == _OPENS.c.id).values(due_at=UNTIL)
_ADD_ACCOUNTS: Final = insert_rows(lane_accounts, ("account",)).on_conflict_do_nothing()


@over_rows
def _end(columns: Columns) -> ReturningUpdate[Any]:
    ended = update_rows(task_table, columns, "id", "attempts").where(_OWED).values(lease_until=null(), holder=null())
    return ended.returning(_TASK.account, _TASK.position)


@over_rows
def _add(columns: Columns) -> ReturningInsert[Any]:
    return insert_rows(task_table, columns).on_conflict_do_nothing().returning(_TASK.position)


@over_rows
def add_legs(columns: Columns) -> PostgresInsert:
    """Orders that are not there yet."""
    return insert_rows(orders, columns).on_conflict_do_nothing()


@attrs.frozen
class PostgresLane:
    """Claims in the name of `_presence`, whose end frees them; without one they last as long as their lease."""

    _connection: AsyncConnection
    _presence: Presence | None = None

    async def add(self, tasks: Sequence[Task], exits: Sequence[Order] = ()) -> None:
        if not tasks:
            return
        added = await add_tasks(self._connection, tasks)
        legs = [order_row(order) for order in exits if order.position in added]
        if legs:
            await self._connection.execute(*add_legs(legs))

    async def claim(self, now: datetime, lease: timedelta, most: int, *, rehearsal_first: bool) -> Sequence[Claim]:
        if not await self._connection.scalar(_ANY_DUE, {"now": now}):
            return []
        leased = await self._lease(now, lease, most, most * _LOOK_AHEAD, rehearsal_first)
        if not leased:
            leased = await self._lease(now, lease, most, None, rehearsal_first)
        found = await read_trades(self._connection, {task.position for task, _ in leased}, lock=False)
        trades = {trade.position.id: trade for trade in found}
        return [Claim(task, trades[task.position], taken_over) for task, taken_over in leased]

    async def _lease(
        self, now: datetime, lease: timedelta, most: int, look: int | None, rehearsal_first: bool
    ) -> list[tuple[Task, bool]]:
        claim = _claim(most, look, rehearsal_first)
        values = {"now": now, "until": now + lease, "holder": await self._holder()}
        rows = (await self._connection.execute(claim, values)).mappings()
        return [(task_of(row), row["was"] == TaskState.LEASED.value) for row in rows]

    async def held(self, holds: Collection[Hold]) -> frozenset[Hold]:
        if not holds:
            return frozenset()
        asked = values_of([{"id": hold.task, "attempts": hold.attempt} for hold in holds])
        return frozenset(Hold(row.id, row.attempts) for row in await self._connection.execute(_HELD, asked))

    async def finish(self, holds: Collection[Hold]) -> None:
        await self._let_go([_ended(hold, TaskState.DONE) for hold in holds])

    async def bury(self, holds: Mapping[Hold, str]) -> None:
        await self._let_go([{**_ended(hold, TaskState.DEAD), "reason": reason} for hold, reason in holds.items()])

    async def retry(self, due: Mapping[Hold, datetime]) -> None:
        await self._let_go([{**_ended(hold, TaskState.WAITING), "due_at": at} for hold, at in due.items()])

    async def put_off_opens(self, accounts: Collection[AccountId], until: datetime) -> None:
        if accounts:
            await self._connection.execute(_PUT_OFF, {"ids": sorted(accounts), "until": until})

    async def backlog(self, now: datetime) -> Backlog:
        is_due = _TASK.due_at <= NOW
        counted = select(
            func.count().filter(is_due).label("due"),
            func.count().filter(~is_due).label("later"),
            func.min(_TASK.waiting_since).filter(is_due).label("oldest"),
        ).where(_UNCLAIMED)
        row = (await self._connection.execute(counted, {"now": now})).one()
        oldest_s = None if row.oldest is None else max(0, (now - row.oldest) // timedelta(seconds=1))
        return Backlog(row.due, row.later, oldest_s)

    async def _let_go(self, rows: Sequence[Row]) -> None:
        if not rows:
            return
        tasks = (await self._connection.execute(*_end(rows))).all()
        if tasks:
            # A worker that lost its lease does not free the account of the one that has it now.
            await self._connection.execute(LET_GO, ended(tasks, await self._holder()))

    async def _holder(self) -> int | None:
        return await self._presence.holder() if self._presence else None


async def add_tasks(connection: AsyncConnection, tasks: Sequence[Task]) -> frozenset[PositionId]:
    """Add tasks that do not stand already; the positions of those that were added."""
    accounts = [{"account": account} for account in sorted({task.account for task in tasks})]
    await connection.execute(_ADD_ACCOUNTS, values_of(accounts))
    return frozenset((await connection.scalars(*_add([task_row(task) for task in tasks]))).all())


def _ended(hold: Hold, state: TaskState) -> dict[str, Any]:
    return {"id": hold.task, "attempts": hold.attempt, "state": state.value}


@cache
def _claim(most: int, look: int | None, rehearsal_first: bool) -> Select[Any]:
    """The statement, made once for each size: building it takes longer than running it."""
    picked = _pick(most, look, rehearsal_first)
    leased = (
        update(task_table)
        .where(_TASK.id == picked.c.id)
        .values(state=TaskState.LEASED.value, lease_until=UNTIL, holder=HOLDER, attempts=_TASK.attempts + 1)
        .returning(*_TASK)
        .cte("leased")
    )
    held = take(picked).cte("held")
    intended = or_(
        and_(picked.c.action == TaskAction.OPEN.value, _ORDER.leg == Leg.ENTRY.value),
        and_(picked.c.action == TaskAction.CLOSE.value, _ORDER.leg == Leg.EXIT.value),
    )
    sent = (
        update(orders)
        .where(_ORDER.position == picked.c.position, _ORDER.state == OrderState.CREATED.value, intended)
        .values(state=OrderState.SUBMITTED.value, sent_at=NOW, attempts=_ORDER.attempts + 1)
        .cte("sent")
    )
    in_order = lane_order(leased, NOW, rehearsal_first=rehearsal_first)
    taken = select(leased, picked.c.was).join(picked, picked.c.id == leased.c.id)
    return taken.add_cte(held, sent).order_by(*in_order)


def _pick(most: int, look: int | None, rehearsal_first: bool) -> CTE:
    """Lock the first tasks in order, at most one of an account, with that account and the position.

    An account is free, or the one who claims has it and may take this beside.

    A position that somebody is writing is left for later: he has read its orders, and would overwrite that one was sent.
    """
    order = lane_order(task_table, NOW, rehearsal_first=rehearsal_first)
    takeable = and_(_UNCLAIMED, _TASK.due_at <= NOW, or_(IS_FREE, is_open_to_its_holder(task_table)))
    with_account = task_table.join(lane_accounts, _ACCOUNT.account == _TASK.account)
    sorted_by = (_TASK.id, _TASK.account, _TASK.base_priority, _TASK.waiting_since, _TASK.environment, _TASK.rotation)
    front = select(*sorted_by).select_from(with_account).where(takeable).order_by(*order).limit(look).subquery("front")
    in_order = lane_order(front, NOW, rehearsal_first=rehearsal_first)
    of_account = func.row_number().over(partition_by=front.c.account, order_by=in_order)
    ranked = select(front.c.id, of_account.label("place")).subquery("ranked")
    # What can be taken is asked twice: a row that another claimer changed after this statement began is judged again by
    # its newest version, so that a second task of an account which was just taken falls out.
    return (
        select(_TASK.id, _TASK.account, _TASK.position, _TASK.action, _TASK.state.label("was"), IS_FREE.label("was_free"))
        .select_from(with_account.join(ranked, ranked.c.id == _TASK.id).join(positions, positions.c.id == _TASK.position))
        .where(ranked.c.place == 1, takeable)
        .order_by(*order)
        .limit(most)
        .with_for_update(of=[lane_accounts, task_table, positions], key_share=True, skip_locked=True)
        .cte("picked")
    )
