"""How long debts have stood, in bands of days and never over two currencies."""

from datetime import timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_domain.kernel.money import BRL, LEDGER_CURRENCIES, USD
from cbc_domain.ledger.ageing import AgeBand, age_band, aged
from cbc_domain.ledger.model import Debt
from tests.strategies.ledger import NOW, brl, debt_of, debts, usd

INSTANT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("age", "band"),
    [
        (timedelta(0), AgeBand.WEEK),
        (timedelta(days=8) - INSTANT, AgeBand.WEEK),
        (timedelta(days=8), AgeBand.MONTH),
        (timedelta(days=31) - INSTANT, AgeBand.MONTH),
        (timedelta(days=31), AgeBand.QUARTER),
        (timedelta(days=91) - INSTANT, AgeBand.QUARTER),
        (timedelta(days=91), AgeBand.OLDER),
        (timedelta(days=900), AgeBand.OLDER),
    ],
)
def test_a_debt_ages_by_whole_days(age: timedelta, band: AgeBand) -> None:
    """rules: DBT-07"""
    debt = attrs.evolve(debt_of(1, brl("1.00")), created_at=NOW - age)

    assert age_band(debt, NOW) is band


def test_what_is_left_is_summed_by_age_and_currency() -> None:
    """rules: DBT-07, MON-02"""
    young = attrs.evolve(debt_of(1, brl("5.00")), created_at=NOW, remaining=brl("2.00"))
    other = attrs.evolve(debt_of(2, usd("3.00")), created_at=NOW)

    sums = aged([young, young, other], NOW)

    assert sums == {(AgeBand.WEEK, BRL): brl("4.00"), (AgeBand.WEEK, USD): usd("3.00")}


@given(st.lists(debts(1), max_size=8))
def test_the_bands_together_are_all_that_is_owed(owed: list[Debt]) -> None:
    """rules: DBT-07"""
    sums = aged(owed, NOW)

    for currency in LEDGER_CURRENCIES:
        banded = sum(amount.minor for (_, of), amount in sums.items() if of == currency)
        assert banded == sum(debt.remaining.minor for debt in owed if debt.remaining.currency == currency)
