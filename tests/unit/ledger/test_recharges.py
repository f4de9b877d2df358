"""How much may be recharged, and which bonus it earns."""

from collections.abc import Mapping
from decimal import Decimal
from operator import itemgetter
from typing import Any

import pytest
from hypothesis import given

from cbc_domain.kernel.errors import Invalid
from cbc_domain.kernel.money import Money, currency
from cbc_domain.ledger.recharges import BONUS_ABOVE, bonus, check_recharge
from tests.rulebook import table
from tests.strategies.ledger import any_amounts, money

RECHARGES = table("recharge_cases")


def accepted(text: str, code: str) -> Money:
    amount = money(text, currency(code))
    check_recharge(amount)
    return amount


@given(any_amounts)
def test_a_bonus_is_a_tenth_of_what_was_paid_or_nothing(paid: Money) -> None:
    """rules: PAY-10, GEN-03"""
    given_bonus = bonus(paid)

    assert bool(given_bonus) is (paid > BONUS_ABOVE[paid.currency])
    assert not given_bonus or abs(given_bonus.amount * 10 - paid.amount) <= Decimal("0.05")


@pytest.mark.parametrize("case", [row for row in RECHARGES if row["expect"]["accepted"]], ids=itemgetter("id"))
def test_an_allowed_recharge_credits_what_was_paid_and_its_bonus(case: Mapping[str, Any]) -> None:
    """rules: PAY-02, PAY-09, PAY-10"""
    amount = accepted(case["input"]["amount"], case["input"]["currency"])

    assert amount.text == case["expect"]["real"]
    assert bonus(amount).text == case["expect"]["bonus"]


@pytest.mark.parametrize("case", [row for row in RECHARGES if not row["expect"]["accepted"]], ids=itemgetter("id"))
def test_a_recharge_outside_the_range_is_refused(case: Mapping[str, Any]) -> None:
    """rules: PAY-02, GEN-04"""
    with pytest.raises(Invalid) as refused:
        accepted(case["input"]["amount"], case["input"]["currency"])

    assert refused.value.code == case["expect"]["error"]
