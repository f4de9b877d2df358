"""Calls to the exchange, each answered with facts about orders: nothing of the venue's moods goes further than this."""

from collections.abc import Awaitable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

import attrs

from cbc_domain.ports.exchange import Exchange, Report, ReportState, Ticket, Travelled
from cbc_domain.ports.system import Clock, Together
from cbc_domain.ports.venue_faults import Fault, OutcomeUnknown, VenueRefused
from cbc_domain.risk.model import ExchangeAccount
from cbc_domain.trading.model import PROTECTION, Leg, Order, OrderState
from cbc_domain.trading.orders import Acknowledged, Cancelled, Expired, Fact, Filled, Lost, PutOff, Rejected, Sent

LATER: Final = timedelta(microseconds=1)
"""The least that one instant can be after another."""

PARTIAL_WAITS: Final = timedelta(seconds=5)
"""How long the rest of a partly filled market order may wait before it is cancelled (ORD-08)."""

PASSING: Final = frozenset({Fault.RATE_LIMIT, Fault.CLOCK, Fault.MAINTENANCE, Fault.NETWORK})
"""Refusals that a retry can help (ORD-07); all others are answers."""

KEY_FAULTS: Final = frozenset({Fault.AUTH, Fault.PERMISSION, Fault.IP_NOT_ALLOWED})
"""Refusals that are about the account's key, and will be the same for every call until the member mends it."""

BARRED: Final = KEY_FAULTS | {Fault.POSITION_MODE, Fault.REGION_BLOCKED, Fault.LIVE_OFF}
"""Refusals that every order gets until somebody mends their cause: a way out is kept as it is and tried again, never anew."""

Facts = tuple[tuple[str, Fact], ...]
"""(client order id, fact), in the order heard."""


@attrs.frozen
class Heard:
    """What a call told: `passing` is set when the same call may be made again, None when it is settled."""

    facts: Facts = ()
    passing: Fault | None = None

    @property
    def denied(self) -> Fault | None:
        """Why the venue does not take the key, when that is what it said."""
        return self.passing if self.passing in KEY_FAULTS else None

    @property
    def lost(self) -> bool:
        """Something was sent, and no answer came."""
        return any(isinstance(fact, Lost) for _, fact in self.facts)

    @property
    def unknown_there(self) -> bool:
        """The venue answered, and it does not know the order."""
        return not self.facts and self.passing is None

    def __add__(self, other: "Heard") -> "Heard":
        return Heard(self.facts + other.facts, self.passing or other.passing)


