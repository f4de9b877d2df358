"""What a journal does to a member's holdings, and what makes two postings of one key the same."""

import hashlib
import json
from collections.abc import Iterable
from typing import Final

import attrs

from cbc_domain.kernel.errors import Conflict
from cbc_domain.kernel.money import LEDGER_CURRENCIES, Money
from cbc_domain.ledger.chart import effect, member_account
from cbc_domain.ledger.holdings import Holdings
from cbc_domain.ledger.model import AccountKind, Debt, InsufficientFunds, Journal, Lot, LotStatus, LotUse

# Made once: each posting has a fingerprint, and a new encoder costs as much as what it writes.
_CANONICAL: Final = json.JSONEncoder(sort_keys=True)


def after(holdings: Holdings, journal: Journal) -> Holdings:
    """What the member holds once `journal` is posted; entries of other owners change nothing here.

    Raises InsufficientFunds below zero, Conflict `state_conflict` for a lot or debt that is neither held nor opened.
    """
    return attrs.evolve(
        holdings,
        real=_moved(holdings, holdings.real, AccountKind.MEMBER_REAL, journal),
        commission=_moved(holdings, holdings.commission, AccountKind.MEMBER_COMMISSION, journal),
        clawback=_moved(holdings, holdings.clawback, AccountKind.AFFILIATE_CLAWBACK, journal),
        lots=_lots_after(holdings, journal),
        debts=_debts_after(holdings, journal),
    )


def used(lot: Lot, use: LotUse, flow: str) -> Lot:
    """The lot after one use: USED or EXPIRED (LED-F08) when empty, ACTIVE again when given back (BAL-04, COM-14).

    Raises InsufficientFunds when more is taken than is left.
    """
    remaining = lot.remaining - use.amount
    if remaining.minor < 0:
        raise InsufficientFunds(member_account(AccountKind.MEMBER_ADMIN, lot.member, remaining.currency))
    status = lot.status
    if not remaining:
        status = LotStatus.EXPIRED if flow == "LED-F08" else LotStatus.USED
    elif use.amount.minor < 0 and lot.status is not LotStatus.FROZEN:
        status = LotStatus.ACTIVE
    return attrs.evolve(lot, remaining=remaining, status=status, expires_at=use.extends_to or lot.expires_at)


def fingerprint(journal: Journal) -> str:
    """Digest of what makes a second posting the same (LED-06): kind, entries, lots, debts; hex SHA-256.

    Times and generated IDs are left out, so that a repeated request has the fingerprint of the first one.
    """
    told = {
        "kind": journal.kind,
        "entries": sorted(
            [entry.account.kind, entry.account.owner, entry.account.currency.code, entry.direction, entry.amount.minor]
            for entry in journal.entries
        ),
        "lots_opened": [[str(lot.member), str(lot.amount), lot.origin] for lot in journal.lots_opened],
        "lot_uses": [str(use.amount) for use in journal.lot_uses],
        "debts_opened": [[str(debt.member), str(debt.amount), debt.cause, debt.origin] for debt in journal.debts_opened],
        "debt_payments": [str(payment.amount) for payment in journal.debt_payments],
    }
    return hashlib.sha256(_CANONICAL.encode(told).encode()).hexdigest()


def _touches(holdings: Holdings, kind: AccountKind, journal: Journal) -> bool:
    owner = str(holdings.member)
    return any(entry.account.kind is kind and entry.account.owner == owner for entry in journal.entries)


def _moved(holdings: Holdings, before: Iterable[Money], kind: AccountKind, journal: Journal) -> tuple[Money, ...]:
    moved: list[Money] = []
    for currency in LEDGER_CURRENCIES:
        account = member_account(kind, holdings.member, currency)
        balance = sum(money.minor for money in before if money.currency == currency)
        balance += sum(effect(entry) for entry in journal.entries if entry.account == account)
        if balance < 0:
            raise InsufficientFunds(account)
        if balance:
            moved.append(Money(balance, currency))
    return tuple(moved)


def _lots_after(holdings: Holdings, journal: Journal) -> tuple[Lot, ...]:
    if not _touches(holdings, AccountKind.MEMBER_ADMIN, journal):
        return holdings.lots
    lots = {lot.id: lot for lot in (*holdings.lots, *journal.lots_opened)}
    for use in journal.lot_uses:
        if use.lot not in lots:
            raise Conflict("state_conflict", f"expected a lot of {holdings.member} in {journal.key}, was {use.lot}")
        lots[use.lot] = used(lots[use.lot], use, journal.flow)
    return tuple(lot for lot in lots.values() if lot.remaining)


def _debts_after(holdings: Holdings, journal: Journal) -> tuple[Debt, ...]:
    if not _touches(holdings, AccountKind.MEMBER_DEBT, journal):
        return holdings.debts
    debts = {debt.id: debt for debt in (*holdings.debts, *journal.debts_opened)}
    for payment in journal.debt_payments:
        if payment.debt not in debts:
            raise Conflict("state_conflict", f"expected a debt of {holdings.member} in {journal.key}, was {payment.debt}")
        debt = debts[payment.debt]
        if payment.amount > debt.remaining:
            raise InsufficientFunds(member_account(AccountKind.MEMBER_DEBT, debt.member, debt.remaining.currency))
        debts[payment.debt] = attrs.evolve(debt, remaining=debt.remaining - payment.amount)
    return tuple(debt for debt in debts.values() if debt.remaining)
