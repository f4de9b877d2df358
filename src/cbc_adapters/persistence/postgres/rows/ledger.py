"""Rows of the ledger: entries, lots, debts, conversions, journals."""

from collections.abc import Sequence
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


def lot_use_of(row: RowMapping) -> LotUse:
    return LotUse(LotId(row["lot"]), Money(row["amount"], currency(row["currency"])), row["extends_to"])


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


def debt_payment_of(row: RowMapping) -> DebtPayment:
    return DebtPayment(DebtId(row["debt"]), Money(row["amount"], currency(row["currency"])))


def conversion_of(row: RowMapping) -> Conversion:
    rate = FxRate(row["rate"], row["provider"], row["provider_at"], row["accepted_at"])
    return Conversion(
        paid=Money(row["paid"], currency(row["paid_currency"])),
        covered=Money(row["covered"], currency(row["covered_currency"])),
        rate=rate,
    )


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
