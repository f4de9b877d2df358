"""A rate converts once, and only while it is fresh."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given

from cbc_domain.kernel.errors import Invalid
from cbc_domain.kernel.money import BRL, USD, Money
from cbc_domain.kernel.rates import FxRate, convert, usable
from tests.strategies.ledger import NOW, amounts, brl, rate_of, rates, usd


@given(amounts(USD), rates)
def test_a_conversion_is_within_half_a_cent_of_the_exact_product(amount: Money, rate: FxRate) -> None:
    """rules: FX-06, GEN-03"""
    assert abs(convert(amount, BRL, rate).amount - amount.amount * rate.brl_per_usd) <= Decimal("0.005")


@given(amounts(BRL), rates)
def test_a_conversion_back_is_within_half_a_cent_of_the_exact_quotient(amount: Money, rate: FxRate) -> None:
    """rules: FX-06, GEN-03"""
    assume(rate.brl_per_usd > Decimal("0.01"))

    error = abs(convert(amount, USD, rate).amount * rate.brl_per_usd - amount.amount)

    assert error <= Decimal("0.005") * rate.brl_per_usd


def test_dollars_multiply_and_reais_divide() -> None:
    """rules: FX-06"""
    assert convert(usd("5.00"), BRL, rate_of("5.25")) == brl("26.25")
    assert convert(brl("40.00"), USD, rate_of("5.25")) == usd("7.62")
    assert convert(brl("40.00"), BRL, rate_of("5.25")) == brl("40.00")


@pytest.mark.parametrize(
    ("age", "fresh"),
    [
        (timedelta(hours=24), True),
        (timedelta(hours=24, microseconds=1), False),
        (timedelta(0), True),
        (-timedelta(minutes=1), True),
    ],
)
def test_a_rate_is_usable_while_at_most_a_day_old(age: timedelta, fresh: bool) -> None:
    """rules: FX-03, FX-04"""
    assert usable(rate_of("5.25", NOW - age), NOW) is fresh
    assert usable(None, NOW) is False


@pytest.mark.parametrize("value", ["0", "-1", "NaN", "Infinity"])
def test_a_rate_that_is_no_positive_number_is_refused(value: str) -> None:
    """rules: FX-02, GEN-12"""
    with pytest.raises(Invalid):
        rate_of(value)
