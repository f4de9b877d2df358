"""Write what becomes of tasks whose calls are answered: which are over, which come again, and what follows (PRI-05)."""

from collections.abc import Iterator, Mapping, Sequence

import attrs

from cbc_domain.application.trading.absorb import News
from cbc_domain.application.trading.close_positions import close_positions
from cbc_domain.application.trading.desk import BARRED, KEY_FAULTS
from cbc_domain.application.trading.task_outcome import BARE_AGAIN, OPENS_WAIT, Asked, TaskOutcome, outcome, wants_exit
from cbc_domain.kernel.events import Event, EventName
from cbc_domain.kernel.ids import EventId, OrderId, PositionId, TaskId
from cbc_domain.ports.persistence.trades import Trade
from cbc_domain.ports.persistence.unit_of_work import UnitOfWork
from cbc_domain.ports.persistence.work import Claim
from cbc_domain.ports.system import Clock, Identities
from cbc_domain.ports.venue_faults import Fault
from cbc_domain.risk.defaults import SystemLimits
from cbc_domain.risk.model import KeyStatus
from cbc_domain.trading.model import CloseReason, Leg, Order, Task
from cbc_domain.trading.orders import Expired, PutOff, Rejected
from cbc_domain.trading.planning import plan_protection
from cbc_domain.trading.protection import leg_order, next_seq, still_to_come

Judged = Sequence[tuple[Claim, Trade, TaskOutcome]]


@attrs.frozen
class Ended:
    """A claim that needs no more calls, and all that they told; an `unprotectable` position is closed at once (ORD-08)."""

    claim: Claim
    news: Sequence[News]
    unprotectable: bool = False

    @property
    def nothing_there(self) -> bool:
        return any(one.held is not None and not one.held.quantity for one in self.news)

    @property
    def refused_for(self) -> Fault | None:
        """Why every order of the account is refused until somebody mends it, when that is what the venue said."""
        return next((fault for one in self.news if (fault := _barred(one))), None)

    @property
    def unanswered(self) -> bool:
        """Whether the venue may yet be asked for what it did not tell; it never tells a key that it does not take."""
        return any(one.unanswered and one.denied is None for one in self.news)


@attrs.frozen
class FinishTasks:
    """Everything in the transaction of the news; the trades are as they are after it."""

    clock: Clock
    identities: Identities
    limits: SystemLimits

    async def __call__(self, ended: Sequence[Ended], trades: Mapping[PositionId, Trade], work: UnitOfWork) -> None:
        judged = [
            (one.claim, trade, self._judge(one, trade))
            for one in ended
            if (trade := trades.get(one.claim.task.position)) is not None
        ]
        gone = {one.claim.task.position for one in ended if one.nothing_there}
        exits = [self._exit(claim.task, trade, nothing_there=claim.task.position in gone) for claim, trade, _ in judged]
        await work.trades.add_orders([order for order in exits if order is not None])
        await self._close(work, judged)
        await self._hand_back(work, judged)
        await work.outbox.add(list(self._events(judged)))
        await self._give_up_keys(work, ended)

    async def _give_up_keys(self, work: UnitOfWork, ended: Sequence[Ended]) -> None:
        """Tell once that a venue refuses a key: nothing is opened with it any more, what is open is asked for on (GEN-14).

        A key whose account is in another position mode than we thought is examined as soon as can be.
        """
        refused = {one.claim.task.account: fault for one in ended if (fault := one.refused_for) is not None}
        moved = [account for account, fault in refused.items() if fault is Fault.POSITION_MODE]
        if moved:
            # Whoever examines the key reads the mode that the account is in by now (EXC-06).
            await work.keys.hasten(moved, self.clock.now())
        accounts = {account: fault for account, fault in refused.items() if fault in KEY_FAULTS}
        for account in (await work.people.connected(accounts)).values() if accounts else ():
            if account.status is KeyStatus.VALID:
                await work.people.save_account(attrs.evolve(account, status=KeyStatus.INVALID))
                data = {"member": str(account.member), "venue": account.venue.value, "reason": accounts[account.id].value}
                told = Event(EventId(self.identities.new()), EventName.KEY_INVALID, account.id, self.clock.now(), data)
                await work.outbox.add([told])

    def _judge(self, ended: Ended, trade: Trade) -> TaskOutcome:
        if ended.unprotectable:
            return TaskOutcome(close=True)
        barred = ended.refused_for is not None
        asked = Asked(nothing_there=ended.nothing_there, unanswered=ended.unanswered, barred=barred)
        return outcome(ended.claim.task, trade, self.clock.now(), self.limits, asked)

    def _exit(self, task: Task, trade: Trade, *, nothing_there: bool) -> Order | None:
        """The next exit when one was refused or sold only a part: a replacement, so it has the next number (ORD-03)."""
        quantity = wants_exit(task, trade, nothing_there=nothing_there)
        if quantity is None:
            return None
        new, seq = OrderId(self.identities.new()), next_seq(trade.orders, Leg.EXIT)
        most = quantity + (still_to_come(trade.orders) or 0)
        return leg_order(trade.position, Leg.EXIT, seq, new, most, None, self.clock.now())

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
        over = [(claim.hold, result) for claim, _, result in judged if result.due is None]
        await work.lane.finish([hold for hold, result in over if result.buried is None])
        await work.lane.bury({hold: result.buried for hold, result in over if result.buried is not None})
        await work.lane.retry({claim.hold: result.due for claim, _, result in judged if result.due is not None})
        soon = self.clock.now() + BARE_AGAIN
        hurried = {claim.task.account for claim, _, result in judged if result.comes_again_by(soon)}
        await work.lane.put_off_opens(hurried, soon + OPENS_WAIT)

    def _events(self, judged: Judged) -> Iterator[Event]:
        now = self.clock.now()
        for claim, trade, result in judged:
            if result.buried is not None:
                data = {"member": str(trade.position.member), "reason": result.buried.value}
                yield Event(EventId(self.identities.new()), EventName.TASK_EXPIRED, claim.task.id, now, data)


def _barred(news: News) -> Fault | None:
    codes = [fact.code for _, fact in news.facts if isinstance(fact, Rejected | Expired | PutOff)]
    return news.denied or next((fault for fault in sorted(BARRED) if fault in codes), None)
