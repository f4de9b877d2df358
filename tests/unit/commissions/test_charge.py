"""What a closed trade costs, and who gets which part of it."""

from collections.abc import Mapping
from decimal import Decimal
from operator import itemgetter
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_domain.commissions.bases import WaterMark, above_mark, day_profit
from cbc_domain.commissions.model import Charge, SettlementReason, Terms
from cbc_domain.commissions.rules import TermsIncomplete, charge
from cbc_domain.identity.model import AffiliateTier, Region
from cbc_domain.kernel.errors import Invalid
from cbc_domain.kernel.money import BRL, USD, Money
from cbc_domain.kernel.rates import FxRate, RateNeeded
from cbc_domain.kernel.venues import Environment
from cbc_domain.plans.model import CommissionBasis, PlanCode, ShareBasis
from cbc_domain.plans.rules import plan
from tests.rulebook import cases, table
from tests.strategies.ledger import AFFILIATE, brl, rate_of, rates, usd

RATE = rate_of("5.25")

profits = st.decimals("0.00000001", "1000000", places=8)
tiers = st.sampled_from(AffiliateTier)
paid_plans = st.sampled_from([PlanCode.FLEX_BR, PlanCode.PRO_BR, PlanCode.FLEX_US, PlanCode.PRO_US])


def terms_of(code: str, tier: AffiliateTier = AffiliateTier.NONE) -> Terms:
    held = plan(code)
    affiliate = None if tier is AffiliateTier.NONE else AFFILIATE
    return Terms(held.code, held.commission_rate, (held.region or Region.BR).billing, affiliate, tier)


def charged(code: str, profit: str, tier: AffiliateTier, basis: ShareBasis = ShareBasis.COMMISSION) -> Charge:
    cost = charge(Decimal(profit), Environment.LIVE, terms_of(code, tier), RATE, basis)
    assert isinstance(cost, Charge)
    return cost


def priced(given: Mapping[str, Any]) -> Charge | RateNeeded:
    terms = terms_of(given["plan"], AffiliateTier(given["affiliate_tier"]))
    rate = rate_of(given["fx_brl_per_usd"]) if given["fx_brl_per_usd"] else None
    basis = ShareBasis(given["basis"])
    return charge(Decimal(given["profit_usd"]), Environment(given["environment"]), terms, rate, basis)


CASES = table("commission_cases")


@pytest.mark.parametrize("case", [row for row in CASES if "error" not in row["expect"]], ids=itemgetter("id"))
def test_a_closed_trade_costs_what_the_table_says(case: Mapping[str, Any]) -> None:
    """rules: COM-01, COM-02, COM-03, GEN-03, MON-03"""
    expected = case["expect"]

    cost = priced(case["input"])

    assert isinstance(cost, Charge)
    parts = (cost.commission.text, cost.affiliate.text, cost.company.text)
    assert parts == (expected["commission"], expected["affiliate"], expected["company"])
    assert cost.commission.currency.code == expected["currency"] or expected["currency"] is None
    assert cost.reason == expected["reason"]
    assert bool(cost.commission) is expected["charged"]


def test_a_charge_without_a_rate_waits() -> None:
    """rules: COM-02, FX-03 (COMC-036)"""
    (case,) = [row for row in CASES if row["expect"].get("error") == "rate_unavailable"]

    assert priced(case["input"]) == RateNeeded()


def test_an_unknown_plan_is_an_error() -> None:
    """rules: COM-12, PLAN-02 (COMC-037)"""
    (case,) = [row for row in CASES if row["expect"].get("error") == "plan_unknown"]

    with pytest.raises(Invalid) as refused:
        priced(case["input"])

    assert refused.value.code == "plan_unknown"


@given(profits, paid_plans, tiers, rates, st.sampled_from(ShareBasis))
def test_company_and_affiliate_get_the_whole_commission(
    profit: Decimal, code: PlanCode, tier: AffiliateTier, rate: FxRate, basis: ShareBasis
) -> None:
    """rules: COM-03"""
    cost = charge(profit, Environment.LIVE, terms_of(code, tier), rate, basis)

    assert isinstance(cost, Charge)
    assert cost.affiliate + cost.company == cost.commission
    assert cost.affiliate.minor >= 0
    assert cost.company.minor >= 0
    assert bool(cost.commission) is (cost.reason is SettlementReason.CHARGED)


