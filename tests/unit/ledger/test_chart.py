"""The chart of accounts says what each kind is, who owns it and whether it may go below zero."""

from collections.abc import Mapping

import pytest

from cbc_domain.kernel.errors import Invalid
from cbc_domain.kernel.money import BRL, Money
from cbc_domain.ledger.chart import CHART, company_account, effect, member_account
from cbc_domain.ledger.model import Account, AccountKind, Direction, Entry
from tests.rulebook import cases
from tests.strategies.ledger import MEMBER


@pytest.mark.parametrize("row", cases("ledger_accounts"))
def test_every_account_stands_in_the_chart_as_the_book_says(row: Mapping[str, object]) -> None:
    """rules: LED-10, LED-04"""
    known = CHART[AccountKind(str(row["name"]))]

    assert known.code == row["code"]
    assert known.account_class == row["class"]
    assert known.normal == row["normal"]
    assert known.owner == row["owner"]
    assert known.floor is not row.get("may_be_negative", False)
    assert known.alert_if_negative is row.get("alert_if_negative", False)


def test_the_chart_has_every_kind_and_no_other() -> None:
    """rules: LED-10"""
    assert set(CHART) == set(AccountKind)
    assert len({row.code for row in CHART.values()}) == len(CHART)


def test_the_processor_owns_what_is_with_the_processor() -> None:
    """rules: LED-10"""
    assert company_account(AccountKind.PROCESSOR_CLEARING, BRL).owner == "stripe"
    assert company_account(AccountKind.BANK, BRL).owner == "company"
    assert member_account(AccountKind.MEMBER_REAL, MEMBER, BRL).owner == str(MEMBER)


def test_nobody_gets_an_account_that_is_not_his() -> None:
    """rules: LED-10"""
    with pytest.raises(Invalid):
        company_account(AccountKind.MEMBER_REAL, BRL)
    with pytest.raises(Invalid):
        member_account(AccountKind.BANK, MEMBER, BRL)


@pytest.mark.parametrize(
    ("kind", "direction", "minor"),
    [
        (AccountKind.MEMBER_REAL, Direction.CREDIT, 5),
        (AccountKind.MEMBER_REAL, Direction.DEBIT, -5),
        (AccountKind.MEMBER_DEBT, Direction.DEBIT, 5),
        (AccountKind.MEMBER_DEBT, Direction.CREDIT, -5),
    ],
)
def test_a_balance_grows_on_the_normal_side(kind: AccountKind, direction: Direction, minor: int) -> None:
    """rules: LED-03"""
    assert effect(Entry(Account(kind, str(MEMBER), BRL), direction, Money(5, BRL))) == minor
