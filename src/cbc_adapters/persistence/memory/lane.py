"""The order lane in memory: the rule's own order over the tasks that are due."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from copy import copy
from datetime import datetime, timedelta
from typing import Final

import attrs

from cbc_adapters.persistence.memory.table import ALL, Changes, Index, Table
from cbc_adapters.persistence.memory.trade_tables import TradeTables
from cbc_domain.kernel.ids import AccountId, MemberId, PositionId, SignalId, TaskId
from cbc_domain.kernel.venues import Environment
from cbc_domain.ports.persistence.work import Backlog, Claim, Hold
from cbc_domain.trading.model import Leg, Order, OrderState, Task, TaskAction, TaskState
from cbc_domain.trading.orders import Sent, apply
from cbc_domain.trading.priority import CRITICAL, OrderKey, order_key

_ACTIVE: Final = frozenset({TaskState.WAITING, TaskState.LEASED})
_SENT_LEG: Final = {TaskAction.OPEN: Leg.ENTRY, TaskAction.CLOSE: Leg.EXIT}

TaskKey = tuple[SignalId | None, MemberId, Environment, TaskAction, PositionId]


class MemoryLane:
    """Mutable because workers die; their number in memory is any, and None is a worker that nobody sees die."""

    def __init__(self, changes: Changes, trades: TradeTables) -> None:
        self._worker: int | None = None
        self._dead: set[int] = set()
        self._held_by = Table[TaskId, int | None](changes)
        self._trades = trades
        self._active = Index[Task, str, TaskId](lambda row: ALL if row.state in _ACTIVE else None, lambda row: row.id)
        self._of_position = Index[Task, PositionId, tuple[datetime, TaskId]](
            lambda row: row.position, lambda row: (row.waiting_since, row.id)
        )
        self._closing = Index[Task, SignalId, PositionId](
            lambda row: row.signal if row.action is TaskAction.CLOSE else None, lambda row: row.position
        )
        self._tasks = Table[TaskId, Task](changes, self._active, self._of_position, self._closing)
        self._by_key = Table[TaskKey, TaskId](changes)

    def of(self, worker: int) -> "MemoryLane":
        """The same lane as one worker uses it."""
        mine = copy(self)
        mine._worker = worker
        return mine

    def bury_worker(self, worker: int) -> None:
        """Free what a worker holds."""
        self._dead.add(worker)

    async def add(self, tasks: Sequence[Task], exits: Sequence[Order] = ()) -> None:
        added = {task.position for task in tasks if self._add(task)}
        for order in exits:
            if order.position in added:
                self._trades.add_order(order)

    def _add(self, task: Task) -> bool:
        key = (task.signal, task.member, task.environment, task.action, task.position)
        known = self._by_key.get(key)
        again = task.action is TaskAction.PROTECT or (task.action is TaskAction.CLOSE and task.signal is None)
        if known is not None and (not again or self._tasks[known].state in _ACTIVE):
            return False
        self._tasks.put(task.id, task)
        self._by_key.put(key, task.id)
        return True

    async def claim(self, now: datetime, lease: timedelta, most: int, *, rehearsal_first: bool) -> Sequence[Claim]:
        in_order = sorted(self._due(now), key=lambda task: _claim_key(task, now, rehearsal_first=rehearsal_first))
        at_work = defaultdict[AccountId, list[Task]](list)
        for leased in self._leased(now):
            at_work[leased.account].append(leased)
        takeable = (
            task for task in in_order if all(self._may_go_beside(task, other) for other in at_work.get(task.account, ()))
        )
        return [self._lease(task, now, lease) for task in _one_each(takeable, most)]

    def _lease(self, task: Task, now: datetime, lease: timedelta) -> Claim:
        taken = attrs.evolve(task, state=TaskState.LEASED, attempts=task.attempts + 1, lease_until=now + lease)
        self._tasks.put(task.id, taken)
        self._held_by.put(task.id, self._worker)
        for order in self._trades.trade(task.position).orders:
            if order.state is OrderState.CREATED and order.leg is _SENT_LEG.get(task.action):
                self._trades.orders.put(order.id, apply(order, Sent(now)))
        return Claim(taken, self._trades.trade(task.position), taken_over=task.state is TaskState.LEASED)

    def tasks_of(self, position: PositionId) -> Iterator[Task]:
        """Every task of a position, oldest first."""
        return (self._tasks[task] for _, task in self._of_position.all(position))

    def closed_by(self, signal: SignalId, before: PositionId | None) -> Iterator[PositionId]:
        """The positions that a signal closes, newest first."""
        return self._closing.before(signal, before)

    async def held(self, holds: Collection[Hold]) -> frozenset[Hold]:
        return frozenset(hold for hold, _ in self._held(holds))

    async def finish(self, holds: Collection[Hold]) -> None:
        for _, task in self._held(holds):
            self._tasks.put(task.id, attrs.evolve(task, state=TaskState.DONE, lease_until=None))

    async def bury(self, holds: Mapping[Hold, str]) -> None:
        for hold, task in self._held(holds):
            self._tasks.put(task.id, attrs.evolve(task, state=TaskState.DEAD, lease_until=None, reason=holds[hold]))

    async def retry(self, due: Mapping[Hold, datetime]) -> None:
        for hold, task in self._held(due):
            self._tasks.put(task.id, attrs.evolve(task, state=TaskState.WAITING, lease_until=None, due_at=due[hold]))

    async def put_off_opens(self, accounts: Collection[AccountId], until: datetime) -> None:
        if not accounts:
            return
        waiting = [task for task in self._all_active() if task.state is TaskState.WAITING and task.account in accounts]
        for task in waiting:
            if task.action is TaskAction.OPEN and not task.attempts and task.due_at < until:
                self._tasks.put(task.id, attrs.evolve(task, due_at=until))

    async def backlog(self, now: datetime) -> Backlog:
        due = list(self._due(now))
        later = sum(task.state is TaskState.WAITING and task.due_at > now for task in self._all_active())
        oldest = max(((now - task.waiting_since) // timedelta(seconds=1) for task in due), default=None)
        return Backlog(len(due), later, oldest)

    def _all_active(self) -> Iterator[Task]:
        return (self._tasks[task] for task in self._active.all(ALL))

    def _due(self, now: datetime) -> Iterator[Task]:
        return (task for task in self._all_active() if self._is_due(task, now))

    def _leased(self, now: datetime) -> Iterator[Task]:
        return (task for task in self._all_active() if task.state is TaskState.LEASED and not self._is_due(task, now))

    def _may_go_beside(self, task: Task, other: Task) -> bool:
        """Whether this worker may begin a task beside one of the same account that is under way."""
        mine = self._worker is not None and self._held_by.get(other.id) == self._worker
        return mine and not self._begins_something(task) and task.position != other.position

    def _begins_something(self, task: Task) -> bool:
        entries = (order for order in self._trades.trade(task.position).orders if order.leg is Leg.ENTRY)
        return task.action is TaskAction.OPEN and all(entry.acked_at is None for entry in entries)

    def _is_due(self, task: Task, now: datetime) -> bool:
        if task.state is TaskState.LEASED:
            return task.lease_until is None or task.lease_until <= now or self._held_by.get(task.id) in self._dead
        return task.due_at <= now

    def _held(self, holds: Iterable[Hold]) -> Iterator[tuple[Hold, Task]]:
        found = [(hold, self._tasks[hold.task]) for hold in holds if hold.task in self._tasks]
        return ((hold, task) for hold, task in found if task.state in _ACTIVE and task.attempts == hold.attempt)


def _claim_key(task: Task, now: datetime, *, rehearsal_first: bool) -> tuple[int, OrderKey]:
    if not rehearsal_first or task.base_priority >= CRITICAL:
        return 0, order_key(task, now)
    return 1 if task.environment is not Environment.LIVE else 2, order_key(task, now)


def _one_each(in_order: Iterable[Task], most: int) -> Iterator[Task]:
    taken = set[AccountId]()
    for task in in_order:
        if most <= len(taken):
            return
        if task.account not in taken:
            taken.add(task.account)
            yield task
