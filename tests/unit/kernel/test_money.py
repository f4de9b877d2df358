"""Money keeps its currency, its places and its bounds."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_domain.kernel.errors import Invalid
from cbc_domain.kernel.money import BRL, USD, Currency, CurrencyMismatch, Money, currency, largest_amount, total
from tests.strategies.ledger import any_amounts, currencies

LARGEST = 2**63 - 1


@given(st.integers(-LARGEST, LARGEST), currencies)
def test_an_amount_reads_back_as_it_was_written(minor: int, of: Currency) -> None:
    """rules: GEN-02, GEN-04"""
    money = Money(minor, of)

    assert Money.parse(money.text, of) == money
    assert Money(int(money.amount * 100), of) == money


@given(any_amounts, st.data())
def test_adding_and_taking_away_are_exact(first: Money, data: st.DataObject) -> None:
    """rules: GEN-02, MON-02"""
    second = Money(data.draw(st.integers(-(10**9), 10**9)), first.currency)

    assert (first + second) - second == first
    assert (first - second).minor == first.minor - second.minor
    assert total([first, second], first.currency) == first + second
    assert (first < second) == (first.minor < second.minor)
    assert (first >= second) == (first.minor >= second.minor)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "1.0",
        "1.000",
        "01.00",
        "+1.00",
        "1,00",
        "1e2",
        "NaN",
        "Infinity",
        " 1.00",
        "1.00\n",
        "\u0661.\u0660\u0660",
        "1" * 40 + ".00",
    ],
)
def test_text_without_exactly_the_places_is_no_amount(text: str) -> None:
    """rules: GEN-04"""
    with pytest.raises(Invalid) as refused:
        Money.parse(text, BRL)

    assert refused.value.code == "amount_precision"


def test_real_and_dollar_are_never_added_or_compared() -> None:
    """rules: MON-02"""
    with pytest.raises(CurrencyMismatch):
        Money(1, BRL) + Money(1, USD)
    with pytest.raises(CurrencyMismatch):
        bool(Money(1, BRL) < Money(1, USD))
    with pytest.raises(CurrencyMismatch):
        total([Money(1, BRL)], USD)


@pytest.mark.parametrize("minor", [2**63, -(2**63), 10**30])
def test_an_amount_beyond_the_ledger_is_refused(minor: int) -> None:
    """rules: MON-06"""
    with pytest.raises(Invalid) as refused:
        Money(minor, BRL)

    assert refused.value.code == "amount_out_of_range"


def test_the_largest_amount_a_person_may_name_is_a_thousand_million() -> None:
    """rules: MON-06"""
    assert largest_amount(BRL).amount == Decimal("1000000000.00")


def test_only_real_and_dollar_are_ledger_currencies() -> None:
    """rules: MON-01"""
    assert currency("BRL") == BRL
    assert currency("USD") == USD
    with pytest.raises(Invalid) as refused:
        currency("BTC")
    assert refused.value.code == "currency_unknown"
