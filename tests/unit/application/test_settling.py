"""A closed trade becomes money once: the commission, its parts, the debt, and what costs nothing."""

from datetime import timedelta
from decimal import Decimal

import attrs
import pytest

from cbc_domain.application.money.settle_trades import NotJudged
from cbc_domain.commissions.model import SettlementReason, SettlementState
from cbc_domain.identity.model import AffiliateTier
from cbc_domain.kernel.events import EventName
from cbc_domain.kernel.money import BRL, USD, Money
from cbc_domain.kernel.rates import FxRate
from cbc_domain.kernel.venues import Environment
from cbc_domain.plans.model import PlanCode
from cbc_domain.ports.persistence.trades import Settlement
from cbc_domain.trading.positions import net
from tests.club import RATE, Club, open_club


async def settled(club: Club, number: int = 0) -> Settlement:
    position = (await club.trade(club.members[number])).position.id
    async with club.store() as work:
        (settlement,) = await work.trades.settlements([position])
    return settlement


async def won(club: Club) -> None:
    await club.market()
    await club.alert("SINAL LONG FORTE")
    await club.work()
    await club.price("62000")


async def real_of(club: Club, number: int = 0) -> Money:
    async with club.store() as work:
        return (await work.books.holdings(club.members[number].id)).real_in(BRL)


async def test_a_win_costs_its_plans_share_of_the_net_profit_at_the_rate_of_the_close() -> None:
    """rules: COM-01, COM-02, COM-05, COM-08, COM-11"""
    club = await open_club()
    affiliate = await club.join(wishes={"auto_trade_enabled": False}, tier=AffiliateTier.VIP)
    await club.join(referred_by=affiliate.id)

    await won(club)

    settlement, profit = await settled(club, 1), net((await club.trade(club.members[1])).position)
    expected = Money(int((profit * RATE * Decimal("0.1") * 100).quantize(Decimal(1), "ROUND_HALF_UP")), BRL)
    share = Money(int((expected.amount * Decimal("0.05") * 100).quantize(Decimal(1), "ROUND_HALF_UP")), BRL)
    assert profit > 40
    assert (settlement.state, settlement.reason) == (SettlementState.SETTLED, SettlementReason.CHARGED)
    assert (settlement.commission, settlement.affiliate, settlement.company) == (expected, share, expected - share)
    assert await real_of(club, 1) == Money(500_00, BRL) - expected
    async with club.store() as work:
        assert (await work.books.holdings(affiliate.id)).commission_in(BRL) == share


async def test_a_trade_is_charged_once_whoever_asks_and_how_often() -> None:
    """rules: COM-07, LED-06"""
    club = await open_club()
    await club.join()
    await won(club)
    before = await real_of(club)

    again = [await club.platform.settle_trades()() for _ in range(3)]

    assert again == [0, 0, 0]
    assert await real_of(club) == before
    events = await club.events((await club.trade(club.members[0])).position.id)
    assert [event.name for event in events].count(EventName.COMMISSION_CHARGED) == 1


async def test_a_loss_costs_nothing() -> None:
    """rules: COM-01"""
    club = await open_club()
    await club.join()
    await club.market()
    await club.alert("SINAL LONG FORTE")
    await club.work()
    await club.price("58000")

    settlement = await settled(club)

    assert (settlement.state, settlement.reason) == (SettlementState.NOT_CHARGEABLE, SettlementReason.NO_PROFIT)
    assert await real_of(club) == Money(500_00, BRL)


async def test_a_win_on_testnet_costs_nothing() -> None:
    """rules: COM-01, ELG-07"""
    club = await open_club()
    await club.join(environment=Environment.TESTNET, wishes={"trading_mode": "testnet"})

    await won(club)

    settlement = await settled(club)
    assert (settlement.state, settlement.reason) == (SettlementState.NOT_CHARGEABLE, SettlementReason.NOT_CHARGEABLE)
    assert await real_of(club) == Money(500_00, BRL)


async def test_what_the_balance_does_not_pay_becomes_a_debt_that_stops_live_trading() -> None:
    """rules: COM-08, BAL-10, ELG-02, DBT-01"""
    club = await open_club()
    member = await club.join(real=Money(100_00, BRL), equity="40000")

    await won(club)

    settlement = await settled(club)
    assert settlement.commission is not None
    assert settlement.debt == settlement.commission - Money(100_00, BRL)
    club.clock.advance(by=timedelta(minutes=121))
    await club.market()
    receipt = await club.alert("SINAL LONG FORTE")
    await club.work()
    assert await club.reasons(member, receipt) == ["mode_not_available"]


async def test_without_a_rate_a_brl_charge_waits_for_the_first_one() -> None:
    """rules: COM-10, FX-04, GEN-12"""
    club = await open_club()
    await club.join()
    await club.join(PlanCode.PRO_US, real=Money(50_00, USD))
    club.clock.advance(by=timedelta(hours=25))
    await won(club)
    assert (await settled(club)).state is SettlementState.PENDING_RATE
    assert (await settled(club, 1)).state is SettlementState.SETTLED

    club.clock.advance(by=timedelta(hours=1))
    async with club.store() as work:
        await work.signals.add_rate(FxRate(Decimal("5.10"), "test", club.clock.now(), club.clock.now()))
        await work.commit()
    await club.platform.settle_trades()()

    settlement = await settled(club)
    assert settlement.state is SettlementState.SETTLED
    assert settlement.rate is not None
    assert settlement.rate.brl_per_usd == Decimal("5.10")


@pytest.mark.parametrize(
    ("order", "from_admin"), [("admin,real,other_currency,debt", True), ("real,admin,other_currency,debt", False)]
)
async def test_the_switch_says_which_balance_pays_first(order: str, *, from_admin: bool) -> None:
    """rules: BAL-10, COM-02"""
    club = await open_club()
    member = await club.join()
    async with club.store() as work:
        await work.configuration.set_switch("fee_debit_order", order, "test", "a choice", club.clock.now())
        await work.commit()
    await club.platform.grant_credit()(member.id, Money(1000_00, BRL), "r1", "staff", "a welcome")

    await won(club)

    assert (await real_of(club) == Money(500_00, BRL)) is from_admin


async def test_a_trade_whose_terms_are_incomplete_is_reported_and_holds_up_no_other() -> None:
    """rules: COM-12"""
    club = await open_club()
    await club.join()
    await club.join()
    await club.market()
    await club.alert("SINAL LONG FORTE")
    await club.work()
    broken = await club.trade(club.members[0])
    async with club.store() as work:
        terms = attrs.evolve(broken.position.terms, rate=None)
        await work.trades.save([attrs.evolve(broken, position=attrs.evolve(broken.position, terms=terms))], [])
        await work.commit()

    with pytest.raises(NotJudged, match=str(broken.position.id)) as refused:
        await club.price("62000")
    assert refused.value.code == "state_conflict"

    assert (await settled(club, 1)).state is SettlementState.SETTLED
    async with club.store() as work:
        assert await work.trades.settlements([broken.position.id]) == []
    assert await real_of(club) == Money(500_00, BRL)
