"""Several journals of one member are decided one after another without reading again."""

from datetime import timedelta
from uuid import UUID

import attrs
import pytest
from hypothesis import given

from cbc_domain.kernel.errors import Conflict
from cbc_domain.kernel.ids import PositionId
from cbc_domain.kernel.money import BRL, LEDGER_CURRENCIES, USD, Money
from cbc_domain.kernel.rates import FxRate
from cbc_domain.ledger.chart import effect
from cbc_domain.ledger.holdings import Holdings
from cbc_domain.ledger.model import AccountKind, Debt, InsufficientFunds, Journal, LotStatus, LotUse
from cbc_domain.ledger.postings import (
    commission,
    conversion,
    correction,
    forgiveness,
    lot_expiry,
    new_lot,
    recharge,
    recharge_bonus,
)
from cbc_domain.ledger.rules import after, fingerprint, used
from cbc_domain.ledger.spending import Spent, spend
from tests.strategies.ledger import (
    AFFILIATE,
    MEMBER,
    NEW_DEBT,
    NEW_LOT,
    NOW,
    any_amounts,
    brl,
    debt_of,
    holdings,
    holdings_of,
    lot_of,
    rates,
)

POSITION = PositionId(UUID(int=3))


def charge(fee: Money, held: Holdings, rate: FxRate | None = None) -> Journal:
    spent = spend(fee, held, rate, NOW)
    assert isinstance(spent, Spent)
    debt = Debt(NEW_DEBT, MEMBER, spent.debt, spent.debt, "commission", str(POSITION), NOW) if spent.debt else None
    return commission(POSITION, MEMBER, spent, fee, None, debt, NOW)


def moved(journal: Journal, kind: AccountKind, currency_code: str) -> int:
    return sum(
        effect(entry)
        for entry in journal.entries
        if entry.account.kind is kind and entry.account.owner == str(MEMBER) and entry.account.currency.code == currency_code
    )


@given(any_amounts, holdings(), rates)
def test_holdings_after_a_charge_are_those_before_plus_its_entries(fee: Money, held: Holdings, rate: FxRate) -> None:
    """rules: LED-03, LED-20"""
    journal = charge(fee, held, rate)

    end = after(held, journal)

    for of in LEDGER_CURRENCIES:
        admin_before = sum(lot.remaining.minor for lot in held.lots if lot.remaining.currency == of)
        admin_after = sum(lot.remaining.minor for lot in end.lots if lot.remaining.currency == of)
        assert end.real_in(of).minor == held.real_in(of).minor + moved(journal, AccountKind.MEMBER_REAL, of.code)
        assert admin_after == admin_before + moved(journal, AccountKind.MEMBER_ADMIN, of.code)
        assert end.owes(of).minor == held.owes(of).minor + moved(journal, AccountKind.MEMBER_DEBT, of.code)
        assert end.commission_in(of) == held.commission_in(of)


@given(any_amounts, holdings())
def test_a_recharge_and_its_correction_leave_what_was_there(amount: Money, held: Holdings) -> None:
    """rules: LED-03"""
    recharged = after(held, recharge("pi_1", MEMBER, amount, NOW))

    end = after(recharged, correction("rq1", MEMBER, -amount, NOW, "admin"))

    assert [end.real_in(of) for of in LEDGER_CURRENCIES] == [held.real_in(of) for of in LEDGER_CURRENCIES]
    assert (end.lots, end.debts) == (held.lots, held.debts)


def test_each_of_two_charges_in_a_row_sees_what_the_first_one_left() -> None:
    """rules: BAL-10, LED-07"""
    held = holdings_of(brl("30.00"), lots=(lot_of(1, brl("15.00")),))

    end = after(held, charge(brl("20.00"), held))
    second = spend(brl("30.00"), end, None, NOW)

    assert (end.real_in(BRL), end.lots) == (brl("25.00"), ())
    assert isinstance(second, Spent)
    assert second.debt == brl("5.00")


def test_an_affiliate_gets_his_share_of_a_charge_and_nothing_else() -> None:
    """rules: COM-08, LED-F09"""
    held = holdings_of(lots=(lot_of(1, brl("5.00")),))
    spent = spend(brl("52.50"), held, None, NOW)
    assert isinstance(spent, Spent)
    debt = Debt(NEW_DEBT, MEMBER, spent.debt, spent.debt, "commission", str(POSITION), NOW)
    journal = commission(POSITION, MEMBER, spent, brl("51.71"), (AFFILIATE, brl("0.79")), debt, NOW)

    end = after(holdings_of(member=AFFILIATE), journal)

    assert end == holdings_of(member=AFFILIATE, commission=(brl("0.79"),))


