"""What the venue refuses for good is not tried again; what it refuses for now is, inside the window and never after it."""

from datetime import timedelta
from decimal import Decimal

import pytest

from cbc_adapters.exchange.simulated.faults import Always, Call, Failure, FaultPlan, Nth, Refuse
from cbc_domain.kernel.events import EventName
from cbc_domain.ports.venue_faults import Fault
from cbc_domain.signals.model import SignalStatus
from cbc_domain.trading.model import Leg, OrderState, PositionState
from tests.club import Club, open_club


async def opened(*failures: Failure) -> Club:
    club = await open_club(faults=FaultPlan(failures))
    await club.join()
    await club.market()
    return club


@pytest.mark.parametrize(
    "fault",
    [
        Fault.INSUFFICIENT_MARGIN,
        Fault.FILTER,
        Fault.PRICE_PASSED,
        Fault.PERMISSION,
        Fault.AUTH,
        Fault.IP_NOT_ALLOWED,
        Fault.SYMBOL_CLOSED,
        Fault.POSITION_MODE,
        Fault.UNKNOWN,
    ],
)
async def test_a_refusal_for_good_is_kept_with_its_code_and_not_tried_again(fault: Fault) -> None:
    """rules: ORD-07, ORD-14, EXC-04"""
    club = await opened(Failure(Refuse(fault), leg=Leg.ENTRY))

    await club.alert("SINAL LONG FORTE")
    await club.work()
    club.clock.advance(by=timedelta(minutes=1))
    await club.work()

    (member,) = club.members
    trade = await club.trade(member)
    assert (await club.at_venue(member)).entries == 0
    assert trade.position.state is PositionState.ABANDONED
    assert (trade.orders[0].state, trade.orders[0].error_code) == (OrderState.REJECTED, fault)
    failed = [event for event in await club.events(trade.position.id) if event.name is EventName.ORDER_FAILED]
    assert [event.data["reason"] for event in failed] == [fault]


async def test_an_open_that_nothing_came_of_blocks_no_coin_and_takes_no_place() -> None:
    """rules: POS-20, ELG-05"""
    club = await opened(Failure(Refuse(Fault.FILTER), leg=Leg.ENTRY))
    await club.alert("SINAL LONG FORTE")
    await club.work()
    club.clock.advance(by=timedelta(minutes=1))

    await club.market()
    await club.alert("SINAL LONG FORTE")
    await club.work()

    (member,) = club.members
    assert (await club.at_venue(member)).protected


@pytest.mark.parametrize("fault", [Fault.RATE_LIMIT, Fault.CLOCK, Fault.MAINTENANCE])
async def test_a_refusal_for_now_is_tried_again_within_the_window(fault: Fault) -> None:
    """rules: ORD-07, PRI-05"""
    club = await opened(Failure(Refuse(fault), Nth(frozenset({1, 2, 3})), leg=Leg.ENTRY))
    start = club.clock.now()

    await club.alert("SINAL LONG FORTE")
    await club.work()

    (member,) = club.members
    trade = await club.trade(member)
    assert (await club.at_venue(member)).protected
    assert trade.position.opened_at is not None
    assert timedelta(seconds=14) <= trade.position.opened_at - start <= timedelta(seconds=18)


async def test_after_three_retries_an_open_is_given_up() -> None:
    """rules: ORD-07, PRI-05"""
    club = await opened(Failure(Refuse(Fault.RATE_LIMIT), Always(), leg=Leg.ENTRY))

    await club.alert("SINAL LONG FORTE")
    await club.work()

    (member,) = club.members
    trade = await club.trade(member)
    assert trade.position.state is PositionState.ABANDONED
    assert [event.data["reason"] for event in await club.buried(trade)] == ["unavailable"]


async def test_a_venue_in_maintenance_beyond_the_window_gets_no_order_afterwards() -> None:
    """rules: SIG-21, ORD-04, ORD-07, PRI-05"""
    away = [Failure(Refuse(Fault.MAINTENANCE), Always(), call) for call in Call]
    club = await opened()
    await club.alert("SINAL LONG FORTE")
    await club.jobs()
    club.exchange.suffer(*away)

    for _ in range(5):
        await club.platform.place_orders()()
        club.clock.advance(by=timedelta(seconds=31))
    club.exchange.suffer()
    await club.work()

    (member,) = club.members
    trade = await club.trade(member)
    assert (await club.at_venue(member)).entries == 0
    assert trade.position.state is PositionState.ABANDONED
    assert [event.data["reason"] for event in await club.buried(trade)] == ["window_expired"]


