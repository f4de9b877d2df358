"""Where a venue takes a stop before there is a position: nothing is bought that no stop covers, whatever goes wrong."""

from decimal import Decimal

import pytest

from cbc_adapters.exchange.simulated.faults import (
    Always,
    Call,
    DropBefore,
    Failure,
    FaultPlan,
    Harm,
    LoseAnswer,
    Nth,
    Refuse,
)
from cbc_domain.identity.model import Member
from cbc_domain.kernel.ids import AccountId
from cbc_domain.kernel.venues import Side
from cbc_domain.ports.venue_faults import Fault
from cbc_domain.trading.model import Leg, OrderState, PositionState
from tests.chaos.watch import covered
from tests.club import BTC, Club, open_club

CALLS = 9
"""More than an undisturbed open needs."""


class Watched(FaultPlan):
    """Harms one call of all, beginning with `number` 1, and looks before each what stands bare; mutable because it counts."""

    def __init__(self, number: int, harm: Harm) -> None:
        super().__init__()
        self._number, self._harm = number, harm
        self.club: Club | None = None
        self.bare = 0

    def harms(self, call: Call, account: AccountId, ordinal: int, leg: Leg | None = None) -> tuple[Harm, ...]:
        if self.club is None or call is Call.READ:
            return ()
        venue = self.club.venue.accounts[account]
        self.bare += any(covered(venue, held) < held.quantity for held in venue.positions.values())
        self._number -= 1
        return () if self._number else (self._harm,)


async def opened(plan: FaultPlan | None = None, *, takes_stop_first: bool = True) -> tuple[Club, Member]:
    club = await open_club(faults=plan, takes_stop_first=takes_stop_first)
    club.exchange.stops_first, club.exchange.attaches = True, frozenset()
    member = await club.join()
    await club.market()
    return club, member


async def sent(club: Club, member: Member) -> list[Leg]:
    """The legs of all orders that the venue took of an account, in their order."""
    account = club.venue.accounts[(await club.account(member)).id]
    return [order.ticket.leg for order in account.orders.values()]


async def test_the_stop_stands_before_the_entry_is_sent_and_is_moved_to_the_real_average_afterwards() -> None:
    """rules: ORD-09, POS-11, SIZ-10"""
    club, member = await opened()

    await club.alert("SINAL LONG FORTE")
    await club.work()

    trade, venue = await club.trade(member), await club.at_venue(member)
    assert (await sent(club, member))[:2] == [Leg.STOP, Leg.ENTRY]
    # In seed 69 of the campaign at the venues leverage was set between the two: the price reached the stop in that second.
    assert club.exchange.prepared == [0]
    assert (venue.stops, venue.targets) == ([Decimal("58829.4")], [Decimal("61830.9")])
    assert trade.position.state is PositionState.PROTECTED
    assert venue.protected


@pytest.mark.parametrize("forgetful", [True, False])
@pytest.mark.parametrize("harm", [DropBefore(), LoseAnswer(), Refuse(Fault.RATE_LIMIT), Refuse(Fault.FILTER)])
@pytest.mark.parametrize("number", range(1, CALLS + 1))
async def test_whichever_call_fails_the_position_is_never_without_a_stop(number: int, harm: Harm, *, forgetful: bool) -> None:
    """rules: ORD-03, ORD-04, POS-11"""
    plan = Watched(number, harm)
    club, member = await opened(plan)
    club.exchange.forgetful = forgetful
    plan.club = club

    await club.alert("SINAL LONG FORTE")
    await club.work()
    await club.reconcile()

    trade, venue = await club.trade(member), await club.at_venue(member)
    assert plan.bare == 0
    if trade.position.state is PositionState.ABANDONED:
        assert venue.flat
        assert venue.entries == 0
    else:
        assert trade.position.state is PositionState.PROTECTED
        assert venue.entries == 1
        assert venue.held == {(BTC, Side.LONG): Decimal("0.025")}
        assert venue.protected


async def test_a_venue_that_takes_no_stop_of_nothing_gets_it_after_the_fill() -> None:
    """rules: ORD-09, ORD-10"""
    club, member = await opened(takes_stop_first=False)

    await club.alert("SINAL LONG FORTE")
    await club.work()

    venue = await club.at_venue(member)
    assert venue.protected
    assert (await sent(club, member))[0] is Leg.ENTRY


@pytest.mark.parametrize("times", [1, 2])
async def test_an_entry_waits_until_the_venue_takes_a_stop(times: int) -> None:
    """rules: ORD-10, POS-11"""
    club, member = await opened(FaultPlan([Failure(Refuse(Fault.FILTER), Nth(frozenset(range(1, times + 1))), leg=Leg.STOP)]))

    await club.alert("SINAL LONG FORTE")
    await club.work()

    venue = await club.at_venue(member)
    assert (await sent(club, member))[:2] == [Leg.STOP, Leg.ENTRY]
    assert venue.protected


