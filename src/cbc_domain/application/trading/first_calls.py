"""The first thing a task does at the exchange: get in, get out, or look (ORD-02 to ORD-11)."""

from collections.abc import Awaitable, Collection
from datetime import timedelta
from decimal import Decimal
from typing import Final

import attrs

from cbc_domain.application.trading.absorb import Held, News, absorb
from cbc_domain.application.trading.desk import Desk, Heard
from cbc_domain.application.trading.standing import (
    AT_VENUE,
    IN_DOUBT,
    entered,
    leaving,
    newest,
    still_buying,
    stray,
    unfinished,
    unguarded,
)
from cbc_domain.kernel.ids import MemberId
from cbc_domain.ports.exchange import Exchange
from cbc_domain.ports.persistence.trades import Trade
from cbc_domain.ports.persistence.work import Claim
from cbc_domain.ports.system import Clock, Together
from cbc_domain.ports.venue_faults import Fault, OutcomeUnknown, VenueRefused
from cbc_domain.risk.limits import stops_opening
from cbc_domain.risk.model import ExchangeAccount, Reason, Stop
from cbc_domain.trading.model import PROTECTION, CloseReason, Leg, Order, OrderState, Position, TaskAction
from cbc_domain.trading.orders import Expired, Fact, Filled, Lost, PutOff, Rejected

PARTIAL_WAITS: Final = timedelta(seconds=5)
"""How long the rest of a partly filled market order may wait before it is cancelled (ORD-08)."""

MOST_SENDS: Final = 4
"""One send and three retries (ORD-07); after that an open is only looked for."""

ON_ITS_WAY: Final = timedelta(seconds=6)
"""How long a call without an answer may still arrive where ids are forgotten: what is signed holds for five seconds there."""

NOTHING_THERE: Final = Held(Decimal(0))


@attrs.frozen
class Halts:
    """What forbids opening, as it was read when the tasks were claimed (RSK-21)."""

    stops: Collection[Stop] = ()
    paused: Collection[MemberId] = ()

    def forbid(self, position: Position) -> bool:
        stopped = stops_opening(self.stops, position.venue, position.symbol, position.strategy, position.member)
        return stopped or position.member in self.paused


