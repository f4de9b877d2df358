"""Planning goes through the members page by page, with a market and balances as fresh as each page needs."""

from datetime import timedelta
from decimal import Decimal

import pytest

from cbc_adapters.exchange.simulated.faults import Call, Failure, FaultPlan, Nth, Refuse
from cbc_domain.application.trading import plan_orders
from cbc_domain.kernel.money import BRL, Money
from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.ports.venue_faults import Fault
from cbc_domain.signals.model import SignalStatus
from tests.club import Club, open_club


async def crowd(club: Club, count: int) -> None:
    for _ in range(count):
        await club.join(real=Money.zero(BRL))


async def test_two_thousand_five_hundred_members_are_planned_in_pages_and_each_has_one_decision() -> None:
    """rules: SIG-31, ELG-01"""
    club = await open_club()
    await crowd(club, 2500)
    await club.market()
    receipt = await club.alert("SINAL LONG FORTE")

    await club.jobs()

    async with club.store() as work:
        (tally,) = await work.signals.tallies([receipt.signal])
        signal = await work.signals.signal(receipt.signal)
    assert tally.ordered + sum(tally.refused.values()) == 2500
    assert signal is not None
    assert signal.status is SignalStatus.PROCESSED


@pytest.fixture
def pages_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_orders, "PAGE", 2)


@pytest.mark.usefixtures("pages_of_two")
async def test_planning_that_breaks_off_between_pages_goes_on_where_it_stopped() -> None:
    """rules: ARC-06, GEN-14"""
    club = await open_club()
    for _ in range(5):
        await club.join()
    await club.market()
    receipt = await club.alert("SINAL LONG FORTE")
    club.exchange.readings_until_it_breaks = 1

    with pytest.raises(ZeroDivisionError):
        await club.jobs()
    assert [len(await club.trades(member)) for member in club.members] == [1, 1, 0, 0, 0]
    club.exchange.readings_until_it_breaks = None
    await club.work()

    async with club.store() as work:
        (tally,) = await work.signals.tallies([receipt.signal])
    assert (tally.ordered, tally.refused) == (5, {})
    assert [(await club.at_venue(member)).entries for member in club.members] == [1] * 5


@pytest.mark.usefixtures("pages_of_two")
async def test_late_pages_read_the_market_themselves() -> None:
    """rules: RSK-07, SIZ-10"""
    club = await open_club()
    for _ in range(4):
        await club.join()
    await club.market()
    receipt = await club.alert("SINAL LONG FORTE")
    club.exchange.each_reading_takes = timedelta(seconds=8)

    await club.jobs()

    assert [await club.reasons(member, receipt) for member in club.members] == [[]] * 4
    assert club.clock.now() - (await club.trade(club.members[0])).position.created_at == timedelta(seconds=8)


@pytest.mark.usefixtures("pages_of_two")
async def test_who_joins_while_a_signal_is_planned_has_a_decision_too() -> None:
    """rules: SIG-32"""
    club = await open_club()
    for _ in range(2):
        await club.join()
    await club.market()
    receipt = await club.alert("SINAL LONG FORTE")
    club.exchange.on_reading = club.join

    await club.jobs()

    assert len(club.members) >= 3
    for member in club.members[:3]:
        assert await club.reasons(member, receipt) == []


async def test_a_member_one_of_whose_accounts_was_not_read_has_no_equity_of_the_day() -> None:
    """rules: RSK-03, RSK-07, ELG-06"""
    club = await open_club(faults=FaultPlan([Failure(Refuse(Fault.MAINTENANCE), Nth(frozenset({1})), Call.READ)]))
    member = await club.join(equity="4000")
    second = await club.platform.connect_account()(member.id, Venue.OKX, Environment.LIVE, "second", "1111")
    club.venue.open_account(second.id, Decimal(1000), club.clock.now())
    await club.market()

    first = await club.alert("SINAL LONG FORTE")
    await club.work()
    refused = await club.reasons(member, first)
    club.clock.advance(by=timedelta(minutes=1))
    later = await club.alert("SINAL LONG FORTE")
    await club.work()

    assert refused == ["unavailable"]
    assert await club.reasons(member, later) == []


async def test_planning_asks_only_the_markets_that_its_members_use() -> None:
    """rules: EXC-08, SIZ-07"""
    club = await open_club()
    for _ in range(3):
        await club.join()
    await club.market()
    asked: list[tuple[Venue, Environment]] = club.exchange.asked

    await club.alert("SINAL LONG FORTE", close="60000")
    await club.jobs()

    assert asked == [(Venue.BYBIT, Environment.LIVE)]
