"""What journals do to balances, lots and debts that are held under lock, judged one after the other (LED-04)."""

from collections.abc import Iterable, Mapping

import attrs

from cbc_domain.kernel.errors import Conflict
from cbc_domain.kernel.ids import DebtId, LotId
from cbc_domain.ledger.chart import effect, member_account
from cbc_domain.ledger.model import Account, AccountKind, Debt, InsufficientFunds, Journal, Lot
from cbc_domain.ledger.rules import used


@attrs.frozen
class Outcome:
    """Where balances (of accounts with a floor), lots and debts stand once all journals are posted."""

    balances: Mapping[Account, int]
    lots: Mapping[LotId, Lot]
    debts: Mapping[DebtId, Debt]


def judge(
    journals: Iterable[Journal], balances: Mapping[Account, int], lots: Mapping[LotId, Lot], debts: Mapping[DebtId, Debt]
) -> Outcome:
    """Raises InsufficientFunds after the first journal that takes too much, Conflict for an unknown lot or debt."""
    moved, spent, paid = dict(balances), dict(lots), dict(debts)
    for journal in journals:
        _move(journal, moved)
        _spend(journal, spent)
        _pay(journal, paid)
    return Outcome(moved, spent, paid)


def _move(journal: Journal, balances: dict[Account, int]) -> None:
    touched = {entry.account for entry in journal.entries if entry.account in balances}
    for entry in journal.entries:
        if entry.account in touched:
            balances[entry.account] += effect(entry)
    for account in touched:
        if balances[account] < 0:
            raise InsufficientFunds(account)


def _spend(journal: Journal, lots: dict[LotId, Lot]) -> None:
    lots.update((lot.id, lot) for lot in journal.lots_opened)
    for use in journal.lot_uses:
        if use.lot not in lots:
            raise Conflict("state_conflict", f"expected a known lot in {journal.key}, was {use.lot}")
        lots[use.lot] = used(lots[use.lot], use, journal.flow)


def _pay(journal: Journal, debts: dict[DebtId, Debt]) -> None:
    debts.update((debt.id, debt) for debt in journal.debts_opened)
    for payment in journal.debt_payments:
        if payment.debt not in debts:
            raise Conflict("state_conflict", f"expected a known debt in {journal.key}, was {payment.debt}")
        debt = debts[payment.debt]
        if payment.amount > debt.remaining:
            raise InsufficientFunds(member_account(AccountKind.MEMBER_DEBT, debt.member, debt.remaining.currency))
        debts[payment.debt] = attrs.evolve(debt, remaining=debt.remaining - payment.amount)
