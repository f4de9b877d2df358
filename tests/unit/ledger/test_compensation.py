"""What a credit brings pays what the member owes, and nothing else does."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from cbc_domain.kernel.money import BRL, LEDGER_CURRENCIES, USD, Money
from cbc_domain.kernel.rates import FxRate
from cbc_domain.ledger.chart import effect
from cbc_domain.ledger.holdings import Holdings
from cbc_domain.ledger.model import AccountKind, DebtPayment, Direction, Journal, LotUse
from cbc_domain.ledger.postings import new_lot, recharge, recharge_bonus
from cbc_domain.ledger.proof import subledger_fault
from cbc_domain.ledger.recharges import bonus
from cbc_domain.ledger.rules import after
from cbc_domain.ledger.spending import compensate
from tests.strategies.ledger import (
    AFFILIATE,
    MEMBER,
    NEW_LOT,
    NOW,
    any_amounts,
    brl,
    debt_of,
    holdings,
    holdings_of,
    lot_of,
    rate_of,
    rates,
    usd,
)

RATE = rate_of("5.25")


def taken(journal: Journal) -> list[Money]:
    sources = {AccountKind.MEMBER_REAL, AccountKind.MEMBER_ADMIN}
    return [Money(-effect(entry), entry.amount.currency) for entry in journal.entries if entry.account.kind in sources]


def credit_of(amount: Money, as_lot: bool) -> Journal:
    return (
        recharge_bonus("pi_1", new_lot(NEW_LOT, MEMBER, amount, "test", NOW), NOW)
        if as_lot
        else recharge("pi_1", MEMBER, amount, NOW)
    )


@given(any_amounts, st.booleans(), holdings(), rates)
def test_a_compensation_takes_at_most_the_credit_and_pays_at_most_the_debt(
    amount: Money, as_lot: bool, held: Holdings, rate: FxRate
) -> None:
    """rules: DBT-03"""
    journal = credit_of(amount, as_lot)

    paid = compensate(journal, after(held, journal), rate, NOW)

    if paid is not None:
        assert sum(money.minor for money in taken(paid)) <= amount.minor
        assert {money.currency for money in taken(paid)} == {amount.currency}
        left = {debt.id: debt.remaining for debt in held.debts}
        assert all(payment.amount <= left[payment.debt] for payment in paid.debt_payments)
        assert subledger_fault(paid) is None


@given(any_amounts, st.booleans(), holdings(), rates)
def test_what_the_member_had_before_the_credit_is_never_touched(
    amount: Money, as_lot: bool, held: Holdings, rate: FxRate
) -> None:
    """rules: DBT-03, LED-04"""
    journal = credit_of(amount, as_lot)

    paid = compensate(journal, after(held, journal), rate, NOW)

    if paid is not None:
        end = after(after(held, journal), paid)
        assert all(end.real_in(of) >= held.real_in(of) for of in LEDGER_CURRENCIES)
        assert {lot.id: lot.remaining for lot in end.lots if lot.id != NEW_LOT} == {lot.id: lot.remaining for lot in held.lots}
        assert [end.commission_in(of) for of in LEDGER_CURRENCIES] == [held.commission_in(of) for of in LEDGER_CURRENCIES]


@given(any_amounts, st.booleans(), holdings(), rates)
def test_after_a_compensation_either_the_credit_or_the_debt_of_its_currency_is_gone(
    amount: Money, as_lot: bool, held: Holdings, rate: FxRate
) -> None:
    """rules: DBT-03"""
    journal = credit_of(amount, as_lot)
    credited = after(held, journal)

    paid = compensate(journal, credited, rate, NOW)

    end = after(credited, paid) if paid else credited
    used = sum(money.minor for money in taken(paid)) if paid else 0
    assert used == amount.minor or not end.owes(amount.currency)


def test_worked_example_of_a_recharge_that_pays_a_debt() -> None:
    """rules: DBT-03, DBT-04, LED-F10 (DBT-EX1)"""
    debt = debt_of(1, brl("13.75"))
    journal = recharge("pi_3", MEMBER, brl("200.00"), NOW)
    credited = after(holdings_of(debts=(debt,)), journal)

    paid = compensate(journal, credited, RATE, NOW)

    assert paid is not None
    assert paid.key == "debt_comp:recharge:pi_3"
    assert paid.debt_payments == (DebtPayment(debt.id, brl("13.75")),)
    end = after(credited, paid)
    assert (end.real_in(BRL), end.debts) == (brl("186.25"), ())


def test_worked_example_of_a_dollar_recharge_that_pays_a_debt_in_reais() -> None:
    """rules: DBT-03, BAL-11, FX-05, LED-F10 (DBT-EX2)"""
    journal = recharge("pi_4", MEMBER, usd("30.00"), NOW)
    credited = after(holdings_of(debts=(debt_of(1, brl("13.75")),)), journal)

    paid = compensate(journal, credited, RATE, NOW)

    assert paid is not None
    assert [(entry.account.kind, entry.direction, entry.amount) for entry in paid.entries] == [
        (AccountKind.MEMBER_REAL, Direction.DEBIT, usd("2.62")),
        (AccountKind.FX_POSITION, Direction.CREDIT, usd("2.62")),
        (AccountKind.FX_POSITION, Direction.DEBIT, brl("13.75")),
        (AccountKind.MEMBER_DEBT, Direction.CREDIT, brl("13.75")),
    ]
    assert paid.conversion is not None
    assert after(credited, paid).real_in(USD) == usd("27.38")


def test_worked_example_of_a_recharge_whose_bonus_counts_the_gross_amount() -> None:
    """rules: DBT-03, PAY-10 (DBT-EX3)"""
    held = holdings_of(debts=(debt_of(1, brl("300.00")),))
    journal = recharge("pi_5", MEMBER, brl("1500.00"), NOW)
    credited = after(held, journal)
    paid = compensate(journal, credited, RATE, NOW)
    assert paid is not None
    gift = recharge_bonus("pi_5", new_lot(NEW_LOT, MEMBER, bonus(brl("1500.00")), "test", NOW), NOW)

    end = after(after(credited, paid), gift)

    assert compensate(gift, end, RATE, NOW) is None
    assert end.real_in(BRL) == brl("1200.00")
    assert [lot.remaining for lot in end.lots] == [brl("150.00")]
    assert end.debts == ()


def test_the_oldest_debt_of_the_credits_currency_is_paid_first() -> None:
    """rules: DBT-03"""
    oldest, middle, newest = debt_of(1, usd("1.00")), debt_of(2, brl("5.00")), debt_of(3, brl("5.00"))
    journal = recharge("pi_6", MEMBER, brl("7.00"), NOW)
    credited = after(holdings_of(debts=(oldest, middle, newest)), journal)

    paid = compensate(journal, credited, RATE, NOW)

    assert paid is not None
    assert paid.debt_payments == (DebtPayment(middle.id, brl("5.00")), DebtPayment(newest.id, brl("2.00")))


def test_a_credit_pays_its_own_currency_and_then_the_other_in_one_journal() -> None:
    """rules: DBT-03, DBT-04"""
    journal = recharge("pi_7", MEMBER, brl("20.00"), NOW)
    credited = after(holdings_of(debts=(debt_of(1, usd("2.00")), debt_of(2, brl("5.00")))), journal)

    paid = compensate(journal, credited, RATE, NOW)

    assert paid is not None
    assert [payment.amount for payment in paid.debt_payments] == [brl("5.00"), usd("2.00")]
    assert after(credited, paid).real_in(BRL) == brl("4.50")


def test_a_credit_lot_pays_debt_from_that_lot_only() -> None:
    """rules: DBT-03"""
    older = lot_of(1, brl("50.00"), NOW + timedelta(days=1))
    journal = recharge_bonus("pi_8", new_lot(NEW_LOT, MEMBER, brl("10.00"), "test", NOW), NOW)
    credited = after(holdings_of(lots=(older,), debts=(debt_of(1, brl("12.00")),)), journal)

    paid = compensate(journal, credited, RATE, NOW)

    assert paid is not None
    assert paid.lot_uses == (LotUse(NEW_LOT, brl("10.00")),)


def test_without_a_usable_rate_a_credit_still_pays_its_own_currency() -> None:
    """rules: DBT-03, FX-03, GEN-14"""
    journal = recharge("pi_9", MEMBER, brl("20.00"), NOW)
    credited = after(holdings_of(debts=(debt_of(1, usd("2.00")), debt_of(2, brl("5.00")))), journal)
    stale = rate_of("5.25", NOW - timedelta(hours=25))

    paid = compensate(journal, credited, stale, NOW)

    assert paid is not None
    assert [payment.amount for payment in paid.debt_payments] == [brl("5.00")]
    assert paid.conversion is None


def test_a_credit_to_a_member_without_debt_compensates_nothing() -> None:
    """rules: DBT-03"""
    journal = recharge("pi_10", MEMBER, brl("20.00"), NOW)

    assert compensate(journal, after(holdings_of(), journal), RATE, NOW) is None


def test_a_credit_of_somebody_else_pays_nothing_here() -> None:
    """rules: DBT-03"""
    held = holdings_of(brl("50.00"), debts=(debt_of(1, brl("5.00")),))

    assert compensate(recharge("pi_11", AFFILIATE, brl("20.00"), NOW), held, RATE, NOW) is None