@attrs.frozen
class Desk:
    """Never sends an id again without asking for it first (ORD-04)."""

    exchange: Exchange
    clock: Clock
    together: Together

    async def send(
        self, account: ExchangeAccount, order: Order, attached: Sequence[Order], leverage: int, *, again: bool
    ) -> Heard:
        """Find or place an order. With `again` it may have been sent before, so the venue is asked first.

        An entry that is refused `again` is given up and not refused: what was sent before may still arrive (ORD-04).
        """
        if again:
            known = await self.find(account, order)
            if not known.unknown_there:
                return known
        try:
            report = await self.exchange.place(account, _ticket(order, leverage), [_ticket(leg, leverage) for leg in attached])
        except VenueRefused as refusal:
            return await self._refused(account, order, refusal, again=again)
        except OutcomeUnknown:
            now = self.clock.now()
            return Heard(((order.client_id, Sent(now)), (order.client_id, Lost(now))), Fault.NETWORK)
        return Heard(facts_of(report))

    async def prepare(self, account: ExchangeAccount, order: Order, leverage: int) -> None:
        """Set what an entry needs while nothing waits for it; what keeps it from being set is told when that is sent."""
        with suppress(VenueRefused, OutcomeUnknown):
            await self.exchange.prepare(account, order.symbol, order.side, leverage)

    async def insist(self, account: ExchangeAccount, order: Order, leverage: int, *, again: bool) -> Heard:
        """Find or place a stop or target, and do so once more at once when the answer was lost: it waits for no task."""
        heard = await self.send(account, order, (), leverage, again=again)
        return heard + await self.send(account, order, (), leverage, again=True) if heard.lost else heard

    async def find(self, account: ExchangeAccount, order: Order) -> Heard:
        """Ask for one order; whatever keeps the venue from telling says nothing of the order."""
        try:
            report = await self.exchange.find(account, order.symbol, order.client_id, self._travelled(order))
        except VenueRefused as refusal:
            return Heard(passing=refusal.fault)
        except OutcomeUnknown:
            return Heard(passing=Fault.NETWORK)
        return Heard(facts_of(report) + _sure_again(order, report)) if report else Heard()

    async def find_all(self, account: ExchangeAccount, orders: Iterable[Order]) -> Heard:
        """Ask for several at once; `passing` is set when one of them was not answered."""
        return await self.heard([self.find(account, order) for order in orders])

    async def heard(self, calls: Iterable[Awaitable[Heard]]) -> Heard:
        """Make calls at once and add up what they told; raises what the first of them raised in an unforeseen way."""
        heard = Heard()
        for answer in await self.together(calls):
            if isinstance(answer, Exception):
                raise answer
            heard += answer
        return heard

    async def cancel(self, account: ExchangeAccount, order: Order) -> Heard:
        """Cancel an order and hear what became of it: it may have filled meanwhile, or never have arrived."""
        try:
            ended = await self.exchange.cancel(account, order.symbol, order.client_id, self._travelled(order))
        except VenueRefused as refusal:
            return Heard(passing=refusal.fault)
        except OutcomeUnknown:
            return Heard(passing=Fault.NETWORK)
        if ended:
            end = Expired if order.state is OrderState.CREATED else Cancelled
            return Heard(((order.client_id, end(self.clock.now())),))
        heard = await self.find(account, order)
        return Heard(((order.client_id, Expired(self.clock.now())),)) if heard.unknown_there else heard

    async def follow(self, account: ExchangeAccount, order: Order, *, over: bool = False) -> Heard:
        """Ask for a market order that the venue has; its rest is cancelled after PARTIAL_WAITS, at once when it is `over`."""
        stale = over or order.sent_at is None or self.clock.now() - order.sent_at >= PARTIAL_WAITS
        return await (self.cancel(account, order) if stale else self.find(account, order))

    def _travelled(self, order: Order) -> Travelled | None:
        """What is planned with an entry goes with it, where the venue takes it so; what replaces it goes alone."""
        if order.seq or order.trigger is None or order.leg not in self.exchange.attached_legs(order.venue):
            return None
        return Travelled(order.side, order.trigger, order.created_at)

    async def _refused(self, account: ExchangeAccount, order: Order, refusal: VenueRefused, *, again: bool) -> Heard:
        now = self.clock.now()
        if refusal.fault is Fault.DUPLICATE_ID:
            found = await self.find(account, order)
            return found if found.facts else attrs.evolve(found, passing=found.passing or Fault.DUPLICATE_ID)
        if refusal.fault in PASSING:
            return Heard(((order.client_id, PutOff(now, refusal.fault)),), refusal.fault)
        if refusal.fault in BARRED and order.leg is Leg.EXIT:
            # Nothing was done about it: the same exit may go once the cause is mended, and a new one would fare no better.
            return Heard(((order.client_id, PutOff(now, refusal.fault)),), refusal.fault)
        if again and order.leg in PROTECTION and refusal.fault is not Fault.LIVE_OFF:
            # What was sent before may have come to stand between our question and our sending.
            found = await self.find(account, order)
            if not found.unknown_there:
                return found
        ended = Expired if again and not order.reduces else Rejected
        if refusal.fault is Fault.LIVE_OFF:
            # We did not send it: there is no sending to tell of.
            return Heard(((order.client_id, ended(now, refusal.fault)),))
        return Heard(((order.client_id, Sent(now)), (order.client_id, ended(now, refusal.fault))))


def facts_of(report: Report) -> Facts:
    """What a venue's report says of an order, in the order in which it must have happened."""
    name = report.client_id
    heard: list[Fact] = [Sent(_first_instant(report))]
    if report.state is ReportState.REJECTED:
        return (name, heard[0]), (name, Rejected(report.at, report.code or Fault.UNKNOWN))
    heard.append(Acknowledged(report.at, report.venue_order_id))
    heard.extend(Filled(fill) for fill in report.fills)
    if report.state is ReportState.CANCELLED:
        heard.append(Cancelled(report.at))
    if report.state is ReportState.FILLED:
        # An exit or a trigger may have been for less than our row says (ORD-11): the venue has nothing left of it to fill.
        heard.append(Expired(report.at))
    return tuple((name, fact) for fact in heard)


def _sure_again(order: Order, report: Report) -> Facts:
    """The venue was asked after the doubt, though what it tells of the order may have happened before."""
    if order.lost_at is None or report.at > order.lost_at or report.state is ReportState.REJECTED:
        return ()
    return ((order.client_id, Acknowledged(order.lost_at + LATER, report.venue_order_id)),)


def _first_instant(report: Report) -> datetime:
    return min([report.at, *(fill.at for fill in report.fills)])


def _ticket(order: Order, leverage: int) -> Ticket:
    return Ticket(order.client_id, order.symbol, order.side, order.leg, order.quantity, order.trigger, leverage)
