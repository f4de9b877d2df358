"""Credits that members get, turn over and lose: conversions, lapses, and what staff and members see of debt."""

from datetime import timedelta
from decimal import Decimal

import attrs
import pytest

from cbc_domain.identity.model import AccountStatus, AffiliateTier, Member
from cbc_domain.kernel.errors import Conflict, Denied, DomainError, FieldFaults, Invalid, NotFound
from cbc_domain.kernel.events import EventName
from cbc_domain.kernel.ids import MemberId
from cbc_domain.kernel.money import BRL, USD, Money
from cbc_domain.ledger.ageing import AgeBand
from cbc_domain.ledger.holdings import Holdings
from cbc_domain.ledger.postings import opening
from cbc_domain.plans.model import PlanCode
from cbc_domain.ports.exchange import Exchange
from cbc_entrypoints.worker.role import Role
from cbc_entrypoints.worker.schedules import schedules
from tests.club import Club, open_club
from tests.strategies.ledger import brl, usd

WHY = "moved house, letter seen"


async def held(club: Club, member: Member) -> Holdings:
    async with club.store() as work:
        return await work.books.holdings(member.id)


async def affiliate_with(club: Club, *commission: Money, real: Money = brl("0.00")) -> Member:
    member = await club.join(real=real, tier=AffiliateTier.NORMAL)
    async with club.store() as work:
        now = club.clock.now()
        await work.books.post([opening(member.id, Money.zero(one.currency), one, [], now) for one in commission], now)
        await work.commit()
    return member


async def won(club: Club, price: str = "62000") -> None:
    await club.market()
    await club.alert("SINAL LONG FORTE")
    await club.work()
    await club.price(price)


async def test_a_conversion_makes_one_lot_of_amount_and_bonus_for_thirty_days() -> None:
    """rules: AFF-30, LED-F13, BAL-04 (AFF-EX1)"""
    club = await open_club()
    member = await affiliate_with(club, brl("150.00"), usd("7.00"))

    done = await club.platform.convert_commission()(member.id, brl("100.00"), "k-1")

    has = await held(club, member)
    assert (done.turned.amount, done.turned.bonus, done.turned.credited) == (brl("100.00"), brl("10.00"), brl("110.00"))
    assert (has.commission_in(BRL), has.commission_in(USD), has.real_in(BRL)) == (brl("50.00"), usd("7.00"), brl("0.00"))
    assert [(lot.remaining, lot.expires_at) for lot in has.lots] == [(brl("110.00"), club.clock.now() + timedelta(days=30))]
    events = [event.name for event in await club.events(member.id)]
    assert events.count(EventName.SHARE_CONVERTED) == 1


async def test_a_conversion_is_made_once_per_key_and_member() -> None:
    """rules: AFF-30, GEN-10, LED-06"""
    club = await open_club()
    first, second = await affiliate_with(club, brl("150.00")), await affiliate_with(club, brl("150.00"))
    convert = club.platform.convert_commission()

    once = await convert(first.id, brl("100.00"), "k")
    again = await convert(first.id, brl("100.00"), "k")
    await convert(second.id, brl("30.00"), "k")
    with pytest.raises(Conflict) as refused:
        await convert(first.id, brl("20.00"), "k")

    assert again == once
    assert refused.value.code == "idempotency_key_reused"
    assert (await held(club, first)).commission_in(BRL) == brl("50.00")
    assert (await held(club, second)).commission_in(BRL) == brl("120.00")
    assert [event.name for event in await club.events(first.id)].count(EventName.SHARE_CONVERTED) == 1


async def test_a_conversion_is_possible_with_a_debt_and_pays_it_first() -> None:
    """rules: DBT-02, DBT-03, AFF-30, DBT-05"""
    club = await open_club()
    member = await club.join(real=brl("100.00"), equity="40000", tier=AffiliateTier.NORMAL)
    await won(club)
    (debt,) = (await held(club, member)).debts
    async with club.store() as work:
        now = club.clock.now()
        await work.books.post([opening(member.id, brl("0.00"), brl("2000.00"), [], now)], now)
        await work.commit()

    await club.platform.convert_commission()(member.id, brl("2000.00"), "k")

    has = await held(club, member)
    assert has.debts == ()
    assert has.operating(BRL, club.clock.now()) == brl("2200.00") - debt.remaining
    assert EventName.DEBT_SETTLED in [event.name for event in await club.events(member.id)]
    assert (await club.platform.check_invariants()()).holds


