"""The stories that need a real database: the same outcomes on PostgreSQL, and workers that race for the same work."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import TypeVar

import pytest

from cbc_adapters.exchange.simulated.faults import DropBefore, Failure, FaultPlan, FillPart, LoseAnswer, Nth, Refuse
from cbc_adapters.persistence.postgres.unit_of_work import PostgresStore
from cbc_domain.commissions.model import SettlementState
from cbc_domain.kernel.events import EventName
from cbc_domain.kernel.money import BRL, Money
from cbc_domain.kernel.venues import Symbol
from cbc_domain.ports.venue_faults import Fault
from cbc_domain.trading.model import CloseReason, Leg, PositionState
from tests.club import BTC, Club, open_club

ETH = Symbol("ETHUSDT")
T = TypeVar("T")


async def at_once(act: Callable[[], Awaitable[T]], times: int) -> Sequence[T]:
    return await asyncio.gather(*(act() for _ in range(times)))


async def two_workers(club: Club) -> None:
    """Two workers until nothing is left, moving the clock for what is to be tried again."""
    for _ in range(120):
        lanes = [club.platform.place_orders(), club.platform.place_orders()]
        while any(await asyncio.gather(*(lane() for lane in lanes), club.platform.apply_fills()())):
            pass
        async with club.store() as work:
            if not (await work.lane.backlog(club.clock.now())).later:
                return
        club.clock.advance(by=timedelta(seconds=1))
    raise AssertionError("expected the work to come to an end")


@pytest.mark.parametrize(
    ("failures", "reason"),
    [
        ((), CloseReason.TP),
        ((Failure(LoseAnswer(), leg=Leg.ENTRY),), CloseReason.TP),
        ((Failure(DropBefore(), leg=Leg.ENTRY), Failure(LoseAnswer(), leg=Leg.STOP)), CloseReason.TP),
        ((Failure(FillPart(Decimal("0.4")), leg=Leg.ENTRY),), CloseReason.TP),
        ((Failure(Refuse(Fault.FILTER), Nth(frozenset(range(1, 9))), leg=Leg.STOP),), CloseReason.UNPROTECTED),
    ],
)
async def test_a_trade_from_alert_to_commission(
    store: PostgresStore, failures: tuple[Failure, ...], reason: CloseReason
) -> None:
    """rules: ARC-05, ORD-04, ORD-08, ORD-10, COM-07, LED-20"""
    club = await open_club(store=store, faults=FaultPlan(failures))
    member = await club.join()
    await club.market()
    await club.alert("SINAL LONG FORTE")
    await club.work()
    assert (await club.at_venue(member)).entries == 1

    await club.price("62000")

    trade = await club.trade(member)
    assert (await club.at_venue(member)).flat
    assert (trade.position.state, trade.position.close_reason) == (PositionState.CLOSED, reason)
    assert trade.position.settlement in {SettlementState.SETTLED, SettlementState.NOT_CHARGEABLE}
    assert (await club.platform.check_invariants()()).holds


async def test_two_workers_share_the_members_and_buy_once_for_each(store: PostgresStore) -> None:
    """rules: ARC-04, ORD-03, PRI-01"""
    club = await open_club(store=store, faults=FaultPlan([Failure(LoseAnswer(), leg=Leg.ENTRY)]))
    for _ in range(12):
        await club.join()
    await club.market()
    await club.alert("SINAL LONG FORTE")
    await club.jobs()

    await two_workers(club)

    for member in club.members:
        venue = await club.at_venue(member)
        assert venue.entries == 1
        assert venue.protected
        assert (await club.trade(member)).position.state is PositionState.PROTECTED


async def test_two_workers_close_while_stops_fire(store: PostgresStore) -> None:
    """rules: ORD-11, POS-06"""
    club = await open_club(store=store)
    for _ in range(8):
        await club.join()
    await club.market()
    await club.alert("SINAL LONG FORTE")
    await club.work()
    await club.alert("FECHE LONG")
    await club.jobs()

    club.clock.advance(by=timedelta(seconds=1))
    club.venue.set_price(BTC, Decimal(58000), club.clock.now())
    await two_workers(club)

    for member in club.members:
        trade = await club.trade(member)
        assert (await club.at_venue(member)).flat
        assert (trade.position.state, trade.position.close_reason) == (PositionState.CLOSED, CloseReason.SL)


async def test_two_planners_of_one_signal_make_one_position_for_each(store: PostgresStore) -> None:
    """rules: SIG-30, ELG-05"""
    club = await open_club(store=store)
    for _ in range(10):
        await club.join()
    await club.market()
    receipt = await club.alert("SINAL LONG FORTE")

    await at_once(lambda: club.platform.plan_orders()(receipt.signal), 3)
    await club.work()

    assert [len(await club.trades(member)) for member in club.members] == [1] * 10
    assert [(await club.at_venue(member)).entries for member in club.members] == [1] * 10


async def test_two_signals_at_once_cannot_both_take_the_last_place(store: PostgresStore) -> None:
    """rules: ELG-05"""
    club = await open_club(store=store)
    for _ in range(10):
        await club.join(wishes={"max_open_positions": 1})
    await club.market()
    receipts = [await club.alert("SINAL LONG FORTE"), await club.alert("SINAL LONG FORTE", symbol=ETH)]

    await asyncio.gather(*(club.platform.plan_orders()(receipt.signal) for receipt in receipts))
    await two_workers(club)

    assert [len((await club.at_venue(member)).held) for member in club.members] == [1] * 10
    for member in club.members:
        reasons = [list(await club.reasons(member, receipt)) for receipt in receipts]
        assert sorted(reasons) == [[], ["position_limit"]]


async def test_two_settlers_at_once_charge_once(store: PostgresStore) -> None:
    """rules: COM-07, LED-06, LED-07"""
    club = await open_club(store=store)
    affiliate = await club.join(wishes={"auto_trade_enabled": False})
    for _ in range(6):
        await club.join(referred_by=affiliate.id)
    await club.market()
    await club.alert("SINAL LONG FORTE")
    await club.work()
    club.clock.advance(by=timedelta(minutes=1))
    club.venue.set_price(BTC, Decimal(62000), club.clock.now())
    await club.platform.apply_fills()()

    charged = await at_once(club.platform.settle_trades(), 4)

    assert sum(charged) == 6
    for member in club.members[1:]:
        events = await club.events((await club.trade(member)).position.id)
        assert [event.name for event in events].count(EventName.COMMISSION_CHARGED) == 1
        async with store() as work:
            assert (await work.books.holdings(member.id)).real_in(BRL) < Money(500_00, BRL)
    assert (await club.platform.check_invariants()()).holds


async def test_a_credit_asked_for_many_times_at_once_is_posted_once(store: PostgresStore) -> None:
    """rules: LED-06, LED-07, PAY-06"""
    club = await open_club(store=store)
    member = await club.join(real=Money.zero(BRL))

    postings = await at_once(lambda: club.platform.record_recharge()(member.id, Money(200_00, BRL), "pi-x"), 8)

    assert len({posting.id for posting in postings}) == 1
    async with store() as work:
        assert (await work.books.holdings(member.id)).real_in(BRL) == Money(200_00, BRL)


async def test_a_sweep_and_the_stream_at_once_end_a_position_once(store: PostgresStore) -> None:
    """rules: POS-10, POS-06"""
    club = await open_club(store=store)
    member = await club.join()
    await club.market()
    await club.alert("SINAL LONG FORTE")
    await club.work()
    club.clock.advance(by=timedelta(minutes=1))
    club.venue.set_price(BTC, Decimal(58000), club.clock.now())
    await club.platform.reconcile()()

    await asyncio.gather(club.platform.place_orders()(), club.platform.apply_fills()(), club.platform.place_orders()())
    await club.work()

    trade = await club.trade(member)
    events = [event.name for event in await club.events(trade.position.id)]
    assert events.count(EventName.POSITION_CLOSED) == 1
    assert trade.position.close_reason is CloseReason.SL
    assert (await club.at_venue(member)).held == {}
