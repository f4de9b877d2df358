"""What a fee takes from a member's balances, and how a credit pays what the member owes."""

from collections.abc import Iterable
from datetime import datetime

import attrs

from cbc_domain.kernel.errors import Invalid
from cbc_domain.kernel.money import LEDGER_CURRENCIES, Currency, Money, total
from cbc_domain.kernel.rates import FxRate, RateNeeded, convert, usable
from cbc_domain.ledger.chart import effect, member_account
from cbc_domain.ledger.entries import SYSTEM, Leg, credited, debited, draft
from cbc_domain.ledger.holdings import Holdings
from cbc_domain.ledger.model import AccountKind, Conversion, Debt, DebtPayment, Journal, LotUse
from cbc_domain.ledger.purse import Purse, operating_purse


@attrs.frozen
class Spent:
    """How a fee was covered (BAL-10): what lots and real gave, in order and in either currency, and what became debt.

    Lots and real in the fee's currency, plus what the conversion covered, plus `debt` are the fee. Amounts of zero are
    left out of `lot_uses` and `real`; `debt` is zero when everything was covered.
    """

    fee: Money
    lot_uses: tuple[LotUse, ...]
    real: tuple[Money, ...]
    conversion: Conversion | None
    debt: Money

    def admin_in(self, currency: Currency) -> Money:
        return total((use.amount for use in self.lot_uses if use.amount.currency == currency), currency)

    def real_in(self, currency: Currency) -> Money:
        return total((money for money in self.real if money.currency == currency), currency)


def spend(
    fee: Money, holdings: Holdings, rate: FxRate | None, now: datetime, *, real_first: bool = False
) -> Spent | RateNeeded:
    """Cover a fee by lots, real, the other currency, then debt (BAL-10); the commission balance is never touched.

    `rate` is the rate of the charge, None when there is no usable one (FX-04). `real_first` is the other value of the
    switch `fee_debit_order`. Raises Invalid `amount_not_positive`.
    """
    if fee.minor <= 0:
        raise Invalid("amount_not_positive", f"expected a positive fee, was {fee}")
    taken, _ = operating_purse(holdings, fee.currency, now).take(fee, real_first=real_first)
    rest = fee - taken.available
    foreign = operating_purse(holdings, other_currency(fee.currency), now)
    if not rest or not foreign.available:
        return _spent(fee, (taken,), None)
    if rate is None:
        return RateNeeded()
    conversion = cross(rest, foreign.available, rate)
    if conversion is None:
        return _spent(fee, (taken,), None)
    return _spent(fee, (taken, foreign.take(conversion.paid, real_first=real_first)[0]), conversion)


def cross(rest: Money, available: Money, rate: FxRate) -> Conversion | None:
    """Cover `rest` from another currency, in full if `available` reaches, else as far as it goes (BAL-11).

    None when all of `available` is worth less than half a minor unit of `rest`.
    """
    need = max(convert(rest, available.currency, rate), Money(1, available.currency))
    if available >= need:
        return Conversion(need, rest, rate)
    covered = min(convert(available, rest.currency, rate), rest)
    return Conversion(available, covered, rate) if covered else None


def other_currency(currency: Currency) -> Currency:
    """The ledger currency that a cross-currency step turns to."""
    (other,) = (known for known in LEDGER_CURRENCIES if known != currency)
    return other


