"""Several at once want the same money on a real PostgreSQL: it moves once, and the books prove it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import TypeVar

from cbc_adapters.persistence.postgres.unit_of_work import PostgresStore
from cbc_domain.application.money.reverse_commission import Request
from cbc_domain.commissions.model import SettlementState
from cbc_domain.identity.model import AffiliateTier, Member
from cbc_domain.kernel.events import EventName
from cbc_domain.kernel.money import BRL, Money
from cbc_domain.ledger.holdings import Holdings
from cbc_domain.ledger.postings import opening
from tests.club import BTC, Club, open_club

T = TypeVar("T")
WHY = "the price feed was wrong"


async def at_once(act: Callable[[], Awaitable[T]], times: int) -> Sequence[T]:
    return await asyncio.gather(*(act() for _ in range(times)))


async def closed(club: Club) -> None:
    """Everybody's trade is closed with a profit, and nobody has settled it."""
    await club.market()
    await club.alert("SINAL LONG FORTE")
    await club.work()
    club.clock.advance(by=timedelta(minutes=1))
    club.venue.set_price(BTC, Decimal(62000), club.clock.now())
    await club.platform.apply_fills()()


async def held(club: Club, member: Member) -> Holdings:
    async with club.store() as work:
        return await work.books.holdings(member.id)


async def names(club: Club, member: Member) -> list[EventName]:
    return [event.name for event in await club.events((await club.trade(member)).position.id)]


async def test_two_settlements_of_one_position_are_one(store: PostgresStore) -> None:
    """rules: COM-07, LED-06, LED-07"""
    club = await open_club(store=store)
    affiliate = await club.join(wishes={"auto_trade_enabled": False}, tier=AffiliateTier.VIP)
    member = await club.join(referred_by=affiliate.id)
    await closed(club)

    settled = await at_once(club.platform.settle_trades(), 8)

    assert sorted(settled) == [0] * 7 + [1]
    position = (await club.trade(member)).position
    assert position.settlement is SettlementState.SETTLED
    assert (await names(club, member)).count(EventName.COMMISSION_CHARGED) == 1
    async with store() as work:
        (settlement,) = await work.trades.settlements([position.id])
    assert settlement.commission is not None
    assert (await held(club, member)).real_in(BRL) == Money(500_00, BRL) - settlement.commission
    assert (await held(club, affiliate)).commission_in(BRL) == settlement.affiliate
    assert (await club.platform.check_invariants()()).holds


async def test_two_reversals_of_one_commission_are_one(store: PostgresStore) -> None:
    """rules: COM-14, LED-05, LED-07"""
    club = await open_club(store=store)
    affiliate = await club.join(wishes={"auto_trade_enabled": False}, tier=AffiliateTier.VIP)
    member = await club.join(referred_by=affiliate.id)
    await closed(club)
    await club.platform.settle_trades()()
    asked = Request((await club.trade(member)).position.id, "admin-1", WHY)

    postings = await at_once(lambda: club.platform.reverse_commission()(asked), 6)

    assert len({posting.id for posting in postings}) == 1
    assert sum(not posting.replay for posting in postings) == 1
    assert (await held(club, member)).real_in(BRL) == Money(500_00, BRL)
    assert (await names(club, member)).count(EventName.COMMISSION_REVERSED) == 1
    assert (await club.platform.check_invariants()()).holds


async def test_a_debt_is_not_forgiven_and_paid_at_the_same_time(store: PostgresStore) -> None:
    """rules: DBT-06, DBT-03, LED-07, DBT-05"""
    club = await open_club(store=store)
    member = await club.join(real=Money(100_00, BRL), equity="40000")
    await closed(club)
    await club.platform.settle_trades()()
    (debt,) = (await held(club, member)).debts
    half = Money(debt.remaining.minor // 2, BRL)
    forgive, recharge = club.platform.forgive_debt(), club.platform.record_recharge()

    await asyncio.gather(
        *(forgive(debt.id, half, "r-1", "admin-1", WHY) for _ in range(3)),
        *(recharge(member.id, debt.remaining, "pi-race") for _ in range(3)),
        return_exceptions=True,
    )

    has = await held(club, member)
    assert has.debts == ()
    assert has.real_in(BRL) in {half, Money(0, BRL)}
    events = [event.name for event in await club.events(member.id)]
    assert events.count(EventName.DEBT_SETTLED) == 1
    assert (await club.platform.check_invariants()()).holds


async def test_many_conversions_at_once_take_no_more_than_there_is(store: PostgresStore) -> None:
    """rules: AFF-30, LED-04, LED-07"""
    club = await open_club(store=store)
    member = await club.join(real=Money(0, BRL), tier=AffiliateTier.NORMAL)
    async with store() as work:
        now = club.clock.now()
        await work.books.post([opening(member.id, Money(0, BRL), Money(100_00, BRL), [], now)], now)
        await work.commit()
    convert = club.platform.convert_commission()

    answers = await asyncio.gather(
        *(convert(member.id, Money(30_00, BRL), f"k-{number}") for number in range(8)), return_exceptions=True
    )

    assert sum(not isinstance(answer, BaseException) for answer in answers) == 3
    has = await held(club, member)
    assert has.commission_in(BRL) == Money(10_00, BRL)
    assert has.operating(BRL, club.clock.now()) == Money(99_00, BRL)
    assert (await club.platform.check_invariants()()).holds


async def test_credit_lapses_once_however_many_ask(store: PostgresStore) -> None:
    """rules: BAL-04, LED-F08, LED-07"""
    club = await open_club(store=store)
    member = await club.join(real=Money(0, BRL))
    for number in range(4):
        await club.platform.grant_credit()(member.id, Money(10_00, BRL), f"r-{number}", "staff", "a welcome")
    club.clock.advance(by=timedelta(days=31))

    lapsed = await at_once(club.platform.expire_credit(), 4)

    assert sum(lapsed) == 4
    assert (await held(club, member)).lots == ()
    assert (await club.platform.check_invariants()()).holds