@given(profits, paid_plans, rates)
def test_a_commission_is_within_half_a_cent_of_the_exact_one(profit: Decimal, code: PlanCode, rate: FxRate) -> None:
    """rules: COM-02, GEN-03"""
    cost = charge(profit, Environment.LIVE, terms_of(code), rate)

    assert isinstance(cost, Charge)
    factor = rate.brl_per_usd if cost.commission.currency == BRL else Decimal(1)
    exact = profit * (plan(code).commission_rate or Decimal(0)) * factor
    assert abs(cost.commission.amount - exact) <= Decimal("0.005")


@given(st.decimals("-1000000", "0", places=8), paid_plans, tiers)
def test_a_loss_costs_nothing_and_needs_no_rate(result: Decimal, code: PlanCode, tier: AffiliateTier) -> None:
    """rules: COM-01"""
    cost = charge(result, Environment.LIVE, terms_of(code, tier), None)

    assert isinstance(cost, Charge)
    assert (cost.reason, bool(cost.commission)) == (SettlementReason.NO_PROFIT, False)


@given(profits, paid_plans, tiers, st.sampled_from([Environment.TESTNET, Environment.PAPER]))
def test_rehearsals_are_never_charged(profit: Decimal, code: PlanCode, tier: AffiliateTier, environment: Environment) -> None:
    """rules: COM-01"""
    cost = charge(profit, environment, terms_of(code, tier), None)

    assert isinstance(cost, Charge)
    assert cost.reason is SettlementReason.NOT_CHARGEABLE


@pytest.mark.parametrize(
    ("code", "tier", "commission", "affiliate", "company"),
    [
        ("PRO_BR", AffiliateTier.NORMAL, brl("52.50"), brl("0.79"), brl("51.71")),
        ("PRO_BR", AffiliateTier.VIP, brl("52.50"), brl("2.63"), brl("49.87")),
        ("FLEX_BR", AffiliateTier.NORMAL, brl("105.00"), brl("1.58"), brl("103.42")),
        ("FLEX_BR", AffiliateTier.VIP, brl("105.00"), brl("5.25"), brl("99.75")),
        ("PRO_US", AffiliateTier.NORMAL, usd("10.00"), usd("0.15"), usd("9.85")),
        ("PRO_US", AffiliateTier.VIP, usd("10.00"), usd("0.50"), usd("9.50")),
        ("FLEX_US", AffiliateTier.NORMAL, usd("20.00"), usd("0.30"), usd("19.70")),
        ("FLEX_US", AffiliateTier.VIP, usd("20.00"), usd("1.00"), usd("19.00")),
    ],
)
def test_worked_example_of_a_hundred_dollars_profit(
    code: str, tier: AffiliateTier, commission: Money, affiliate: Money, company: Money
) -> None:
    """rules: COM-02, COM-03 (COM-EX1)"""
    cost = charged(code, "100", tier)

    assert (cost.commission, cost.affiliate, cost.company) == (commission, affiliate, company)


@pytest.mark.parametrize(
    ("tier", "affiliate", "company"), [(AffiliateTier.NORMAL, "7.88", "44.62"), (AffiliateTier.VIP, "26.25", "26.25")]
)
def test_worked_example_of_a_share_of_the_profit(tier: AffiliateTier, affiliate: str, company: str) -> None:
    """rules: COM-03 (COM-EX1)"""
    cost = charged("PRO_BR", "100", tier, ShareBasis.PROFIT)

    assert (cost.affiliate, cost.company) == (brl(affiliate), brl(company))


@pytest.mark.parametrize(("profit", "commission"), [("10.05", "1.01"), ("0.05", "0.01"), ("0.04999999", "0.00")])
def test_worked_example_of_small_profits(profit: str, commission: str) -> None:
    """rules: COM-02, GEN-03 (COM-EX2)"""
    assert charged("PRO_US", profit, AffiliateTier.NONE).commission == usd(commission)


