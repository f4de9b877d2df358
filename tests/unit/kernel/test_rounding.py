"""Rounding goes half away from zero, once."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_domain.kernel.money import BRL
from cbc_domain.kernel.rounding import half_up, to_money

numbers = st.decimals("-1e12", "1e12", places=8)


@given(numbers)
def test_a_rounded_number_is_at_most_half_a_cent_away(value: Decimal) -> None:
    """rules: GEN-03"""
    assert abs(half_up(value, 2) - value) <= Decimal("0.005")


@given(numbers)
def test_rounding_treats_both_signs_alike(value: Decimal) -> None:
    """rules: GEN-03"""
    assert half_up(-value, 2) == -half_up(value, 2)


@given(st.integers(-(10**12), 10**12))
def test_half_a_cent_goes_away_from_zero(cents: int) -> None:
    """rules: GEN-03"""
    value = Decimal(cents).scaleb(-2)
    half = Decimal("0.005").copy_sign(value)

    assert half_up(value + half, 2) == value + 2 * half


@pytest.mark.parametrize(
    ("exact", "rounded"),
    [("0.125", "0.13"), ("-0.125", "-0.13"), ("2.675", "2.68"), ("0.004999999", "0.00"), ("1.005", "1.01")],
)
def test_the_named_halves(exact: str, rounded: str) -> None:
    """rules: GEN-03"""
    assert to_money(Decimal(exact), BRL).text == rounded