def compensate(journal: Journal, holdings: Holdings, rate: FxRate | None, now: datetime, actor: str = SYSTEM) -> Journal | None:
    """Pay debts out of what one journal credited to real and admin balances, and out of nothing else (DBT-03, LED-F10).

    `holdings` are those after the credit. Debts in the credit's currency come first, oldest first, then the other
    currency by BAL-11; without a rate usable now those stay, because money received is never held back (GEN-14). None
    when nothing is paid.
    """
    debts = holdings.debts
    steps: list[_Step] = []
    left: dict[Currency, Purse] = {}
    for currency in LEDGER_CURRENCIES:
        taken, left[currency] = _credited(journal, holdings, currency, now).take(_owed(debts, currency))
        payments, debts = _pay(debts, taken.available)
        steps.append(_Step(taken, payments))
    for currency in LEDGER_CURRENCIES:
        owed, purse = _owed(debts, other_currency(currency)), left[currency]
        if owed and purse.available and rate is not None and usable(rate, now):
            conversion = cross(owed, purse.available, rate)
            if conversion is not None:
                payments, debts = _pay(debts, conversion.covered)
                steps.append(_Step(purse.take(conversion.paid)[0], payments, conversion))
    return _compensation(journal, holdings, [step for step in steps if step.payments], now, actor)


@attrs.frozen
class _Step:
    taken: Purse
    payments: tuple[DebtPayment, ...]
    conversion: Conversion | None = None


def _spent(fee: Money, taken: Iterable[Purse], conversion: Conversion | None) -> Spent:
    purses = tuple(taken)
    covered = purses[0].available + (conversion.covered if conversion else Money.zero(fee.currency))
    uses = tuple(use for purse in purses for use in purse.lots)
    return Spent(fee, uses, tuple(purse.real for purse in purses if purse.real), conversion, fee - covered)


def _credited(journal: Journal, holdings: Holdings, currency: Currency, now: datetime) -> Purse:
    opened = {lot.id: lot.amount for lot in journal.lots_opened}
    returned = {use.lot: -use.amount for use in journal.lot_uses if use.amount.minor < 0}
    given = opened | returned
    usable_now = holdings.usable_lots(currency, now)
    lots = tuple(LotUse(lot.id, min(lot.remaining, given[lot.id])) for lot in usable_now if lot.id in given)
    account = member_account(AccountKind.MEMBER_REAL, holdings.member, currency)
    net = sum(effect(entry) for entry in journal.entries if entry.account == account)
    return Purse(lots, min(Money(max(net, 0), currency), holdings.real_in(currency)))


def _owed(debts: Iterable[Debt], currency: Currency) -> Money:
    return total((debt.remaining for debt in debts if debt.remaining.currency == currency), currency)


def _pay(debts: tuple[Debt, ...], amount: Money) -> tuple[tuple[DebtPayment, ...], tuple[Debt, ...]]:
    rest = amount
    payments: list[DebtPayment] = []
    after: list[Debt] = []
    for debt in debts:
        if debt.remaining.currency != rest.currency or not rest:
            after.append(debt)
            continue
        part = min(debt.remaining, rest)
        rest -= part
        payments.append(DebtPayment(debt.id, part))
        after.append(attrs.evolve(debt, remaining=debt.remaining - part))
    return tuple(payments), tuple(after)


def _compensation(journal: Journal, holdings: Holdings, steps: list[_Step], now: datetime, actor: str) -> Journal | None:
    if not steps:
        return None
    paid = draft(
        "LED-F10",
        f"debt_comp:{journal.key}",
        now,
        actor,
        (leg for step in steps for leg in _legs(step, holdings)),
        {"member": str(holdings.member), "credit": journal.key},
    )
    return attrs.evolve(
        paid,
        lot_uses=tuple(use for step in steps for use in step.taken.lots),
        debt_payments=tuple(payment for step in steps for payment in step.payments),
        conversion=next((step.conversion for step in steps if step.conversion), None),
    )


def _legs(step: _Step, holdings: Holdings) -> Iterable[Leg]:
    member = holdings.member
    yield debited(AccountKind.MEMBER_ADMIN, member, step.taken.admin)
    yield debited(AccountKind.MEMBER_REAL, member, step.taken.real)
    if step.conversion is not None:
        yield credited(AccountKind.FX_POSITION, None, step.conversion.paid)
        yield debited(AccountKind.FX_POSITION, None, step.conversion.covered)
    paid = [payment.amount for payment in step.payments]
    yield credited(AccountKind.MEMBER_DEBT, member, total(paid, paid[0].currency))
