"""Affiliate codes, links and conversions."""

import re
from collections.abc import Mapping
from datetime import timedelta
from operator import itemgetter
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_domain.affiliates.rules import (
    CODE_ALPHABET,
    Click,
    LinkFault,
    attributed,
    converted,
    link_fault,
    new_code,
    read_code,
)
from cbc_domain.identity.model import AffiliateTier, Member
from cbc_domain.kernel.errors import DomainError, Invalid
from cbc_domain.kernel.ids import MemberId
from cbc_domain.kernel.money import Currency, Money
from tests.rulebook import table
from tests.strategies.ledger import NOW, any_amounts, currencies, money

CODE = re.compile(table("limits")["affiliate"]["code_regex"])


def member_of(number: int, referred_by: int | None = None, age: timedelta = timedelta(0)) -> Member:
    return Member(
        MemberId(UUID(int=number)),
        f"m{number}@example.com",
        "A Member",
        "BR",
        NOW - age,
        tier=AffiliateTier.NORMAL,
        referred_by=MemberId(UUID(int=referred_by)) if referred_by else None,
    )


@given(st.binary(min_size=6, max_size=12))
def test_a_new_code_has_the_form_of_the_book(random: bytes) -> None:
    """rules: AFF-05"""
    code = new_code(random)

    assert CODE.fullmatch(code)
    assert read_code(code.lower()) == code


def test_every_letter_of_the_alphabet_is_as_likely_as_the_others() -> None:
    """rules: AFF-05, GEN-15"""
    drawn = [new_code(bytes([byte]) * 6)[3] for byte in range(256)]

    assert {drawn.count(letter) for letter in CODE_ALPHABET} == {8}
    assert not set("IO01") & set(CODE_ALPHABET)


def test_too_little_randomness_makes_no_code() -> None:
    """rules: AFF-05, GEN-12"""
    with pytest.raises(Invalid):
        new_code(b"12345")


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        (" cbcab2xyz ", "CBCAB2XYZ"),
        ("CBC000OI1", "CBC000OI1"),
        ("CBCAB2XY", None),
        ("CBCAB2XYZ9", None),
        ("ABCAB2XYZ", None),
        ("CBCÁB2XYZ", None),
        ("", None),
    ],
)
def test_a_typed_code_is_read_in_any_case_and_imported_codes_stay_valid(typed: str, code: str | None) -> None:
    """rules: AFF-05"""
    assert read_code(typed) == code


@pytest.mark.parametrize(
    ("age", "fault"),
    [
        (timedelta(0), None),
        (timedelta(hours=48) - timedelta(microseconds=1), None),
        (timedelta(hours=48), LinkFault.LINK_WINDOW_CLOSED),
        (timedelta(days=400), LinkFault.LINK_WINDOW_CLOSED),
    ],
)
def test_a_member_links_himself_within_48_hours_of_registration(age: timedelta, fault: LinkFault | None) -> None:
    """rules: AFF-06, GEN-07"""
    assert link_fault(member_of(1, age=age), member_of(2), (), NOW) is fault


def test_nobody_refers_himself() -> None:
    """rules: AFF-08"""
    assert link_fault(member_of(1), member_of(1), (), NOW) is LinkFault.AFFILIATE_LINK_FORBIDDEN


def test_two_members_do_not_refer_each_other() -> None:
    """rules: AFF-08"""
    assert link_fault(member_of(1), member_of(2, referred_by=1), (), NOW) is LinkFault.AFFILIATE_LINK_FORBIDDEN


def test_a_longer_circle_is_found_too() -> None:
    """rules: AFF-08"""
    upline = (MemberId(UUID(int=3)), MemberId(UUID(int=1)))

    fault = link_fault(member_of(1), member_of(2, referred_by=3), upline, NOW)

    assert fault is LinkFault.AFFILIATE_LINK_FORBIDDEN


def test_a_member_has_one_affiliate_for_life() -> None:
    """rules: AFF-06"""
    fault = link_fault(member_of(1, referred_by=5), member_of(2), (), NOW)

    assert fault is LinkFault.AFFILIATE_LINK_FORBIDDEN


def test_a_typed_code_wins_over_any_click() -> None:
    """rules: AFF-07"""
    owner, clicked = MemberId(UUID(int=1)), MemberId(UUID(int=2))

    assert attributed(owner, [Click(clicked, NOW)], NOW) == owner


def test_the_last_click_within_thirty_days_counts() -> None:
    """rules: AFF-07, GEN-07"""
    first, last = MemberId(UUID(int=1)), MemberId(UUID(int=2))
    month = timedelta(days=30)

    assert attributed(None, [Click(last, NOW - timedelta(days=1)), Click(first, NOW - timedelta(days=2))], NOW) == last
    assert attributed(None, [Click(first, NOW - month + timedelta(microseconds=1))], NOW) == first
    assert attributed(None, [Click(first, NOW - month)], NOW) is None
    assert attributed(None, [], NOW) is None


@given(any_amounts)
def test_a_conversion_credits_the_amount_and_a_tenth_of_it(amount: Money) -> None:
    """rules: AFF-30, GEN-03"""
    turned = converted(amount, amount)

    assert turned.credited == turned.amount + turned.bonus
    assert abs(turned.bonus.amount * 10 - amount.amount) <= money("0.05", amount.currency).amount


def turned(case: Mapping[str, Any], currency: Currency) -> dict[str, str]:
    balance = money(case["input"]["commission_balance"], currency)
    done = converted(money(case["input"]["amount"], currency), balance)
    parts = {"converted": done.amount, "bonus": done.bonus, "credited": done.credited, "left": balance - done.amount}
    return {name: part.text for name, part in parts.items()}


CONVERSIONS = table("conversion_cases")


@given(currencies)
@pytest.mark.parametrize("case", [row for row in CONVERSIONS if "error" not in row["expect"]], ids=itemgetter("id"))
def test_a_conversion_brings_what_the_table_says(case: Mapping[str, Any], currency: Currency) -> None:
    """rules: AFF-30"""
    assert turned(case, currency) == case["expect"]


@given(currencies)
@pytest.mark.parametrize("case", [row for row in CONVERSIONS if "error" in row["expect"]], ids=itemgetter("id"))
def test_a_conversion_that_cannot_be_is_refused(case: Mapping[str, Any], currency: Currency) -> None:
    """rules: AFF-30, MON-06, GEN-04"""
    with pytest.raises(DomainError) as refused:
        turned(case, currency)

    assert refused.value.code == case["expect"]["error"]


def test_a_conversion_never_mixes_currencies() -> None:
    """rules: AFF-30, MON-02"""
    with pytest.raises(DomainError) as refused:
        converted(money("1.00", Currency("BRL", 2)), money("1.00", Currency("USD", 2)))

    assert refused.value.code == "currency_mismatch"
