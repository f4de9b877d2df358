"""The proof finds each kind of fault by name, and finds none in books that were only posted to."""

from datetime import datetime
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_domain.kernel.ids import JournalId, PositionId
from cbc_domain.kernel.money import LEDGER_CURRENCIES, Money
from cbc_domain.kernel.rates import FxRate
from cbc_domain.kernel.time import parse_instant
from cbc_domain.ledger.chart import CHART, member_account
from cbc_domain.ledger.findings import Proof
from cbc_domain.ledger.holdings import Holdings
from cbc_domain.ledger.model import Account, AccountKind, Debt, Journal, Posting, UnbalancedJournal
from cbc_domain.ledger.postings import commission, new_lot, opening, recharge
from cbc_domain.ledger.proof import Chain, balances, night_proof_due, prove, subledger_fault
from cbc_domain.ledger.rules import after
from cbc_domain.ledger.spending import Spent, compensate, spend
from tests.strategies.ledger import MEMBER, NEW_DEBT, NEW_LOT, NOW, any_amounts, brl, holdings_of, rates


def proof_of(journals: list[Journal], held: Holdings, stored: dict[Account, int]) -> Proof:
    postings = [Posting(JournalId(UUID(int=place)), journal, NOW) for place, journal in enumerate(journals)]
    return prove(postings, stored, held.lots, held.debts, Chain())


def cached(journals: list[Journal]) -> dict[Account, int]:
    return {account: minor for account, minor in balances(journals).items() if CHART[account.kind].floor}


@given(any_amounts, any_amounts, any_amounts, rates)
def test_books_that_were_only_posted_to_are_proven(first: Money, fee: Money, later: Money, rate: FxRate) -> None:
    """rules: LED-20"""
    journals: list[Journal] = []
    held = holdings_of()
    for journal in (
        recharge("pi_1", MEMBER, first, NOW),
        opening(MEMBER, later, later, [new_lot(NEW_LOT, MEMBER, later, "import", NOW)], NOW),
    ):
        journals.append(journal)
        held = after(held, journal)
    spent = spend(fee, held, rate, NOW)
    assert isinstance(spent, Spent)
    debt = Debt(NEW_DEBT, MEMBER, spent.debt, spent.debt, "commission", "p", NOW) if spent.debt else None
    journals.append(commission(PositionId(UUID(int=1)), MEMBER, spent, fee, None, debt, NOW))
    held = after(held, journals[-1])
    journals.append(recharge("pi_2", MEMBER, later, NOW))
    held = after(held, journals[-1])
    paid = compensate(journals[-1], held, rate, NOW)
    if paid:
        journals.append(paid)
        held = after(held, paid)

    proof = proof_of(journals, held, cached(journals))

    assert proof.holds, proof
    assert proof.journals == len(journals)
    assert all(subledger_fault(journal) is None for journal in journals)
    sums = balances(journals)
    for of in LEDGER_CURRENCIES:
        assert sums.get(member_account(AccountKind.MEMBER_REAL, MEMBER, of), 0) == held.real_in(of).minor


def test_a_cached_balance_that_drifted_is_named() -> None:
    """rules: LED-20, LED-03"""
    journals = [recharge("pi_1", MEMBER, brl("10.00"), NOW)]
    stored = {account: minor + 1 for account, minor in cached(journals).items()}

    proof = proof_of(journals, holdings_of(), stored)

    assert not proof.holds
    assert len(proof.mismatched_balances) == 1
    assert str(MEMBER) in proof.mismatched_balances[0]


def test_a_member_below_zero_is_named() -> None:
    """rules: LED-20, LED-04"""
    spent = spend(brl("5.00"), holdings_of(brl("5.00")), None, NOW)
    assert isinstance(spent, Spent)
    journals = [commission(PositionId(UUID(int=1)), MEMBER, spent, brl("5.00"), None, None, NOW)]

    proof = proof_of(journals, holdings_of(), cached(journals))

    assert len(proof.negative_balances) == 1


def test_lots_and_debts_that_do_not_sum_to_their_accounts_are_named() -> None:
    """rules: LED-20"""
    lot = new_lot(NEW_LOT, MEMBER, brl("10.00"), "import", NOW)
    journals = [opening(MEMBER, brl("0.00"), brl("0.00"), [lot], NOW)]
    short = holdings_of(lots=(attrs.evolve(lot, remaining=brl("9.99")),))
    stray = Debt(NEW_DEBT, MEMBER, brl("1.00"), brl("1.00"), "commission", "p", NOW)

    proof = proof_of(journals, attrs.evolve(short, debts=(stray,)), cached(journals))

    assert len(proof.lot_faults) == 1
    assert len(proof.debt_faults) == 1


def test_entries_without_their_lot_are_named() -> None:
    """rules: LED-20"""
    lot = new_lot(NEW_LOT, MEMBER, brl("10.00"), "import", NOW)
    journal = opening(MEMBER, brl("0.00"), brl("0.00"), [lot], NOW)

    assert subledger_fault(journal) is None
    assert subledger_fault(attrs.evolve(journal, lots_opened=())) is not None


def test_two_currencies_meet_only_over_the_fx_position() -> None:
    """rules: LED-02"""
    reais = recharge("pi_1", MEMBER, brl("5.00"), NOW)
    dollars = recharge("pi_2", MEMBER, Money(500, LEDGER_CURRENCIES[1]), NOW)

    with pytest.raises(UnbalancedJournal):
        attrs.evolve(reais, entries=reais.entries + dollars.entries)


@given(st.lists(any_amounts, min_size=1, max_size=5))
def test_replaying_entries_in_any_order_gives_the_same_balances(amounts: list[Money]) -> None:
    """rules: LED-20"""
    journals = [recharge(f"pi_{place}", MEMBER, amount, NOW) for place, amount in enumerate(amounts)]

    assert balances(journals) == balances(reversed(journals))


@pytest.mark.parametrize(
    ("last", "now", "due"),
    [
        (None, "2026-03-02T12:00:00Z", True),
        ("2026-03-02T06:00:00Z", "2026-03-02T12:00:00Z", False),
        ("2026-03-02T05:59:59Z", "2026-03-02T05:59:59Z", False),
        ("2026-03-02T05:59:59Z", "2026-03-02T06:00:00Z", True),
        ("2026-03-02T06:00:01Z", "2026-03-03T05:59:59Z", False),
        ("2026-02-27T06:00:01Z", "2026-03-02T02:00:00Z", True),
    ],
)
def test_everything_is_proven_once_after_three_in_the_morning_in_sao_paulo(last: str | None, now: str, due: bool) -> None:
    """rules: LED-21"""
    before: datetime | None = parse_instant(last) if last else None

    assert night_proof_due(before, parse_instant(now)) is due
