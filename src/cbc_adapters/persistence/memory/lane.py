"""The order lane in memory: the rule's own order over the tasks that are due."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import attrs

from cbc_adapters.persistence.memory.table import ALL, Changes, Index, Table
from cbc_adapters.persistence.memory.trade_tables import TradeTables
from cbc_domain.kernel.ids import AccountId, MemberId, PositionId, SignalId, TaskId
from cbc_domain.kernel.venues import Environment
from cbc_domain.ports.persistence.work import Backlog, Claim
from cbc_domain.trading.model import Leg, Order, OrderState, Task, TaskAction, TaskState
from cbc_domain.trading.orders import Sent, apply
from cbc_domain.trading.priority import CRITICAL, OrderKey, order_key

_ACTIVE: Final = frozenset({TaskState.WAITING, TaskState.LEASED})
_SENT_LEG: Final = {TaskAction.OPEN: Leg.ENTRY, TaskAction.CLOSE: Leg.EXIT}

TaskKey = tuple[SignalId | None, MemberId, Environment, TaskAction, PositionId]


class MemoryLane:
    def __init__(self, changes: Changes, trades: TradeTables) -> None:
        self._trades = trades
        self._active = Index[Task, str, TaskId](lambda row: ALL if row.state in _ACTIVE else None, lambda row: row.id)
        self._tasks = Table[TaskId, Task](changes, self._active)
        self._by_key = Table[TaskKey, TaskId](changes)

    async def add(self, tasks: Sequence[Task], exits: Sequence[Order] = ()) -> None:
        added = {task.position for task in tasks if self._add(task)}
        for order in exits:
            if order.position in added:
                self._trades.add_order(order)

    def _add(self, task: Task) -> bool:
        key = (task.signal, task.member, task.environment, task.action, task.position)
        known = self._by_key.get(key)
        if known is not None and (task.action is not TaskAction.PROTECT or self._tasks[known].state in _ACTIVE):
            return False
        self._tasks.put(task.id, task)
        self._by_key.put(key, task.id)
        return True

    async def claim(self, now: datetime, lease: timedelta, most: int, *, rehearsal_first: bool) -> Sequence[Claim]:
        in_order = sorted(self._due(now), key=lambda task: _claim_key(task, now, rehearsal_first=rehearsal_first))
        busy = {task.account for task in self._leased(now)}
        return [self._lease(task, now, lease) for task in _one_each(in_order, busy, most)]

    def _lease(self, task: Task, now: datetime, lease: timedelta) -> Claim:
        taken = attrs.evolve(task, state=TaskState.LEASED, attempts=task.attempts + 1, lease_until=now + lease)
        self._tasks.put(task.id, taken)
        for order in self._trades.trade(task.position).orders:
            if order.state is OrderState.CREATED and order.leg is _SENT_LEG.get(task.action):
                self._trades.orders.put(order.id, apply(order, Sent(now)))
        return Claim(taken, self._trades.trade(task.position))

    async def finish(self, tasks: Collection[TaskId]) -> None:
        for task in self._unfinished(tasks):
            self._tasks.put(task.id, attrs.evolve(task, state=TaskState.DONE, lease_until=None))

    async def bury(self, tasks: Mapping[TaskId, str]) -> None:
        for task in self._unfinished(tasks):
            self._tasks.put(task.id, attrs.evolve(task, state=TaskState.DEAD, lease_until=None, reason=tasks[task.id]))

    async def retry(self, due: Mapping[TaskId, datetime]) -> None:
        for task in self._unfinished(due):
            self._tasks.put(task.id, attrs.evolve(task, state=TaskState.WAITING, lease_until=None, due_at=due[task.id]))

    async def backlog(self, now: datetime) -> Backlog:
        due = list(self._due(now))
        later = sum(task.state is TaskState.WAITING and task.due_at > now for task in self._all_active())
        oldest = max(((now - task.waiting_since) // timedelta(seconds=1) for task in due), default=None)
        return Backlog(len(due), later, oldest)

    def _all_active(self) -> Iterator[Task]:
        return (self._tasks[task] for task in self._active.all(ALL))

    def _due(self, now: datetime) -> Iterator[Task]:
        return (task for task in self._all_active() if _is_due(task, now))

    def _leased(self, now: datetime) -> Iterator[Task]:
        return (task for task in self._all_active() if task.state is TaskState.LEASED and not _is_due(task, now))

    def _unfinished(self, tasks: Collection[TaskId]) -> Iterator[Task]:
        found = [self._tasks[task] for task in tasks if task in self._tasks]
        return (task for task in found if task.state in _ACTIVE)


def _is_due(task: Task, now: datetime) -> bool:
    if task.state is TaskState.LEASED:
        return task.lease_until is None or task.lease_until <= now
    return task.due_at <= now


def _claim_key(task: Task, now: datetime, *, rehearsal_first: bool) -> tuple[int, OrderKey]:
    if not rehearsal_first or task.base_priority >= CRITICAL:
        return 0, order_key(task, now)
    return 1 if task.environment is not Environment.LIVE else 2, order_key(task, now)


def _one_each(in_order: Sequence[Task], busy: Collection[AccountId], most: int) -> Iterator[Task]:
    taken = set(busy)
    for task in in_order:
        if most <= len(taken) - len(busy):
            return
        if task.account not in taken:
            taken.add(task.account)
            yield task
