"""A reversed commission gives back what it took, and what cannot come back becomes a claim."""

from datetime import timedelta
from uuid import UUID

import attrs
import pytest

from cbc_domain.kernel.errors import Conflict
from cbc_domain.kernel.ids import JournalId, PositionId
from cbc_domain.kernel.money import BRL
from cbc_domain.ledger.holdings import Holdings
from cbc_domain.ledger.model import AccountKind, Debt, Direction, Journal, LotStatus, LotUse, Posting
from cbc_domain.ledger.postings import clawback_repayment, commission, recharge
from cbc_domain.ledger.reversal import reversal
from cbc_domain.ledger.rules import after
from cbc_domain.ledger.spending import Spent, compensate, spend
from tests.strategies.ledger import AFFILIATE, MEMBER, NEW_DEBT, NOW, brl, debt_of, holdings_of, lot_of

FEE, COMPANY, SHARE = brl("52.50"), brl("51.71"), brl("0.79")
POSITION = PositionId(UUID(int=3))


def posted(journal: Journal) -> Posting:
    return Posting(JournalId(UUID(int=9)), journal, NOW)


def charge(held: Holdings) -> Journal:
    spent = spend(FEE, held, None, NOW)
    assert isinstance(spent, Spent)
    debt = Debt(NEW_DEBT, MEMBER, spent.debt, spent.debt, "commission", str(POSITION), NOW) if spent.debt else None
    return commission(POSITION, MEMBER, spent, COMPANY, (AFFILIATE, SHARE), debt, NOW)


def test_worked_example_of_a_reversal_that_the_affiliate_cannot_cover() -> None:
    """rules: COM-14, LED-F19, LED-F12 (COM-EX3)"""
    lot = lot_of(1, brl("10.00"))
    journal = charge(holdings_of(brl("42.50"), lots=(lot,)))
    affiliate = holdings_of(member=AFFILIATE, commission=(brl("0.50"),))

    back = reversal(posted(journal), holdings_of(), affiliate, {lot.id: lot}, NOW, "admin")

    assert back.key == f"reversal:commission:{POSITION}"
    assert back.reverses == posted(journal).id
    assert [(entry.direction, entry.account.kind, entry.amount) for entry in back.entries] == [
        (Direction.CREDIT, AccountKind.MEMBER_ADMIN, brl("10.00")),
        (Direction.CREDIT, AccountKind.MEMBER_REAL, brl("42.50")),
        (Direction.DEBIT, AccountKind.COMMISSION_REVENUE, brl("51.71")),
        (Direction.DEBIT, AccountKind.MEMBER_COMMISSION, brl("0.50")),
        (Direction.DEBIT, AccountKind.AFFILIATE_CLAWBACK, brl("0.29")),
    ]
    owing = after(affiliate, back)
    repaid = clawback_repayment("commission:next", AFFILIATE, brl("1.58"), owing.clawback_in(BRL), NOW)
    assert repaid is not None
    assert repaid.entries[0].amount == brl("0.29")


def test_admin_credit_returns_to_its_lot_with_the_old_expiry() -> None:
    """rules: COM-14"""
    lot = lot_of(1, brl("60.00"), NOW + timedelta(days=8))
    held = holdings_of(lots=(lot,))
    journal = charge(held)

    back = reversal(posted(journal), after(held, journal), None, {lot.id: lot}, NOW, "admin")

    assert after(after(held, journal), back).lots == (lot,)


def test_a_lot_that_is_given_back_late_lives_seven_more_days() -> None:
    """rules: COM-14"""
    lot = lot_of(1, FEE, NOW + timedelta(hours=1))
    journal = charge(holdings_of(lots=(lot,)))
    empty = attrs.evolve(lot, remaining=brl("0.00"), status=LotStatus.USED)
    late = NOW + timedelta(days=2)

    back = reversal(posted(journal), holdings_of(), None, {lot.id: empty}, late, "admin")

    (returned,) = after(holdings_of(lots=(empty,)), back).lots
    assert returned == attrs.evolve(lot, expires_at=late + timedelta(days=7))


def test_a_debt_that_still_stands_is_lowered() -> None:
    """rules: COM-14, DBT-01"""
    held = holdings_of(brl("20.00"))
    journal = charge(held)
    owing = after(held, journal)

    back = reversal(posted(journal), owing, None, {}, NOW, "admin")

    assert owing.owes(BRL) == brl("32.50")
    assert after(owing, back).debts == ()
    assert after(owing, back).real_in(BRL) == brl("20.00")


def test_a_debt_that_was_paid_comes_back_as_real() -> None:
    """rules: COM-14"""
    held = holdings_of(brl("20.00"))
    journal = charge(held)
    topped_up = recharge("pi_1", MEMBER, brl("30.00"), NOW)
    credited = after(after(held, journal), topped_up)
    paid = compensate(topped_up, credited, None, NOW)
    assert paid is not None
    owing = after(credited, paid)

    back = reversal(posted(journal), owing, None, {}, NOW, "admin")

    assert owing.owes(BRL) == brl("2.50")
    assert after(owing, back).debts == ()
    assert after(owing, back).real_in(BRL) == brl("50.00")


def test_what_a_reversal_gives_back_pays_other_debts() -> None:
    """rules: DBT-03, COM-14"""
    lot, other = lot_of(1, brl("60.00")), debt_of(7, brl("50.00"))
    held = holdings_of(lots=(lot,), debts=(other,))
    journal = charge(held)
    back = reversal(posted(journal), after(held, journal), None, {lot.id: lot}, NOW, "admin")
    credited = after(after(held, journal), back)

    paid = compensate(back, credited, None, NOW)

    assert paid is not None
    assert paid.lot_uses == (LotUse(lot.id, brl("50.00")),)
    assert after(credited, paid).debts == ()


def test_only_a_commission_can_be_reversed_this_way() -> None:
    """rules: COM-14"""
    with pytest.raises(Conflict) as refused:
        reversal(posted(recharge("pi_1", MEMBER, brl("1.00"), NOW)), holdings_of(), None, {}, NOW, "admin")

    assert refused.value.code == "state_conflict"
