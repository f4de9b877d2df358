"""What a call of the ledger's function says of balances: how far they move, and how low they come on the way."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from cbc_adapters.persistence.postgres.rows.postings import arguments
from cbc_domain.kernel.ids import JournalId, MemberId
from cbc_domain.kernel.money import BRL, Money
from cbc_domain.ledger.model import Journal, Posting
from cbc_domain.ledger.postings import correction

AT = datetime(2026, 1, 1, tzinfo=UTC)
MEMBER = MemberId(UUID(int=7))

amounts = st.lists(st.integers(-1000, 1000).filter(bool), min_size=1, max_size=20)


def corrections(cents: list[int]) -> list[Journal]:
    return [correction(str(number), MEMBER, Money(minor, BRL), AT, "admin") for number, minor in enumerate(cents)]


def account_rows(journals: list[Journal]) -> list[tuple[Any, ...]]:
    postings = [(Posting(JournalId(UUID(int=number)), one, AT), "print") for number, one in enumerate(journals)]
    return list(arguments(postings, [])[0])


@given(amounts)
def test_an_account_moves_by_the_sum_and_needs_cover_for_its_lowest_point(cents: list[int]) -> None:
    """rules: LED-03, LED-04"""
    rows = {row[0]: row[3:] for row in account_rows(corrections(cents))}

    points = [sum(cents[:many]) for many in range(len(cents) + 1)]
    assert rows["member_real"] == (points[-1], min(points))


@given(amounts)
def test_accounts_of_the_company_have_no_balance_to_move(cents: list[int]) -> None:
    """rules: LED-03"""
    rows = {row[0]: row[3:] for row in account_rows(corrections(cents))}

    assert rows["adjustments"] == (None, None)


def test_every_account_is_named_once_however_often_it_is_used() -> None:
    """rules: LED-07"""
    rows = account_rows(corrections([100, -50, 25]))

    assert sorted(row[:3] for row in rows) == [("adjustments", "company", "BRL"), ("member_real", str(MEMBER), "BRL")]
