"""The order in which tasks are carried out, one account at a time, and what a lease is for."""

from datetime import timedelta

from cbc_adapters.exchange.simulated.faults import DropBefore, Failure, FaultPlan
from cbc_domain.application.trading.place_orders import LEASE
from cbc_domain.kernel.ids import MemberId
from cbc_domain.kernel.money import BRL, Money
from cbc_domain.kernel.venues import Environment, Symbol
from cbc_domain.plans.model import PlanCode
from cbc_domain.trading.model import Leg, TaskAction
from tests.club import Club, open_club

ETH = Symbol("ETHUSDT")


async def order_of(club: Club, *, rehearsal_first: bool = False) -> list[MemberId]:
    """Carry tasks out one by one and say whose they were."""
    done: list[MemberId] = []
    while True:
        async with club.store() as work:
            claims = await work.lane.claim(club.clock.now(), LEASE, 1, rehearsal_first=rehearsal_first)
            await work.lane.finish([claim.hold for claim in claims])
            await work.commit()
        if not claims:
            return done
        done.append(claims[0].task.member)


async def test_classes_are_served_in_their_order() -> None:
    """rules: PRI-01, PRI-02, PRI-03"""
    club = await open_club()
    rehearsing = await club.join(environment=Environment.TESTNET, wishes={"trading_mode": "testnet"})
    credit = await club.join(PlanCode.FLEX_BR, real=Money(10_00, BRL))
    await club.platform.grant_credit()(credit.id, Money(100_00, BRL), "r1", "staff", "a welcome")
    prepaid = await club.join(PlanCode.FLEX_BR)
    monthly = await club.join(PlanCode.PRO_BR)
    await club.market()
    await club.alert("SINAL LONG FORTE")
    await club.jobs()

    assert await order_of(club) == [monthly.id, prepaid.id, credit.id, rehearsing.id]


async def test_a_close_goes_before_every_open() -> None:
    """rules: PRI-01, PRI-EX1"""
    club = await open_club()
    first = await club.join(equity="3000")
    await club.market()
    await club.alert("SINAL LONG FORTE")
    await club.work()
    second = await club.join()
    await club.alert("SINAL LONG FORTE", symbol=ETH)
    await club.alert("FECHE LONG")
    await club.jobs()

    assert (await order_of(club))[0] == first.id
    assert second.id != first.id


async def test_a_rehearsal_slot_takes_rehearsals_first() -> None:
    """rules: PRI-04"""
    club = await open_club()
    monthly = await club.join()
    rehearsing = await club.join(environment=Environment.TESTNET, wishes={"trading_mode": "testnet"})
    await club.market()
    await club.alert("SINAL LONG FORTE")
    await club.jobs()

    assert await order_of(club, rehearsal_first=True) == [rehearsing.id, monthly.id]


async def test_an_account_has_one_task_under_way_at_a_time() -> None:
    """rules: ARC-04"""
    club = await open_club()
    member = await club.join(equity="3000")
    await club.market()
    await club.alert("SINAL LONG FORTE")
    await club.alert("SINAL LONG FORTE", symbol=ETH)
    await club.jobs()

    held = await club.claim()

    assert await club.platform.place_orders()() == 0
    club.clock.advance(by=LEASE)
    await club.work()
    assert held.task.action is TaskAction.OPEN
    assert len((await club.at_venue(member)).held) == 2


async def test_a_task_of_a_dead_worker_comes_back_when_its_lease_is_over() -> None:
    """rules: PRI-06"""
    club = await open_club()
    member = await club.join()
    await club.market()
    await club.alert("SINAL LONG FORTE")
    await club.jobs()
    await club.claim()

    club.clock.advance(by=LEASE - timedelta(seconds=1))
    assert await club.platform.place_orders()() == 0
    club.clock.advance(by=timedelta(seconds=1))
    await club.work()

    assert (await club.at_venue(member)).protected


async def test_a_failed_task_waits_two_four_and_eight_seconds() -> None:
    """rules: PRI-05

    A second after a lost answer somebody only looks whether the order is there.
    """
    club = await open_club(faults=FaultPlan([Failure(DropBefore(), leg=Leg.ENTRY)]))
    member = await club.join()
    await club.market()
    await club.alert("SINAL LONG FORTE")
    await club.jobs()
    lane = club.platform.place_orders()
    assert await lane() == 1

    club.clock.advance(by=timedelta(seconds=1))
    await lane()
    looked = await club.at_venue(member)
    club.clock.advance(by=timedelta(seconds=2))
    while await lane():
        pass
    assert looked.entries == 0
    assert (await club.at_venue(member)).protected


async def test_a_batch_takes_no_more_than_it_is_asked_to() -> None:
    """rules: PRI-04, PRI-07"""
    club = await open_club()
    for _ in range(5):
        await club.join()
    await club.market()
    await club.alert("SINAL LONG FORTE")
    await club.jobs()

    assert [await club.platform.place_orders()(2) for _ in range(4)] == [2, 2, 1, 0]