@attrs.frozen
class FirstCalls:
    """Every answer is News about the claimed position; nothing is written here."""

    desk: Desk
    exchange: Exchange
    clock: Clock
    together: Together

    async def __call__(self, claim: Claim, account: ExchangeAccount, halts: Halts) -> News:
        match claim.task.action:
            case TaskAction.OPEN:
                return await self._enter(claim, account, halts)
            case TaskAction.CLOSE:
                return await self._leave(claim, account)
            case TaskAction.PROTECT:
                return await self._look(claim.trade, account)

    async def _enter(self, claim: Claim, account: ExchangeAccount, halts: Halts) -> News:
        trade, entry = claim.trade, newest(claim.trade.orders, Leg.ENTRY)
        if entry is None or entry.state.final or leaving(trade):
            return News(trade.position.id)
        heard, leverage = Heard(), trade.position.size.leverage
        beside = (self.desk.send(account, order, (), leverage, again=True) for order in self._planned(claim, entry))
        for answer in await self.together([self._entry(claim, account, entry, halts), *beside]):
            if isinstance(answer, Exception):
                raise answer
            heard += answer
        if any(isinstance(fact, Filled) for _, fact in heard.facts):
            heard += await self.desk.find_all(account, self._attached(trade))
        return News(trade.position.id, heard.facts, denied=heard.denied)

    async def _entry(self, claim: Claim, account: ExchangeAccount, entry: Order, halts: Halts) -> Heard:
        if entry.state in AT_VENUE:
            return await self._part_filled(account, entry, over=still_buying(claim.trade))
        again = claim.task.attempts > 1
        if (end := self._no_more(claim, halts, again=again)) is not None:
            heard = await self.desk.find(account, entry) if again else Heard()
            return Heard(((entry.client_id, end),)) if heard.unknown_there else heard
        if self._lease_is_over(claim):
            return Heard()
        if again and self.exchange.forgets_ids(account.venue) and (claim.taken_over or self._is_on_its_way(entry)):
            heard = await self._look_for(account, entry)
        else:
            leverage = claim.trade.position.size.leverage
            heard = await self.desk.send(account, entry, self._attached(claim.trade), leverage, again=again)
        return self._doubted(heard, entry) if claim.taken_over else heard

    def _planned(self, claim: Claim, entry: Order) -> tuple[Order, ...]:
        """The protection of an entry that may be there, as its answer was lost or its worker died: it waits for no look."""
        if self._lease_is_over(claim) or not (claim.taken_over or entry.state is OrderState.UNKNOWN):
            return ()
        legs = frozenset(PROTECTION) - self.exchange.attached_legs(entry.venue)
        return tuple(order for order in claim.trade.orders if order.leg in legs and order.state is OrderState.CREATED)

    def _attached(self, trade: Trade) -> tuple[Order, ...]:
        """The protection that travels with the entry, as far as nothing is known of it yet (ORD-09)."""
        legs = self.exchange.attached_legs(trade.position.venue)
        return tuple(order for order in unfinished(trade) if order.leg in legs and order.state is OrderState.CREATED)

    def _doubted(self, heard: Heard, entry: Order) -> Heard:
        """Whoever died may have sent it without a word: as long as the venue does not tell, it may stand there (POS-11)."""
        told = heard.passing is None or any(name == entry.client_id for name, _ in heard.facts)
        return heard if told else Heard(((entry.client_id, Lost(self.clock.now())),)) + heard

    def _is_on_its_way(self, entry: Order) -> bool:
        return entry.lost_at is not None and self.clock.now() - entry.lost_at < ON_ITS_WAY

    async def _look_for(self, account: ExchangeAccount, entry: Order) -> Heard:
        """Ask for an entry that may arrive at any moment, and send nothing meanwhile."""
        heard = await self.desk.find(account, entry)
        return Heard(passing=Fault.NETWORK) if heard.unknown_there else heard

    def _no_more(self, claim: Claim, halts: Halts, *, again: bool) -> Fact | None:
        """Why an entry may not leave any more; None when it may (ORD-07, SIG-21, RSK-21).

        One that may have left already is given up and not refused, so that it is looked for (ORD-04).
        """
        now, task = self.clock.now(), claim.task
        if halts.forbid(claim.trade.position):
            return (Expired if again else Rejected)(now, Reason.EMERGENCY_STOP)
        late = task.not_after is not None and now > task.not_after
        return Expired(now) if late or task.attempts > MOST_SENDS else None

    def _lease_is_over(self, claim: Claim) -> bool:
        """A worker that was held up leaves the sending to the one that has the task now (PRI-06)."""
        return claim.task.lease_until is not None and self.clock.now() >= claim.task.lease_until

    async def _part_filled(self, account: ExchangeAccount, order: Order, *, over: bool = False) -> Heard:
        stale = over or order.sent_at is None or self.clock.now() - order.sent_at >= PARTIAL_WAITS
        return await (self.desk.cancel(account, order) if stale else self.desk.find(account, order))

    async def _leave(self, claim: Claim, account: ExchangeAccount) -> News:
        reason = CloseReason(claim.task.reason) if claim.task.reason else CloseReason.SIGNAL
        ended, left, held = await self._so_far(claim, account)
        news = News(claim.trade.position.id, ended.facts + left.facts, reason, denied=ended.denied or left.denied)
        trade = absorb(claim.trade, news, self.clock.now())
        if left.passing is None and not self._lease_is_over(claim):
            told = await self._reduce(account, trade, held)
            news = attrs.evolve(news, facts=news.facts + told.facts, held=told.held)
        return self._without_needless_exit(claim.trade, news)

    async def _so_far(self, claim: Claim, account: ExchangeAccount) -> tuple[Heard, Heard, Decimal | None]:
        """End the entry, hear of an exit that was sent before, and where a stop is missing ask what there is to sell, at once.

        Where the venue does not tell, that is what we know of: it goes reduce-only, and nothing waits for another answer
        (POS-11). None where it was not asked for.
        """
        trade = claim.trade
        calls: list[Awaitable[Heard | Decimal | None]] = [self._end_entry(trade, account), self._exit_so_far(claim, account)]
        if unguarded(trade):
            calls.append(self._held(account, trade.position))
        match await self.together(calls):
            case [Heard() as ended, Heard() as left]:
                return ended, left, None
            case [Heard() as ended, Heard() as left, Decimal() | None as held]:
                return ended, left, trade.position.quantity if held is None else held
            case answers:
                raise next(answer for answer in answers if isinstance(answer, Exception))

    async def _exit_so_far(self, claim: Claim, account: ExchangeAccount) -> Heard:
        """Hear of an exit that was sent before; one that was not answered for may not be sent again (ORD-04)."""
        leave = newest(claim.trade.orders, Leg.EXIT)
        if leave is None or leave.state.final or (leave.state is OrderState.SUBMITTED and claim.task.attempts == 1):
            return Heard()
        if leave.state in AT_VENUE:
            return await self._part_filled(account, leave)
        return await self.desk.find(account, leave)

    async def _end_entry(self, trade: Trade, account: ExchangeAccount) -> Heard:
        entry = newest(trade.orders, Leg.ENTRY)
        if entry is None or (entry.state.final and not stray(trade)):
            return Heard()
        if entry.state is OrderState.CREATED:
            return Heard(((entry.client_id, Expired(self.clock.now())),))
        heard = await self.desk.cancel(account, entry)
        if stray(trade):
            # They lapsed in our books before they reached the venue together with the entry.
            lapsed = [order for order in trade.orders if order.leg in PROTECTION]
            for answer in await self.together(self.desk.cancel(account, order) for order in lapsed):
                if isinstance(answer, Exception):
                    raise answer
        return heard

    async def _reduce(self, account: ExchangeAccount, trade: Trade, held: Decimal | None) -> News:
        """Sell what is ours and still there (`held`, if it was asked for); when nothing is, hear what took it (ORD-11)."""
        silent, open_ = News(trade.position.id), max(trade.position.quantity, Decimal(0)) or stray(trade)
        leave = newest(trade.orders, Leg.EXIT)
        if open_ <= 0 or leave is None or leave.state not in IN_DOUBT:
            return silent
        if held is None and (held := await self._held(account, trade.position)) is None:
            return silent
        if not held:
            told = await self._look(trade, account)
            return attrs.evolve(told, held=told.held or NOTHING_THERE) if stray(trade) else told
        # Never more than its row says: what sold more would count as filled before it is, and the rest be nobody's.
        sized = attrs.evolve(leave, quantity=min(open_, held, leave.quantity))
        heard = await self.desk.send(account, sized, (), trade.position.size.leverage, again=False)
        return attrs.evolve(silent, facts=heard.facts)

    async def _held(self, account: ExchangeAccount, position: Position) -> Decimal | None:
        """What the venue has of our side of a symbol, in its unit; None when it did not answer."""
        try:
            holding = await self.exchange.holding(account, position.symbol, position.side)
        except (VenueRefused, OutcomeUnknown):
            return None
        return holding.quantity if holding is not None else Decimal(0)

    async def _look(self, trade: Trade, account: ExchangeAccount) -> News:
        """Ask for every order that may stand at the venue, and for what is left of a position that was entered."""
        position = trade.position
        ended = await self._end_entry(trade, account) if still_buying(trade) else Heard()
        asks = position.quantity > 0 and entered(trade)
        held = await self._held(account, position) if asks else None
        gone = held is not None and held < position.quantity
        asked = [order for order in trade.orders if _may_stand(order, trade) or (gone and _may_have_left(order))]
        heard = ended + await self.desk.find_all(account, asked)
        if held is None or heard.passing is not None:
            return News(position.id, heard.facts, denied=heard.denied, unanswered=heard.passing is not None)
        try:
            since = position.opened_at or position.created_at
            ending = await self.exchange.ending(account, position.symbol, position.side, since) if gone else None
        except (VenueRefused, OutcomeUnknown):
            return News(position.id, heard.facts)
        return News(position.id, heard.facts, held=Held(held, ending))

    def _without_needless_exit(self, trade: Trade, news: News) -> News:
        """An exit that is not needed any more lapses, unless the venue knows it."""
        after = absorb(trade, news, self.clock.now())
        leave = newest(after.orders, Leg.EXIT)
        over = after.position.state.final and (not stray(after) or (news.held is not None and not news.held.quantity))
        if leave is None or leave.state.final or not over:
            return news
        known = any(name == leave.client_id and not isinstance(fact, PutOff) for name, fact in news.facts)
        lapsed = () if known else ((leave.client_id, Expired(self.clock.now())),)
        return attrs.evolve(news, facts=news.facts + lapsed)


def _may_have_left(order: Order) -> bool:
    """What travelled with an entry, or whoever died sent without a word, may have sold what is missing."""
    return order.reduces and order.state is OrderState.CREATED


def _may_stand(order: Order, trade: Trade) -> bool:
    if trade.position.state.final and not order.reduces and order.sent_at is not None and not order.filled:
        # An entry that was given up in doubt may have arrived after all.
        return order.state is OrderState.EXPIRED
    if order.leg in PROTECTION and stray(trade):
        return not order.filled
    return not order.state.final and order.state is not OrderState.CREATED