async def test_nothing_is_bought_where_no_stop_is_taken() -> None:
    """rules: ORD-09, ORD-10, POS-11"""
    club, member = await opened(FaultPlan([Failure(Refuse(Fault.FILTER), Always(), leg=Leg.STOP)]))

    await club.alert("SINAL LONG FORTE")
    await club.work()

    trade = await club.trade(member)
    assert await sent(club, member) == []
    assert trade.position.state is PositionState.ABANDONED
    assert {order.error_code for order in trade.orders if order.leg is Leg.STOP} == {Fault.FILTER}


async def test_what_a_venue_refuses_the_stop_for_it_would_refuse_the_entry_for() -> None:
    """rules: ORD-07, GEN-14"""
    club, member = await opened(FaultPlan([Failure(Refuse(Fault.PERMISSION), Always(), leg=Leg.STOP)]))

    await club.alert("SINAL LONG FORTE")
    await club.work()

    trade = await club.trade(member)
    [entry] = [order for order in trade.orders if order.leg is Leg.ENTRY]
    assert (entry.state, entry.error_code) == (OrderState.REJECTED, Fault.PERMISSION)
    assert trade.position.state is PositionState.ABANDONED


async def test_the_stop_of_an_entry_that_is_refused_is_cancelled() -> None:
    """rules: ORD-11, POS-01"""
    club, member = await opened(FaultPlan([Failure(Refuse(Fault.INSUFFICIENT_MARGIN), Always(), leg=Leg.ENTRY)]))

    await club.alert("SINAL LONG FORTE")
    await club.work()

    trade, venue = await club.trade(member), await club.at_venue(member)
    assert trade.position.state is PositionState.ABANDONED
    assert await sent(club, member) == [Leg.STOP]
    assert venue.flat


async def test_a_close_before_the_entry_was_sent_takes_its_stop_away() -> None:
    """rules: SIG-22, ORD-11"""
    club, member = await opened(FaultPlan([Failure(Refuse(Fault.RATE_LIMIT), Always(), leg=Leg.ENTRY)]))
    await club.alert("SINAL LONG FORTE")
    await club.jobs()
    await club.platform.place_orders()()

    await club.alert("FECHE LONG")
    await club.work()

    trade, venue = await club.trade(member), await club.at_venue(member)
    assert trade.position.state is PositionState.ABANDONED
    assert venue.flat


async def test_a_stop_that_the_price_ended_before_the_entry_was_sent_is_replaced_first() -> None:
    """rules: POS-11, ORD-07

    In seed 29 of the campaign at the venues a leap ended stops whose entries were put off for seconds; two of these were then
    bought with nothing to protect them, for 9 and for 54 s.
    """
    club, member = await opened(FaultPlan([Failure(Refuse(Fault.RATE_LIMIT), leg=Leg.ENTRY)]))
    club.deaf = True
    await club.alert("SINAL LONG FORTE")
    await club.jobs()
    await club.platform.place_orders()()

    for price in ("58000", "60000"):
        club.venue.set_price(BTC, Decimal(price), club.clock.now())
    ended = (await club.at_venue(member)).stops
    await club.work()

    assert ended == []
    assert (await sent(club, member))[:3] == [Leg.STOP, Leg.STOP, Leg.ENTRY]
    assert (await club.at_venue(member)).protected


@pytest.mark.parametrize("arrives", [True, False])
async def test_the_stop_of_an_entry_that_was_given_up_stays_as_long_as_that_may_arrive(*, arrives: bool) -> None:
    """rules: ORD-04, ORD-11, POS-11

    In seed 30 of the campaign at the venues the entry of a dead worker arrived 5 ms after the venue had said that it did not
    know it; its stop was cancelled 200 ms later, and the position stood bare for 5.3 s.
    """
    club, member = await opened(FaultPlan([Failure(DropBefore(), Always(), leg=Leg.ENTRY)]))
    club.deaf = True
    await club.alert("SINAL LONG FORTE")
    await club.jobs()
    await club.platform.place_orders()()
    await club.abandon(member)
    await club.until_idle()
    given_up, kept = await club.trade(member), (await club.at_venue(member)).stops

    if arrives:
        await club.arrives_late(given_up, Leg.ENTRY)
    held = (await club.at_venue(member)).held
    await club.work()

    trade, venue = await club.trade(member), await club.at_venue(member)
    assert given_up.position.state is PositionState.ABANDONED
    assert (kept, bool(held)) == ([Decimal("58800.0")], arrives)
    assert venue.flat
    assert all(order.state.final for order in trade.orders)
    assert (trade.position.state is PositionState.CLOSED) == arrives