@pytest.mark.parametrize(
    "fault", [Fault.LIVE_OFF, Fault.PERMISSION, Fault.AUTH, Fault.IP_NOT_ALLOWED, Fault.POSITION_MODE, Fault.REGION_BLOCKED]
)
async def test_an_exit_that_no_order_gets_past_waits_as_it_is_and_sells_once_the_cause_is_mended(fault: Fault) -> None:
    """rules: ORD-03, ORD-11, POS-06, SIG-22"""
    club = await opened()
    (member,) = club.members
    await club.alert("SINAL LONG FORTE")
    await club.work()
    club.exchange.suffer(Failure(Refuse(fault), Always(), leg=Leg.EXIT))
    await club.alert("FECHE LONG")

    for _ in range(60):
        await club.jobs()
        await club.platform.place_orders()()
        club.clock.advance(by=timedelta(seconds=1))
    waiting = await club.trade(member)
    guarded = await club.at_venue(member)
    club.exchange.suffer()
    await club.work()

    assert [order.state for order in waiting.orders if order.leg is Leg.EXIT] == [OrderState.SUBMITTED]
    assert len(guarded.stops) == len(guarded.targets) == 1
    assert (await club.at_venue(member)).exits == 1
    assert (await club.trade(member)).position.state is PositionState.CLOSED


@pytest.mark.parametrize(("fault", "exits"), [(Fault.LIVE_OFF, 1), (Fault.PERMISSION, 1), (Fault.UNKNOWN, 6)])
async def test_a_bare_position_that_cannot_be_closed_is_tried_with_patience(fault: Fault, exits: int) -> None:
    """rules: ORD-10, SIG-22"""
    club = await opened(
        *(Failure(Refuse(fault), Always(), leg=leg) for leg in (Leg.STOP, Leg.TARGET, Leg.EXIT)),
    )
    await club.alert("SINAL LONG FORTE")
    await club.jobs()

    tries = 0
    for _ in range(240):
        tries += await club.platform.place_orders()()
        club.clock.advance(by=timedelta(milliseconds=250))

    (member,) = club.members
    trade = await club.trade(member)
    assert trade.position.state is PositionState.CLOSING
    assert len([order for order in trade.orders if order.leg is Leg.EXIT]) <= exits
    assert tries < 20


@pytest.mark.parametrize(("seconds", "entries"), [("120", 1), ("120.001", 0)])
async def test_an_open_is_sent_until_the_last_instant_of_its_window(seconds: str, entries: int) -> None:
    """rules: SIG-21"""
    club = await opened()
    await club.alert("SINAL LONG FORTE")
    await club.jobs()

    club.clock.advance(by=timedelta(milliseconds=int(Decimal(seconds) * 1000)))
    await club.work()

    (member,) = club.members
    assert (await club.at_venue(member)).entries == entries
    if not entries:
        assert [event.data["reason"] for event in await club.buried(await club.trade(member))] == ["window_expired"]


async def test_a_retry_does_not_outlive_the_window() -> None:
    """rules: SIG-21, PRI-05"""
    club = await opened(Failure(Refuse(Fault.RATE_LIMIT), Nth(frozenset({1})), leg=Leg.ENTRY))
    await club.alert("SINAL LONG FORTE")
    await club.jobs()
    club.clock.advance(by=timedelta(seconds=119))
    await club.platform.place_orders()()

    await club.work()

    (member,) = club.members
    assert (await club.at_venue(member)).entries == 0
    assert (await club.trade(member)).position.state is PositionState.ABANDONED


@pytest.mark.parametrize(("seconds", "status", "entries"), [(30, SignalStatus.PROCESSED, 1), (31, SignalStatus.EXPIRED, 0)])
async def test_an_open_is_decided_within_thirty_seconds_or_not_at_all(seconds: int, status: SignalStatus, entries: int) -> None:
    """rules: SIG-21"""
    club = await opened()
    receipt = await club.alert("SINAL LONG FORTE")

    club.clock.advance(by=timedelta(seconds=seconds))
    await club.work()

    (member,) = club.members
    async with club.store() as work:
        signal = await work.signals.signal(receipt.signal)
    assert signal is not None
    assert signal.status is status
    assert (await club.at_venue(member)).entries == entries
