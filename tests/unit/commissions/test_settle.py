"""A closed trade settles into the journals of its commission, waits for a rate, or costs nothing."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_domain.commissions.model import (
    ClosedTrade,
    NotCharged,
    Settled,
    Settlement,
    SettlementReason,
    Terms,
    WaitsForRate,
)
from cbc_domain.commissions.rules import settle
from cbc_domain.identity.model import AffiliateTier
from cbc_domain.kernel.errors import Conflict
from cbc_domain.kernel.ids import PositionId
from cbc_domain.kernel.money import BRL, USD, Money
from cbc_domain.kernel.rates import FxRate
from cbc_domain.kernel.venues import Environment
from cbc_domain.ledger.holdings import Holdings
from cbc_domain.ledger.model import AccountKind
from cbc_domain.ledger.proof import balances, subledger_fault
from cbc_domain.ledger.rules import after
from cbc_domain.plans.model import PlanCode
from tests.strategies.ledger import (
    AFFILIATE,
    MEMBER,
    NEW_DEBT,
    NOW,
    brl,
    holdings,
    holdings_of,
    lot_of,
    rate_of,
    rates,
    usd,
)

RATE = rate_of("5.25")
POSITION = PositionId(UUID(int=42))
FLEX_BR = Terms(PlanCode.FLEX_BR, Decimal("0.20"), BRL, AFFILIATE, AffiliateTier.NORMAL)
PRO_US = Terms(PlanCode.PRO_US, Decimal("0.10"), USD)


def trade_of(profit: str, terms: Terms = FLEX_BR, environment: Environment = Environment.LIVE) -> ClosedTrade:
    return ClosedTrade(POSITION, MEMBER, environment, Decimal(profit), terms, NOW)


def settled(trade: ClosedTrade, held: Holdings, rate: FxRate | None = RATE, clawback: Money | None = None) -> Settlement:
    return settle(trade, held, clawback, rate, NEW_DEBT, NOW + timedelta(seconds=30))


@given(
    st.decimals("0.00000001", "1000000", places=8),
    holdings(),
    rates,
    st.sampled_from([FLEX_BR, PRO_US]),
    st.integers(0, 10_000),
)
def test_the_journals_of_a_settlement_balance_and_book_exactly_the_charge(
    profit: Decimal, held: Holdings, rate: FxRate, terms: Terms, owed: int
) -> None:
    """rules: COM-03, COM-08, LED-02, LED-20"""
    outcome = settled(trade_of(str(profit), terms), held, rate, Money(owed, terms.billing))

    if isinstance(outcome, Settled):
        sums = balances(outcome.journals)
        booked = {(account.kind, account.owner, account.currency): minor for account, minor in sums.items()}
        revenue = booked.get((AccountKind.COMMISSION_REVENUE, "company", terms.billing), 0)
        share = booked.get((AccountKind.MEMBER_COMMISSION, str(AFFILIATE), terms.billing), 0)
        repaid = -booked.get((AccountKind.AFFILIATE_CLAWBACK, str(AFFILIATE), terms.billing), 0)
        assert revenue == outcome.charge.company.minor
        assert share + repaid == outcome.charge.affiliate.minor
        assert repaid == min(owed, outcome.charge.affiliate.minor)
        assert all(subledger_fault(journal) is None for journal in outcome.journals)
        assert not any(sum(journal.sums().values()) for journal in outcome.journals)


@given(st.decimals("0.00000001", "1000000", places=8), holdings(), rates, st.sampled_from([FLEX_BR, PRO_US]))
def test_a_settlement_never_takes_more_than_the_member_holds(
    profit: Decimal, held: Holdings, rate: FxRate, terms: Terms
) -> None:
    """rules: BAL-10, LED-04, DBT-01"""
    outcome = settled(trade_of(str(profit), terms), held, rate)

    if isinstance(outcome, Settled):
        end = after(held, outcome.journals[0])
        assert end.owes(terms.billing) == held.owes(terms.billing) + outcome.spent.debt


def test_worked_example_of_a_profit_that_takes_everything_and_leaves_a_debt() -> None:
    """rules: COM-02, COM-07, COM-08, BAL-10, LED-F09 (BAL-EX1)"""
    lots = (lot_of(1, brl("10.00")), lot_of(2, brl("25.00")), lot_of(3, usd("2.00")))
    held = holdings_of(brl("30.00"), usd("3.00"), lots=lots)

    outcome = settled(trade_of("100"), held)

    assert isinstance(outcome, Settled)
    (journal,) = outcome.journals
    assert journal.key == f"commission:{POSITION}"
    assert journal.references == {"position": str(POSITION), "member": str(MEMBER), "affiliate": str(AFFILIATE)}
    assert outcome.charge.commission == brl("105.00")
    assert outcome.rate == RATE
    (debt,) = journal.debts_opened
    assert (debt.id, debt.amount, debt.remaining) == (NEW_DEBT, brl("13.75"), brl("13.75"))
    assert (debt.cause, debt.origin) == ("commission", str(POSITION))
    end = after(held, journal)
    assert (end.real_in(BRL), end.real_in(USD), end.lots, end.debts) == (brl("0.00"), usd("0.00"), (), (debt,))


def test_the_affiliate_is_credited_the_whole_share_although_the_charge_became_debt() -> None:
    """rules: COM-08"""
    outcome = settled(trade_of("100"), holdings_of())

    assert isinstance(outcome, Settled)
    assert outcome.spent.debt == brl("105.00")
    assert after(holdings_of(member=AFFILIATE), outcome.journals[0]).commission_in(BRL) == brl("1.58")


def test_an_affiliate_who_owes_repays_from_his_new_share() -> None:
    """rules: COM-14, LED-F12 (COM-EX3)"""
    affiliate = holdings_of(member=AFFILIATE, clawback=(brl("0.29"),))

    outcome = settled(trade_of("100"), holdings_of(brl("500.00")), clawback=brl("0.29"))

    assert isinstance(outcome, Settled)
    charge, repayment = outcome.journals
    assert repayment.key == f"clawback_comp:commission:{POSITION}"
    end = after(after(affiliate, charge), repayment)
    assert (end.commission_in(BRL), end.clawback_in(BRL)) == (brl("1.29"), brl("0.00"))


@pytest.mark.parametrize(
    ("trade", "reason"),
    [
        (trade_of("0"), SettlementReason.NO_PROFIT),
        (trade_of("-5"), SettlementReason.NO_PROFIT),
        (trade_of("0.04999999", PRO_US), SettlementReason.BELOW_ONE_CENT),
        (trade_of("100", environment=Environment.PAPER), SettlementReason.NOT_CHARGEABLE),
        (trade_of("100", environment=Environment.TESTNET), SettlementReason.NOT_CHARGEABLE),
    ],
)
def test_a_trade_that_costs_nothing_posts_nothing(trade: ClosedTrade, reason: SettlementReason) -> None:
    """rules: COM-01, COM-02, COM-10"""
    assert settled(trade, holdings_of(brl("500.00"))) == NotCharged(reason)


def test_a_charge_in_reais_waits_for_a_rate() -> None:
    """rules: FX-03, COM-10"""
    assert settled(trade_of("100"), holdings_of(brl("500.00")), rate=None) == WaitsForRate()


def test_a_rate_older_than_a_day_at_the_close_is_no_rate_and_a_later_one_is() -> None:
    """rules: FX-04"""
    stale = rate_of("5.25", NOW - timedelta(hours=24, seconds=1))
    fresh = rate_of("5.25", NOW - timedelta(hours=24))
    later = rate_of("5.30", NOW + timedelta(seconds=10))
    held = holdings_of(brl("500.00"))

    assert settled(trade_of("100"), held, stale) == WaitsForRate()
    assert isinstance(settled(trade_of("100"), held, fresh), Settled)
    outcome = settled(trade_of("100"), held, later)
    assert isinstance(outcome, Settled)
    assert outcome.charge.commission == brl("106.00")


def test_a_dollar_charge_waits_only_when_it_must_cross_into_reais() -> None:
    """rules: BAL-11, FX-03"""
    trade = trade_of("50", PRO_US)
    enough, short = holdings_of(usd("5.00"), brl("100.00")), holdings_of(usd("3.00"), brl("100.00"))

    assert isinstance(settled(trade, enough, rate=None), Settled)
    assert settled(trade, short, rate=None) == WaitsForRate()


def test_a_settlement_keeps_the_rate_only_when_it_needed_one() -> None:
    """rules: FX-05, COM-11"""
    trade = trade_of("50", PRO_US)

    paid = settled(trade, holdings_of(usd("5.00"), brl("100.00")))
    crossed = settled(trade, holdings_of(usd("3.00"), brl("100.00")))

    assert isinstance(paid, Settled)
    assert isinstance(crossed, Settled)
    assert (paid.rate, crossed.rate) == (None, RATE)


def test_with_the_switch_a_commission_takes_real_before_admin_credit() -> None:
    """rules: BAL-10"""
    held = holdings_of(usd("5.00"), lots=(lot_of(1, usd("5.00")),))

    outcome = settle(trade_of("50", PRO_US), held, None, RATE, NEW_DEBT, NOW, real_first=True)

    assert isinstance(outcome, Settled)
    assert (outcome.spent.real, outcome.spent.lot_uses) == ((usd("5.00"),), ())


def test_the_same_trade_decided_twice_posts_the_same_journals() -> None:
    """rules: COM-07, LED-06"""
    held = holdings_of(brl("50.00"), lots=(lot_of(1, brl("10.00")),))

    assert settled(trade_of("100"), held) == settled(trade_of("100"), held)


def test_holdings_of_another_member_are_refused() -> None:
    """rules: COM-12"""
    with pytest.raises(Conflict):
        settled(trade_of("100"), attrs.evolve(holdings_of(), member=AFFILIATE))