@pytest.mark.parametrize(
    ("amount", "code"),
    [("150.01", "insufficient_funds"), ("0.00", "amount_not_positive"), ("-1.00", "amount_not_positive"), ("150.00", None)],
)
async def test_a_conversion_takes_at_most_the_balance(amount: str, code: str | None) -> None:
    """rules: AFF-30, MON-06"""
    club = await open_club()
    member = await affiliate_with(club, brl("150.00"), usd("500.00"))
    found = None

    try:
        await club.platform.convert_commission()(member.id, brl(amount), "k")
    except DomainError as fault:
        found = fault.code

    assert found == code


@pytest.mark.parametrize("status", [AccountStatus.SUSPENDED, AccountStatus.INACTIVE, AccountStatus.PENDING_VERIFICATION])
async def test_a_suspended_affiliate_converts_nothing(status: AccountStatus) -> None:
    """rules: ROL-12, AFF-30"""
    club = await open_club()
    member = await affiliate_with(club, brl("150.00"))
    async with club.store() as work:
        await work.people.save(attrs.evolve(member, status=status))
        await work.commit()

    with pytest.raises(Denied):
        await club.platform.convert_commission()(member.id, brl("1.00"), "k")
    with pytest.raises(NotFound):
        await club.platform.convert_commission()(MemberId(club.identities.new()), brl("1.00"), "k")


async def test_what_is_left_of_a_credit_lapses_at_its_end_and_is_told_once() -> None:
    """rules: BAL-04, LED-F08, GEN-07, ARC-07"""
    club = await open_club()
    member = await club.join(real=brl("0.00"))
    await club.platform.grant_credit()(member.id, brl("10.00"), "r1", "staff", "a welcome")

    club.clock.advance(by=timedelta(days=30) - timedelta(microseconds=1))
    early = await club.platform.expire_credit()()
    usable = (await held(club, member)).operating(BRL, club.clock.now())
    club.clock.advance(by=timedelta(microseconds=1))
    unusable = (await held(club, member)).operating(BRL, club.clock.now())
    lapsed = [await club.platform.expire_credit()() for _ in range(2)]

    assert (early, usable, unusable, lapsed) == (0, brl("10.00"), brl("0.00"), [1, 0])
    assert (await held(club, member)).lots == ()
    assert [event.name for event in await club.events(member.id)].count(EventName.BALANCE_DEBITED) == 1
    assert (await club.platform.check_invariants()()).holds


async def test_the_clock_settles_every_minute_lapses_hourly_and_reviews_daily() -> None:
    """rules: BAL-04, FX-03, COM-15"""
    club = await open_club()

    every = {schedule.name: schedule.every for schedule in schedules(club.platform, Role.MONEY)}

    assert every["settle"] == timedelta(minutes=1)
    assert every["expire_credit"] == timedelta(hours=1)
    assert every["review_results"] == timedelta(days=1)


@pytest.mark.parametrize(
    ("amount", "accepted"), [("1000000000.00", True), ("1000000000.01", False), ("0.01", True), ("0.00", False)]
)
async def test_a_single_amount_is_positive_and_at_most_a_thousand_million(amount: str, *, accepted: bool) -> None:
    """rules: MON-06"""
    club = await open_club()
    member = await club.join(real=brl("0.00"))
    asked = (
        club.platform.grant_credit()(member.id, brl(amount), "r1", "staff", "a welcome"),
        club.platform.record_recharge()(member.id, brl(amount), "pi-large"),
    )
    done = []

    for act in asked:
        try:
            await act
            done.append(True)
        except Invalid:
            done.append(False)

    assert done == [accepted, accepted]


async def test_staff_see_how_old_debts_are_and_the_member_which_they_are() -> None:
    """rules: DBT-07"""
    club = await open_club()
    member = await club.join(real=brl("100.00"), equity="40000")
    await won(club)
    (debt,) = (await held(club, member)).debts

    young = await club.platform.show_debts().ageing()
    club.clock.advance(by=timedelta(days=8))
    older = await club.platform.show_debts().ageing()

    assert (young, older) == ({(AgeBand.WEEK, BRL): debt.remaining}, {(AgeBand.MONTH, BRL): debt.remaining})
    assert (await club.platform.show_money().balances(member)).debts == (debt,)