def test_a_share_of_the_profit_is_never_more_than_the_commission() -> None:
    """rules: COM-03"""
    terms = attrs.evolve(terms_of("PRO_US", AffiliateTier.VIP), rate=Decimal("0.01"))

    cost = charge(Decimal(100), Environment.LIVE, terms, None, ShareBasis.PROFIT)

    assert isinstance(cost, Charge)
    assert (cost.commission, cost.affiliate, cost.company) == (usd("1.00"), usd("1.00"), usd("0.00"))


def test_the_rate_frozen_at_opening_counts_whatever_the_plan_says_now() -> None:
    """rules: COM-04, PLAN-11"""
    terms = attrs.evolve(terms_of("FLEX_US"), rate=Decimal("0.10"))

    cost = charge(Decimal(100), Environment.LIVE, terms, None)

    assert isinstance(cost, Charge)
    assert cost.commission == usd("10.00")


@pytest.mark.parametrize("code", [PlanCode.TRIAL, PlanCode.NONE])
def test_plans_without_a_commission_are_never_charged(code: PlanCode) -> None:
    """rules: PLAN-01, COM-01"""
    cost = charge(Decimal(100), Environment.LIVE, Terms(code, plan(code).commission_rate, BRL), None)

    assert isinstance(cost, Charge)
    assert cost.reason is SettlementReason.NOT_CHARGEABLE


@pytest.mark.parametrize(
    "terms",
    [
        Terms(PlanCode.PRO_US, None, USD),
        Terms(PlanCode.PRO_US, Decimal("0.10"), USD, None, AffiliateTier.NORMAL),
        Terms(PlanCode.PRO_US, Decimal("0.10"), USD, basis=CommissionBasis.DAILY_NET),
    ],
)
def test_incomplete_terms_are_an_error_and_no_charge_by_default(terms: Terms) -> None:
    """rules: COM-12"""
    with pytest.raises(TermsIncomplete) as refused:
        charge(Decimal(100), Environment.LIVE, terms, RATE)

    assert refused.value.code == "state_conflict"


@pytest.mark.parametrize("profit", ["NaN", "Infinity", "-Infinity"])
def test_a_profit_that_is_no_number_is_refused(profit: str) -> None:
    """rules: GEN-02, GEN-12"""
    with pytest.raises(Invalid):
        charge(Decimal(profit), Environment.LIVE, terms_of("PRO_US"), RATE)


def fees(bases: list[Decimal], rate: str) -> list[Money]:
    terms = attrs.evolve(terms_of("PRO_US"), rate=Decimal(rate))
    costs = [charge(profit, Environment.LIVE, terms, None) for profit in bases]
    return [cost.commission for cost in costs if isinstance(cost, Charge)]


@pytest.mark.parametrize("case", cases("commission_basis_cases"))
def test_each_commission_basis_charges_what_the_table_says(case: Mapping[str, Any]) -> None:
    """rules: COM-20"""
    results = [Decimal(result) for result in case["input"]["net_pnl_usd_in_close_order"]]
    rate, expected = case["input"]["rate"], case["expect"]
    marks = [WaterMark()]
    for result in results:
        marks.append(marks[-1].after(result))

    per_trade = fees(results, rate)
    high_water = fees([above_mark(mark, result) for mark, result in zip(marks, results, strict=False)], rate)
    (due,) = fees([day_profit(results)], rate)
    pre_deducted = Money(sum(fee.minor for fee in per_trade), USD)

    assert [fee.text for fee in per_trade] == expected["per_trade"]
    assert [fee.text for fee in high_water] == expected["high_water_mark"]
    assert due.text == expected["daily_net"]["due"]
    assert pre_deducted.text == expected["daily_net"]["pre_deducted"]
    assert (pre_deducted - due).text == expected["daily_net"]["refund"]


@given(st.lists(st.decimals("-10000", "10000", places=8), max_size=12))
def test_the_high_water_mark_never_charges_more_than_was_won_in_all(results: list[Decimal]) -> None:
    """rules: COM-20"""
    mark, charged_on = WaterMark(), Decimal(0)
    for result in results:
        charged_on += above_mark(mark, result)
        mark = mark.after(result)

    assert charged_on == mark.highest
