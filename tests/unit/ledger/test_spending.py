"""A fee takes lots, then real, then the other currency, and only the rest becomes debt."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_domain.kernel.errors import Invalid
from cbc_domain.kernel.ids import LotId
from cbc_domain.kernel.money import BRL, LEDGER_CURRENCIES, USD, Money, currency
from cbc_domain.kernel.rates import FxRate, RateNeeded
from cbc_domain.kernel.time import parse_instant
from cbc_domain.ledger.holdings import Holdings
from cbc_domain.ledger.model import Lot, LotUse
from cbc_domain.ledger.spending import Spent, spend
from tests.rulebook import cases
from tests.strategies.ledger import (
    MEMBER,
    NOW,
    any_amounts,
    brl,
    holdings,
    holdings_of,
    lot_of,
    money,
    rate_of,
    rates,
    usd,
)


def lot_ids(rows: list[Mapping[str, str]]) -> dict[str, LotId]:
    return {name: LotId(UUID(int=place)) for place, name in enumerate(sorted(row["id"] for row in rows), start=1)}


def table_holdings(given: Mapping[str, Any]) -> Holdings:
    ids = lot_ids(given["lots"])
    lots = tuple(
        Lot(
            ids[row["id"]],
            MEMBER,
            money(row["remaining"], currency(row["currency"])),
            money(row["remaining"], currency(row["currency"])),
            "table",
            parse_instant(row["credited_at"]),
            parse_instant(row["expires_at"]),
        )
        for row in given["lots"]
    )
    return holdings_of(*(money(text, currency(code)) for code, text in given["real"].items()), lots=lots)


def told(spent: Spent, names: Mapping[LotId, str]) -> list[dict[str, str]]:
    """Write what was used as the table does: per currency lots before real, the fee's currency first."""
    billing = spent.fee.currency
    used: list[dict[str, str]] = []
    for of in sorted(LEDGER_CURRENCIES, key=lambda one: one != billing):
        used += [
            {"source": "admin", "currency": of.code, "lot": names[use.lot], "amount": use.amount.text}
            for use in spent.lot_uses
            if use.amount.currency == of
        ]
        used += [{"source": "real", "currency": of.code, "amount": real.text} for real in spent.real if real.currency == of]
    return used


def told_conversion(spent: Spent) -> dict[str, str] | None:
    crossing = spent.conversion
    if crossing is None:
        return None
    return {
        "from": crossing.paid.currency.code,
        "to": crossing.covered.currency.code,
        "debited": crossing.paid.text,
        "covers": crossing.covered.text,
        "rate": str(crossing.rate.brl_per_usd),
    }


@pytest.mark.parametrize("case", cases("debit_order_cases"))
def test_a_fee_is_covered_in_the_order_of_the_book(case: Mapping[str, Any]) -> None:
    """rules: BAL-10, BAL-11, FX-03"""
    given, expected = case["input"], case["expect"]
    rate = rate_of(given["fx_brl_per_usd"]) if given["fx_brl_per_usd"] else None

    spent = spend(money(given["fee"], currency(given["billing"])), table_holdings(given), rate, NOW)

    if "error" in expected:
        assert spent == RateNeeded()
        return
    assert isinstance(spent, Spent)
    assert told(spent, {lot: name for name, lot in lot_ids(given["lots"]).items()}) == expected["used"]
    assert told_conversion(spent) == expected["conversion"]
    assert (spent.debt.text, spent.debt.currency.code) == (expected["debt"], expected["debt_currency"])


@given(any_amounts, holdings(), rates, st.booleans())
def test_the_parts_of_a_fee_add_up_to_the_fee(fee: Money, held: Holdings, rate: FxRate, real_first: bool) -> None:
    """rules: BAL-10, BAL-11"""
    spent = spend(fee, held, rate, NOW, real_first=real_first)

    assert isinstance(spent, Spent)
    covered = spent.conversion.covered if spent.conversion else Money.zero(fee.currency)
    assert spent.admin_in(fee.currency) + spent.real_in(fee.currency) + covered + spent.debt == fee
    assert spent.debt.minor >= 0


@given(any_amounts, holdings(), rates, st.booleans())
def test_a_fee_never_takes_more_than_there_is(fee: Money, held: Holdings, rate: FxRate, real_first: bool) -> None:
    """rules: BAL-10, LED-04"""
    spent = spend(fee, held, rate, NOW, real_first=real_first)

    assert isinstance(spent, Spent)
    usable = {lot.id: lot.remaining for of in LEDGER_CURRENCIES for lot in held.usable_lots(of, NOW)}
    assert all(Money.zero(use.amount.currency) < use.amount <= usable[use.lot] for use in spent.lot_uses)
    assert all(spent.real_in(of) <= held.real_in(of) for of in LEDGER_CURRENCIES)