async def test_the_platform_balance_decides_nothing_about_the_size_of_a_trade() -> None:
    """rules: BAL-02, SIZ-01"""
    club = await open_club()
    poor, rich = await club.join(real=brl("100.00")), await club.join(real=brl("100000.00"))
    await club.market()
    await club.alert("SINAL LONG FORTE")
    await club.work()

    sizes = [(await club.trade(member)).position.size for member in (poor, rich)]

    assert sizes[0] == sizes[1]
    asks = {"transfers"}
    assert not [name for name in set(dir(Exchange)) - asks if "transfer" in name or "withdraw" in name or "deposit" in name]


async def test_the_exchange_account_of_each_member_is_his_own() -> None:
    """rules: BAL-02"""
    club = await open_club()
    first, second = await club.join(), await club.join()

    await won(club)

    accounts = [club.venue.accounts[(await club.account(member)).id] for member in (first, second)]
    assert accounts[0].id != accounts[1].id
    assert [account.deposits for account in accounts] == [Decimal(1000), Decimal(1000)]


async def test_an_affiliate_earns_from_settled_profits_and_from_nothing_else() -> None:
    """rules: COM-09"""
    club = await open_club()
    affiliate = await club.join(wishes={"auto_trade_enabled": False}, tier=AffiliateTier.VIP)
    member = await club.join(referred_by=affiliate.id)
    await club.platform.record_recharge()(member.id, brl("900.00"), "pi-more")
    await club.platform.grant_credit()(member.id, brl("900.00"), "r1", "staff", "a welcome")
    await club.market()
    await club.alert("SINAL LONG FORTE")
    await club.work()
    opened = await held(club, affiliate)

    await club.price("58000")
    lost = await held(club, affiliate)
    club.clock.advance(by=timedelta(hours=3))
    await won(club, "60000")

    assert [has.commission_in(BRL) for has in (opened, lost)] == [brl("0.00")] * 2
    assert (await held(club, affiliate)).commission_in(BRL) > brl("0.00")


async def test_a_member_moves_with_proof_and_his_balances_keep_their_currency() -> None:
    """rules: MON-05, MON-04, PLAN-04"""
    club = await open_club()
    member = await club.join(PlanCode.FLEX_BR)

    await club.platform.move_region()(member.id, "US", "passport 1", "admin-1", WHY)
    await club.platform.move_region()(member.id, "US", "passport 1", "admin-1", WHY)

    async with club.store() as work:
        moved, membership = await work.people.member(member.id), await work.people.membership(member.id)
    assert moved is not None
    assert (moved.country, moved.region.billing, membership.plan) == ("US", USD, PlanCode.NONE)
    has = await held(club, member)
    assert (has.real_in(BRL), has.real_in(USD)) == (brl("500.00"), usd("0.00"))
    (event,) = [event for event in await club.events(member.id) if event.name is EventName.CONFIG_CHANGED]
    assert (event.data["actor"], event.data["proof"], event.data["reason"]) == ("admin-1", "passport 1", WHY)


@pytest.mark.parametrize(
    ("country", "proof", "reason", "code"),
    [
        ("XX", "passport", WHY, "validation_error"),
        ("US", "  ", WHY, "validation_error"),
        ("US", "passport", "because", "reason_required"),
        ("US", "passport", WHY, "state_conflict"),
    ],
)
async def test_nobody_moves_without_proof_and_reason_or_within_a_paid_period(
    country: str, proof: str, reason: str, code: str
) -> None:
    """rules: MON-05, ROL-07"""
    club = await open_club()
    member = await club.join(PlanCode.PRO_BR)

    with pytest.raises(DomainError) as refused:
        await club.platform.move_region()(member.id, country, proof, "admin-1", reason)

    assert refused.value.code == code
    async with club.store() as work:
        assert await work.people.member(member.id) == member


async def test_a_move_within_a_region_changes_no_plan() -> None:
    """rules: MON-05"""
    club = await open_club()
    member = await club.join(PlanCode.PRO_US, real=usd("30.00"))

    await club.platform.move_region()(member.id, "PT", "passport 2", "admin-1", WHY)

    async with club.store() as work:
        assert (await work.people.membership(member.id)).plan is PlanCode.PRO_US
    with pytest.raises(NotFound):
        await club.platform.move_region()(MemberId(club.identities.new()), "PT", "passport", "admin-1", WHY)
    with pytest.raises(FieldFaults):
        await club.platform.move_region()(member.id, "PT", "", "admin-1", WHY)
