"""The stop that stands before its entry is sent, where a venue takes it so: nothing is bought that it does not cover."""

from typing import Final

import attrs

from cbc_domain.application.trading.absorb import News, absorb
from cbc_domain.application.trading.cover import was_early
from cbc_domain.application.trading.desk import Desk, Heard
from cbc_domain.application.trading.standing import AT_VENUE, newest
from cbc_domain.ports.exchange import Exchange
from cbc_domain.ports.persistence.work import Claim
from cbc_domain.ports.system import Clock
from cbc_domain.ports.venue_faults import Fault
from cbc_domain.risk.model import ExchangeAccount
from cbc_domain.trading.model import Leg, Order, OrderState

ABOUT_THE_STOP: Final = frozenset({Fault.FILTER, Fault.PRICE_PASSED, Fault.REDUCE_ONLY})
"""Refusals of a stop that say nothing of its entry; whatever else the venue refuses it for, it would refuse that for too."""


@attrs.frozen
class BeforeEntry:
    """What was heard of the stop, and whether its entry `may_go`; `refusal` is the code that the entry would get as well."""

    may_go: bool
    heard: Heard = attrs.field(factory=Heard)
    refusal: str | None = None


@attrs.frozen
class StopFirst:
    """Nothing is written here, and nothing is asked where a stop goes with the entry or after the fill."""

    desk: Desk
    exchange: Exchange
    clock: Clock

    async def __call__(self, claim: Claim, account: ExchangeAccount, *, in_doubt: bool) -> BeforeEntry:
        """Place the stop, or ask for it again; of an entry `in_doubt` the stop that never left goes beside the look.

        One that stood before is asked for, because a price that reached it with nothing to sell has ended it. A stop that was
        refused because nothing is held yet keeps no entry from going: it is placed after the fill there (POS-11).
        """
        stop = newest(claim.trade.orders, Leg.STOP)
        if stop is None or not self.exchange.takes_stop_first(account.venue):
            return BeforeEntry(may_go=True)
        if stop.state.final:
            return BeforeEntry(may_go=was_early(stop))
        if stop.state in AT_VENUE:
            heard = await self.desk.find(account, stop)
        elif in_doubt:
            return BeforeEntry(may_go=False)
        else:
            leverage = claim.trade.position.size.leverage
            # Between the stop and its entry the price may reach it, and nothing that can be done before takes that time.
            await self.desk.prepare(account, stop, leverage)
            heard = await self.desk.insist(account, stop, leverage, again=claim.task.attempts > 1)
        after = self._after(claim, stop, heard)
        stands = after.state in AT_VENUE and bool(heard.facts)
        return BeforeEntry(stands or was_early(after), heard, _refusal_of_both(after))

    def _after(self, claim: Claim, stop: Order, heard: Heard) -> Order:
        told = absorb(claim.trade, News(stop.position, heard.facts), self.clock.now())
        return next(order for order in told.orders if order.id == stop.id)


def _refusal_of_both(stop: Order) -> str | None:
    refused = stop.state is OrderState.REJECTED and stop.error_code not in ABOUT_THE_STOP
    return stop.error_code if refused else None