@given(any_amounts, holdings(), rates)
def test_what_is_taken_in_the_other_currency_is_what_the_conversion_says(fee: Money, held: Holdings, rate: FxRate) -> None:
    """rules: BAL-11, FX-05"""
    spent = spend(fee, held, rate, NOW)

    assert isinstance(spent, Spent)
    (foreign,) = (of for of in LEDGER_CURRENCIES if of != fee.currency)
    paid = spent.conversion.paid if spent.conversion else Money.zero(foreign)
    assert spent.admin_in(foreign) + spent.real_in(foreign) == paid


@given(any_amounts, holdings(), rates)
def test_debt_arises_only_when_the_fees_own_currency_is_empty(fee: Money, held: Holdings, rate: FxRate) -> None:
    """rules: BAL-10, DBT-01"""
    spent = spend(fee, held, rate, NOW)

    assert isinstance(spent, Spent)
    taken = spent.admin_in(fee.currency) + spent.real_in(fee.currency)
    assert not spent.debt or taken == held.operating(fee.currency, NOW)


@given(any_amounts, holdings())
def test_without_a_rate_a_fee_waits_or_needs_none(fee: Money, held: Holdings) -> None:
    """rules: BAL-11, FX-03"""
    (foreign,) = (of for of in LEDGER_CURRENCIES if of != fee.currency)
    needs = held.operating(fee.currency, NOW) < fee and bool(held.operating(foreign, NOW))

    assert (spend(fee, held, None, NOW) == RateNeeded()) is needs


def test_worked_example_of_a_fee_that_takes_everything() -> None:
    """rules: BAL-10, BAL-11 (BAL-EX1)"""
    first = lot_of(1, brl("10.00"), NOW + timedelta(days=3))
    second = lot_of(2, brl("25.00"), NOW + timedelta(days=20))
    dollars = lot_of(3, usd("2.00"))
    held = holdings_of(brl("30.00"), usd("3.00"), lots=(dollars, second, first))

    spent = spend(brl("105.00"), held, rate_of("5.25"), NOW)

    assert isinstance(spent, Spent)
    assert spent.lot_uses == (
        LotUse(first.id, brl("10.00")),
        LotUse(second.id, brl("25.00")),
        LotUse(dollars.id, usd("2.00")),
    )
    assert spent.real == (brl("30.00"), usd("3.00"))
    assert spent.conversion is not None
    assert (spent.conversion.paid, spent.conversion.covered) == (usd("5.00"), brl("26.25"))
    assert spent.debt == brl("13.75")


def test_a_lot_is_not_used_at_the_instant_it_expires() -> None:
    """rules: BAL-04, GEN-07"""
    lot = lot_of(1, brl("10.00"), NOW)

    spent = spend(brl("5.00"), holdings_of(lots=(lot,)), None, NOW)

    assert isinstance(spent, Spent)
    assert spent.lot_uses == ()
    assert spent.debt == brl("5.00")


def test_with_the_switch_real_pays_before_admin_credit() -> None:
    """rules: BAL-10"""
    held = holdings_of(brl("8.00"), lots=(lot_of(1, brl("10.00")),))

    spent = spend(brl("10.00"), held, None, NOW, real_first=True)

    assert isinstance(spent, Spent)
    assert (spent.real_in(BRL), spent.admin_in(BRL)) == (brl("8.00"), brl("2.00"))


def test_the_commission_balance_never_pays_a_fee() -> None:
    """rules: BAL-10"""
    held = holdings_of(commission=(brl("500.00"), usd("500.00")))

    spent = spend(brl("10.00"), held, rate_of("5.25"), NOW)

    assert isinstance(spent, Spent)
    assert spent.debt == brl("10.00")


def test_a_large_rate_never_covers_more_than_the_rest() -> None:
    """rules: BAL-11"""
    spent = spend(brl("0.02"), holdings_of(Money(1, USD)), rate_of(str(Decimal(1000))), NOW)

    assert isinstance(spent, Spent)
    assert spent.conversion is not None
    assert (spent.conversion.paid, spent.conversion.covered) == (usd("0.01"), brl("0.02"))


@pytest.mark.parametrize("fee", ["0.00", "-1.00"])
def test_a_fee_of_nothing_is_refused(fee: str) -> None:
    """rules: MON-06"""
    with pytest.raises(Invalid) as refused:
        spend(brl(fee), holdings_of(), None, NOW)

    assert refused.value.code == "amount_not_positive"