def test_a_new_lot_and_its_expiry_open_and_close_admin_credit() -> None:
    """rules: BAL-04, LED-F02, LED-F08"""
    gifted = after(holdings_of(), recharge_bonus("pi_1", new_lot(NEW_LOT, MEMBER, brl("10.00"), "test", NOW), NOW))
    later = NOW + timedelta(days=30)

    assert gifted.operating(BRL, NOW) == brl("10.00")
    assert gifted.operating(BRL, later) == brl("0.00")
    assert after(gifted, lot_expiry(gifted.lots[0], later)).lots == ()


def test_a_balance_never_goes_below_zero() -> None:
    """rules: LED-04, LED-20"""
    with pytest.raises(InsufficientFunds) as refused:
        after(holdings_of(brl("9.99")), correction("rq1", MEMBER, brl("-10.00"), NOW, "admin"))

    assert refused.value.code == "insufficient_funds"


def test_a_conversion_needs_the_commission_it_converts() -> None:
    """rules: LED-04, AFF-30"""
    journal = conversion("k1", brl("10.00"), brl("1.00"), new_lot(NEW_LOT, MEMBER, brl("11.00"), "test", NOW), NOW, str(MEMBER))

    assert after(holdings_of(commission=(brl("10.00"),)), journal).commission == ()
    with pytest.raises(InsufficientFunds):
        after(holdings_of(commission=(brl("9.99"),)), journal)


def test_more_than_a_lot_holds_cannot_be_taken() -> None:
    """rules: LED-04, LED-20"""
    journal = charge(brl("5.00"), holdings_of(lots=(lot_of(1, brl("5.00")),)))

    with pytest.raises(InsufficientFunds):
        after(holdings_of(lots=(lot_of(1, brl("4.99")),)), journal)


def test_more_than_a_debt_holds_cannot_be_paid() -> None:
    """rules: LED-04, LED-20"""
    journal = forgiveness("rq1", debt_of(1, brl("5.00")), brl("5.00"), NOW, "admin")

    with pytest.raises(InsufficientFunds):
        after(holdings_of(debts=(debt_of(1, brl("4.99")),)), journal)


def test_a_lot_or_a_debt_that_is_not_the_members_is_refused() -> None:
    """rules: LED-20"""
    with pytest.raises(Conflict):
        after(holdings_of(), charge(brl("5.00"), holdings_of(lots=(lot_of(1, brl("5.00")),))))
    with pytest.raises(Conflict):
        after(holdings_of(), forgiveness("rq1", debt_of(1, brl("5.00")), brl("5.00"), NOW, "admin"))


def test_a_frozen_lot_stays_frozen_when_credit_comes_back() -> None:
    """rules: BAL-04, COM-14"""
    frozen = attrs.evolve(lot_of(1, brl("5.00")), status=LotStatus.FROZEN)

    assert used(frozen, LotUse(frozen.id, brl("-1.00")), "LED-F19").status is LotStatus.FROZEN


def test_the_same_request_at_another_time_has_the_same_fingerprint() -> None:
    """rules: LED-06"""
    first = recharge_bonus("pi_1", new_lot(NEW_LOT, MEMBER, brl("10.00"), "test", NOW), NOW)
    again = recharge_bonus(
        "pi_1", new_lot(lot_of(8, brl("1.00")).id, MEMBER, brl("10.00"), "test", NOW), NOW + timedelta(hours=1)
    )

    assert fingerprint(first) == fingerprint(again)


def test_another_amount_member_or_currency_has_another_fingerprint() -> None:
    """rules: LED-06"""
    prints = {
        fingerprint(journal)
        for journal in (
            recharge("pi_1", MEMBER, brl("10.00"), NOW),
            recharge("pi_1", MEMBER, brl("10.01"), NOW),
            recharge("pi_1", AFFILIATE, brl("10.00"), NOW),
            recharge("pi_1", MEMBER, Money(1000, USD), NOW),
            recharge_bonus("pi_1", new_lot(NEW_LOT, MEMBER, brl("10.00"), "test", NOW), NOW),
        )
    }

    assert len(prints) == 5
