"""Rows of the ledger: entries, lots, debts, conversions, journals."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import attrs
from sqlalchemy import RowMapping

from cbc_domain.kernel.ids import DebtId, JournalId, LotId, MemberId
from cbc_domain.kernel.money import Money, currency
from cbc_domain.kernel.rates import FxRate
from cbc_domain.ledger.chart import CHART
from cbc_domain.ledger.findings import StatementLine
from cbc_domain.ledger.model import (
    Account,
    AccountKind,
    Conversion,
    Debt,
    DebtPayment,
    Direction,
    Entry,
    Journal,
    Lot,
    LotStatus,
    LotUse,
)


def account_of(row: RowMapping) -> Account:
    return Account(AccountKind(row["kind"]), row["owner"], currency(row["currency"]))


def account_row(account: Account) -> dict[str, Any]:
    floor = CHART[account.kind].floor
    return {
        "kind": account.kind.value,
        "owner": account.owner,
        "currency": account.currency.code,
        "member": account.owner if floor else None,
        "balance": 0 if floor else None,
    }


def entry_of(row: RowMapping) -> Entry:
    """Raises Invalid for a row that was changed into what no entry can be."""
    account = account_of(row)
    return Entry(account, Direction(row["side"]), Money(row["amount"], account.currency))


def entry_row(journal: JournalId, line: int, entry: Entry) -> dict[str, Any]:
    return {
        "journal": journal,
        "line": line,
        "side": entry.direction.value,
        "amount": entry.amount.minor,
        "kind": entry.account.kind.value,
        "owner": entry.account.owner,
        "currency": entry.account.currency.code,
    }


def lot_of(row: RowMapping) -> Lot:
    known = currency(row["currency"])
    return Lot(
        id=LotId(row["id"]),
        member=MemberId(row["member"]),
        amount=Money(row["amount"], known),
        remaining=Money(row["remaining"], known),
        origin=row["origin"],
        credited_at=row["credited_at"],
        expires_at=row["expires_at"],
        status=LotStatus(row["status"]),
    )


def opened_lot_of(row: RowMapping) -> Lot:
    """The lot as it was credited, whatever was taken from it since."""
    lot = lot_of(row)
    return attrs.evolve(lot, remaining=lot.amount, expires_at=row["granted_until"], status=LotStatus.ACTIVE)


def lot_row(lot: Lot, granted_until: datetime, journal: JournalId) -> dict[str, Any]:
    return {
        "member": lot.member,
        "currency": lot.amount.currency.code,
        "amount": lot.amount.minor,
        "origin": lot.origin,
        "credited_at": lot.credited_at,
        "granted_until": granted_until,
        "journal": journal,
        **lot_state_row(lot),
    }


def lot_state_row(lot: Lot) -> dict[str, Any]:
    return {
        "id": lot.id,
        "remaining": lot.remaining.minor,
        "expires_at": lot.expires_at,
        "status": lot.status.value,
    }


def lot_use_of(row: RowMapping) -> LotUse:
    return LotUse(LotId(row["lot"]), Money(row["amount"], currency(row["currency"])), row["extends_to"])


def lot_use_row(journal: JournalId, line: int, use: LotUse) -> dict[str, Any]:
    return {
        "journal": journal,
        "line": line,
        "lot": use.lot,
        "amount": use.amount.minor,
        "extends_to": use.extends_to,
    }


def debt_of(row: RowMapping) -> Debt:
    known = currency(row["currency"])
    return Debt(
        id=DebtId(row["id"]),
        member=MemberId(row["member"]),
        amount=Money(row["amount"], known),
        remaining=Money(row["remaining"], known),
        cause=row["cause"],
        origin=row["origin"],
        created_at=row["created_at"],
    )


def opened_debt_of(row: RowMapping) -> Debt:
    """The debt as it arose, whatever was paid of it since."""
    debt = debt_of(row)
    return attrs.evolve(debt, remaining=debt.amount)


def debt_row(debt: Debt, remaining: Money, journal: JournalId) -> dict[str, Any]:
    return {
        "id": debt.id,
        "member": debt.member,
        "currency": debt.amount.currency.code,
        "amount": debt.amount.minor,
        "remaining": remaining.minor,
        "cause": debt.cause,
        "origin": debt.origin,
        "created_at": debt.created_at,
        "journal": journal,
    }


def debt_payment_of(row: RowMapping) -> DebtPayment:
    return DebtPayment(DebtId(row["debt"]), Money(row["amount"], currency(row["currency"])))


def debt_payment_row(journal: JournalId, line: int, payment: DebtPayment) -> dict[str, Any]:
    return {"journal": journal, "line": line, "debt": payment.debt, "amount": payment.amount.minor}


def conversion_of(row: RowMapping) -> Conversion:
    rate = FxRate(row["rate"], row["provider"], row["provider_at"], row["accepted_at"])
    return Conversion(
        paid=Money(row["paid"], currency(row["paid_currency"])),
        covered=Money(row["covered"], currency(row["covered_currency"])),
        rate=rate,
    )


def conversion_row(journal: JournalId, conversion: Conversion) -> dict[str, Any]:
    return {
        "journal": journal,
        "paid": conversion.paid.minor,
        "paid_currency": conversion.paid.currency.code,
        "covered": conversion.covered.minor,
        "covered_currency": conversion.covered.currency.code,
        "rate": conversion.rate.brl_per_usd,
        "provider": conversion.rate.provider,
        "provider_at": conversion.rate.provider_at,
        "accepted_at": conversion.rate.accepted_at,
    }


def journal_row(id_: JournalId, journal: Journal, print_: str, posted_at: datetime) -> dict[str, Any]:
    return {
        "id": id_,
        "flow": journal.flow,
        "kind": journal.kind,
        "key": journal.key,
        "fingerprint": print_,
        "occurred_at": journal.occurred_at,
        "posted_at": posted_at,
        "actor": journal.actor,
        "reference": dict(journal.references),
        "reverses": journal.reverses,
    }


def journal_of(row: RowMapping, entries: Sequence[Entry]) -> Journal:
    """Raises Invalid when the entries do not balance any more."""
    return Journal(
        flow=row["flow"],
        kind=row["kind"],
        key=row["key"],
        occurred_at=row["occurred_at"],
        actor=row["actor"],
        entries=tuple(entries),
        references=row["reference"],
        reverses=None if row["reverses"] is None else JournalId(row["reverses"]),
    )


def line_of(row: RowMapping) -> StatementLine:
    known = currency(row["currency"])
    return StatementLine(
        journal=JournalId(row["journal"]),
        posted_at=row["posted_at"],
        flow=row["flow"],
        kind=row["kind"],
        account=AccountKind(row["account_kind"]),
        effect=Money(int(row["effect"]), known),
        balance=Money(int(row["balance"]), known),
        references=row["reference"],
    )
