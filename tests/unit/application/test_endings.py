"""How positions end at the venue, what the stream leaves out, and what the sweep finds."""

from datetime import timedelta
from decimal import Decimal

import pytest

from cbc_adapters.exchange.simulated.faults import Call, Disorder, DropBefore, Failure, FaultPlan, Nth
from cbc_domain.kernel.venues import Side
from cbc_domain.trading.model import CloseReason, Leg, PositionState
from cbc_domain.trading.positions import net
from tests.club import BTC, Club, open_club


async def opened(*failures: Failure, disorder: Disorder | None = None) -> Club:
    club = await open_club(faults=FaultPlan(failures, disorder))
    await club.join()
    await club.market()
    await club.alert("SINAL LONG FORTE")
    await club.work()
    return club


@pytest.mark.parametrize(("price", "reason"), [("58000", CloseReason.SL), ("62000", CloseReason.TP)])
@pytest.mark.parametrize("deaf", [False, True])
async def test_a_trigger_that_fires_ends_the_position_with_its_reason(price: str, reason: CloseReason, *, deaf: bool) -> None:
    """rules: POS-02, POS-10"""
    club = await opened()
    club.deaf = deaf
    (member,) = club.members

    await club.price(price)
    await club.reconcile()

    trade, venue = await club.trade(member), await club.at_venue(member)
    assert venue.flat
    assert (trade.position.state, trade.position.close_reason) == (PositionState.CLOSED, reason)
    assert all(order.state.final for order in trade.orders)
    assert net(trade.position) == (club.venue.accounts[trade.position.account].cash - 1000)


@pytest.mark.parametrize("deaf", [False, True])
async def test_a_liquidation_is_told_by_the_venues_records(*, deaf: bool) -> None:
    """rules: POS-01, POS-02, POS-10"""
    club = await opened()
    club.deaf = deaf
    (member,) = club.members
    await club.cancel_triggers(member)

    club.clock.advance(by=timedelta(minutes=1))
    club.venue.set_price(BTC, Decimal(40000), club.clock.now())
    await club.work()
    await club.reconcile()

    trade = await club.trade(member)
    assert (await club.at_venue(member)).flat
    assert (trade.position.state, trade.position.close_reason) == (PositionState.LIQUIDATED, CloseReason.LIQUIDATION)
    assert net(trade.position) == (club.venue.accounts[trade.position.account].cash - 1000)


@pytest.mark.parametrize("deaf", [False, True])
async def test_a_position_that_the_member_closes_by_hand_ends_as_external_at_his_price(*, deaf: bool) -> None:
    """rules: POS-02, POS-10, COM-05"""
    club = await opened()
    club.deaf = deaf
    (member,) = club.members
    club.clock.advance(by=timedelta(minutes=1))
    club.venue.set_price(BTC, Decimal(61000), club.clock.now())

    await club.by_hand(member, Side.LONG, Leg.EXIT, "0.025")
    await club.work()
    await club.reconcile()

    trade = await club.trade(member)
    assert (trade.position.state, trade.position.close_reason) == (PositionState.CLOSED, CloseReason.EXTERNAL)
    assert trade.position.exit_price == Decimal("60969.5")
    assert net(trade.position) == (club.venue.accounts[trade.position.account].cash - 1000)
    assert all(order.state.final for order in trade.orders)


async def test_a_position_reduced_by_hand_is_adopted_with_protection_of_its_size() -> None:
    """rules: POS-10"""
    club = await opened()
    (member,) = club.members

    await club.by_hand(member, Side.LONG, Leg.EXIT, "0.010")
    await club.reconcile()

    trade, venue = await club.trade(member), await club.at_venue(member)
    assert trade.position.quantity == Decimal("0.015")
    assert trade.position.state is PositionState.PROTECTED
    assert (venue.protected, venue.covered) == (True, Decimal("0.015"))


async def test_what_the_member_adds_by_hand_is_left_alone() -> None:
    """rules: POS-03, POS-10"""
    club = await opened()
    (member,) = club.members

    await club.by_hand(member, Side.LONG, Leg.ENTRY, "0.005")
    await club.reconcile()

    trade, venue = await club.trade(member), await club.at_venue(member)
    assert trade.position.quantity == Decimal("0.025")
    assert venue.held == {(BTC, Side.LONG): Decimal("0.030")}
    assert (venue.entries, venue.exits) == (2, 0)


async def test_a_sweep_that_gets_no_answer_concludes_nothing_and_a_later_one_finds_the_truth() -> None:
    """rules: POS-10, GEN-12"""
    club = await opened(Failure(DropBefore(), Nth(frozenset(range(1, 9))), Call.FIND))
    club.deaf = True
    (member,) = club.members
    club.clock.advance(by=timedelta(minutes=1))
    club.venue.set_price(BTC, Decimal(58000), club.clock.now())

    await club.reconcile()
    assert (await club.trade(member)).position.state is PositionState.PROTECTED
    for _ in range(4):
        await club.reconcile()

    trade = await club.trade(member)
    assert (trade.position.state, trade.position.close_reason) == (PositionState.CLOSED, CloseReason.SL)


@pytest.mark.parametrize(
    "disorder",
    [Disorder(lose_every=1), Disorder(lose_every=2), Disorder(lose_every=3), Disorder(repeat_every=1), Disorder(swap_every=2)],
    ids=str,
)
async def test_whatever_the_stream_does_the_position_ends_once_and_right(disorder: Disorder) -> None:
    """rules: POS-10, ORD-01, ORD-12"""
    club = await opened(disorder=disorder)
    (member,) = club.members
    assert (await club.at_venue(member)).protected

    await club.price("62000")
    await club.reconcile()

    trade = await club.trade(member)
    assert (await club.at_venue(member)).flat
    assert (trade.position.state, trade.position.close_reason) == (PositionState.CLOSED, CloseReason.TP)
    assert trade.position.sold == trade.position.bought
    assert net(trade.position) == (club.venue.accounts[trade.position.account].cash - 1000)


async def test_a_quiet_protected_position_is_looked_at_and_left_as_it_is() -> None:
    """rules: POS-10"""
    club = await opened()
    (member,) = club.members
    before, orders = await club.trade(member), (await club.at_venue(member))

    await club.reconcile()

    assert await club.trade(member) == before
    assert await club.at_venue(member) == orders
