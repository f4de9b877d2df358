"""Write the outcome of a round: what was heard, which tasks are over, which come again, and what follows (PRI-05)."""

from collections.abc import Collection, Iterator, Sequence

import attrs

from cbc_domain.application.trading.absorb import News, TradeKeeper
from cbc_domain.application.trading.close_positions import close_positions
from cbc_domain.application.trading.first_calls import NOTHING_THERE
from cbc_domain.application.trading.task_outcome import TaskOutcome, outcome, wants_exit
from cbc_domain.kernel.events import Event, EventName
from cbc_domain.kernel.ids import EventId, OrderId, PositionId, TaskId
from cbc_domain.ports.persistence.trades import Trade
from cbc_domain.ports.persistence.unit_of_work import UnitOfWork
from cbc_domain.ports.persistence.work import Claim
from cbc_domain.ports.system import Clock, Identities
from cbc_domain.risk.defaults import SystemLimits
from cbc_domain.trading.model import CloseReason, Leg, Order, Task
from cbc_domain.trading.planning import plan_protection
from cbc_domain.trading.protection import leg_order, next_seq

Judged = Sequence[tuple[Claim, Trade, TaskOutcome]]


@attrs.frozen
class FinishTasks:
    """Everything in the transaction of the news; positions `unprotectable` are closed at once (ORD-08)."""

    clock: Clock
    identities: Identities
    keeper: TradeKeeper
    limits: SystemLimits

    async def __call__(
        self, claims: Sequence[Claim], news: Sequence[News], unprotectable: Collection[PositionId], work: UnitOfWork
    ) -> None:
        trades = await self.keeper.keep(work, [*news, *(News(claim.task.position) for claim in claims)])
        gone = {one.position for one in news if one.held == NOTHING_THERE}
        judged = [
            (claim, trade, self._judge(claim, trade, unprotectable, gone))
            for claim in claims
            if (trade := trades.get(claim.task.position)) is not None
        ]
        exits = [self._exit(claim.task, trade, nothing_there=claim.task.position in gone) for claim, trade, _ in judged]
        await work.trades.add_orders([order for order in exits if order is not None])
        await self._close(work, judged)
        await self._hand_back(work, judged)
        await work.outbox.add(list(self._events(judged)))

    def _judge(
        self, claim: Claim, trade: Trade, unprotectable: Collection[PositionId], gone: Collection[PositionId]
    ) -> TaskOutcome:
        if trade.position.id in unprotectable:
            return TaskOutcome(close=True)
        there = trade.position.id in gone
        return outcome(claim.task, trade, self.clock.now(), self.limits, nothing_there=there)

    def _exit(self, task: Task, trade: Trade, *, nothing_there: bool) -> Order | None:
        """The next exit when one was refused or sold only a part: a replacement, so it has the next number (ORD-03)."""
        quantity = wants_exit(task, trade, nothing_there=nothing_there)
        if quantity is None:
            return None
        new, seq = OrderId(self.identities.new()), next_seq(trade.orders, Leg.EXIT)
        return leg_order(trade.position, Leg.EXIT, seq, new, quantity, None, self.clock.now())

    async def _close(self, work: UnitOfWork, judged: Judged) -> None:
        bare = [trade.position.id for _, trade, result in judged if result.close]
        if bare:
            await close_positions(work, bare, CloseReason.UNPROTECTED, self.clock, self.identities)
        looks = [
            plan_protection(trade.position, TaskId(self.identities.new()), self.clock.now(), result.look_again)
            for _, trade, result in judged
            if result.look_again is not None
        ]
        await work.lane.add(looks)

    async def _hand_back(self, work: UnitOfWork, judged: Judged) -> None:
        over = [(claim.task.id, result) for claim, _, result in judged if result.due is None]
        await work.lane.finish([task for task, result in over if result.buried is None])
        await work.lane.bury({task: result.buried for task, result in over if result.buried is not None})
        await work.lane.retry({claim.task.id: result.due for claim, _, result in judged if result.due is not None})

    def _events(self, judged: Judged) -> Iterator[Event]:
        now = self.clock.now()
        for claim, trade, result in judged:
            if result.buried is not None:
                data = {"member": str(trade.position.member), "reason": result.buried.value}
                yield Event(EventId(self.identities.new()), EventName.TASK_EXPIRED, claim.task.id, now, data)
