"""Get in: send an entry once, with or beside its protection, or find out what became of it (ORD-02 to ORD-09)."""

from collections.abc import Collection
from datetime import timedelta
from typing import Final

import attrs

from cbc_domain.application.trading.absorb import News
from cbc_domain.application.trading.desk import Desk, Heard
from cbc_domain.application.trading.standing import AT_VENUE, buying, leaving, newest, standing, still_buying, unfinished
from cbc_domain.application.trading.stop_first import StopFirst
from cbc_domain.kernel.ids import AccountId, MemberId
from cbc_domain.ports.exchange import Exchange
from cbc_domain.ports.persistence.trades import Trade
from cbc_domain.ports.persistence.work import Claim
from cbc_domain.ports.system import Clock
from cbc_domain.ports.venue_faults import Fault
from cbc_domain.ports.venue_keys import Fitness, KeyChecker
from cbc_domain.risk.limits import stops_opening
from cbc_domain.risk.model import ExchangeAccount, Reason, Stop
from cbc_domain.trading.model import PROTECTION, Leg, Order, OrderState, Position
from cbc_domain.trading.orders import Expired, Fact, Filled, Lost, PutOff, Rejected

MOST_SENDS: Final = 4
"""One send and three retries (ORD-07); after that an open is only looked for."""

ON_ITS_WAY: Final = timedelta(seconds=6)
"""How long a call without an answer may still arrive where ids are forgotten: what is signed holds for five seconds there."""


@attrs.frozen
class Halts:
    """What forbids opening, as it was read when the tasks were claimed (RSK-21).

    Accounts whose key is `late` open nothing before it was examined once more (KEY-03).
    """

    stops: Collection[Stop] = ()
    paused: Collection[MemberId] = ()
    late: Collection[AccountId] = ()

    def forbid(self, position: Position) -> bool:
        stopped = stops_opening(self.stops, position.venue, position.symbol, position.strategy, position.member)
        return stopped or position.member in self.paused


@attrs.frozen
class EnterPosition:
    """The answer is News about the claimed position; nothing is written here."""

    desk: Desk
    stop_first: StopFirst
    examine_late: KeyChecker
    exchange: Exchange
    clock: Clock

    async def __call__(self, claim: Claim, account: ExchangeAccount, halts: Halts) -> News:
        trade, entry = claim.trade, newest(claim.trade.orders, Leg.ENTRY)
        if entry is None or entry.state.final or leaving(trade):
            return News(trade.position.id)
        leverage = trade.position.size.leverage
        beside = [self.desk.send(account, order, (), leverage, again=True) for order in self._planned(claim, entry)]
        stop = standing(trade.orders, Leg.STOP)
        if stop is not None and buying(trade):
            # It may have fired for what was bought so far, and covers nothing of the rest then.
            beside.append(self.desk.find(account, stop))
        heard = await self.desk.heard([self._entry(claim, account, entry, halts), *beside])
        if any(isinstance(fact, Filled) for _, fact in heard.facts):
            heard += await self.desk.find_all(account, self._attached(trade))
        return News(trade.position.id, heard.facts, denied=heard.denied, unanswered=heard.passing is not None)

    async def _entry(self, claim: Claim, account: ExchangeAccount, entry: Order, halts: Halts) -> Heard:
        if entry.state in AT_VENUE:
            return await self.desk.follow(account, entry, over=still_buying(claim.trade))
        again = claim.task.attempts > 1
        key = await self.examine_late(account.id) if account.id in halts.late else Fitness()
        if (end := self._no_more(claim, halts, key, again=again)) is not None:
            heard = await self.desk.find(account, entry) if again else Heard()
            return Heard(((entry.client_id, end),)) if heard.unknown_there else heard
        if claim.lease_is_over(self.clock.now()):
            return Heard()
        if key.away is not None:
            put_off = Heard(((entry.client_id, PutOff(self.clock.now(), key.away)),), key.away)
            return put_off + await self._look_or_send(claim, account, entry, again=again, may_go=False)
        before = await self.stop_first(claim, account, in_doubt=self._in_doubt(claim, entry))
        if before.refusal is not None:
            return before.heard + Heard(((entry.client_id, Rejected(self.clock.now(), before.refusal)),))
        may_go = before.may_go and not claim.lease_is_over(self.clock.now())
        return before.heard + await self._look_or_send(claim, account, entry, again=again, may_go=may_go)

    async def _look_or_send(self, claim: Claim, account: ExchangeAccount, entry: Order, *, again: bool, may_go: bool) -> Heard:
        on_its_way = self.exchange.forgets_ids(account.venue) and (claim.taken_over or self._is_on_its_way(entry))
        if may_go and not (again and on_its_way):
            leverage = claim.trade.position.size.leverage
            heard = await self.desk.send(account, entry, self._attached(claim.trade), leverage, again=again)
        else:
            heard = await self._look_for(account, entry) if again else Heard()
        return self._doubted(heard, entry) if claim.taken_over else heard

    def _planned(self, claim: Claim, entry: Order) -> tuple[Order, ...]:
        """The protection of an entry that may be there, as its answer was lost or its worker died: it waits for no look."""
        if claim.lease_is_over(self.clock.now()) or not self._in_doubt(claim, entry):
            return ()
        legs = frozenset(PROTECTION) - self.exchange.attached_legs(entry.venue)
        return tuple(order for order in claim.trade.orders if order.leg in legs and order.state is OrderState.CREATED)

    def _in_doubt(self, claim: Claim, entry: Order) -> bool:
        return claim.taken_over or entry.state is OrderState.UNKNOWN

    def _attached(self, trade: Trade) -> tuple[Order, ...]:
        """The protection that travels with the entry, as far as nothing is known of it yet (ORD-09)."""
        legs = self.exchange.attached_legs(trade.position.venue)
        return tuple(order for order in unfinished(trade) if order.leg in legs and order.state is OrderState.CREATED)

    def _doubted(self, heard: Heard, entry: Order) -> Heard:
        """Whoever died may have sent it without a word: as long as the venue does not tell, it may stand there (POS-11).

        That our own sending was put off tells nothing of his.
        """
        own = (fact for name, fact in heard.facts if name == entry.client_id)
        told = heard.passing is None or any(not isinstance(fact, PutOff) for fact in own)
        return heard if told else Heard(((entry.client_id, Lost(self.clock.now())),)) + heard

    def _is_on_its_way(self, entry: Order) -> bool:
        return entry.lost_at is not None and self.clock.now() - entry.lost_at < ON_ITS_WAY

    async def _look_for(self, account: ExchangeAccount, entry: Order) -> Heard:
        """Ask for an entry that may arrive at any moment, and send nothing meanwhile."""
        heard = await self.desk.find(account, entry)
        return Heard(passing=Fault.NETWORK) if heard.unknown_there else heard

    def _no_more(self, claim: Claim, halts: Halts, key: Fitness, *, again: bool) -> Fact | None:
        """Why an entry may not leave any more; None when it may (ORD-07, SIG-21, RSK-21, KEY-03).

        One that may have left already is given up and not refused, so that it is looked for (ORD-04).
        """
        now, task = self.clock.now(), claim.task
        if halts.forbid(claim.trade.position):
            return (Expired if again else Rejected)(now, Reason.EMERGENCY_STOP)
        if key.refusal is not None:
            return (Expired if again else Rejected)(now, key.refusal)
        late = task.not_after is not None and now > task.not_after
        return Expired(now) if late or task.attempts > MOST_SENDS else None
