"""How a commission is taken back as a whole: its mirror, and what can no longer be mirrored (COM-14)."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

import attrs

from cbc_domain.kernel.errors import Conflict
from cbc_domain.kernel.ids import DebtId, LotId
from cbc_domain.kernel.money import Money, total
from cbc_domain.ledger.chart import company_account
from cbc_domain.ledger.holdings import Holdings
from cbc_domain.ledger.model import Account, AccountKind, Conversion, DebtPayment, Entry, Journal, Lot, LotUse, Posting

RETURNED_CREDIT_LIFE: Final = timedelta(days=7)
"""A lot that is given back can be used at least this long (COM-14)."""


_NOTHING_FORGIVEN: Final[Mapping[DebtId, Money]] = MappingProxyType({})


def reversal(
    original: Posting,
    payer: Holdings,
    affiliate: Holdings | None,
    lots: Mapping[LotId, Lot],
    at: datetime,
    actor: str,
    forgiven: Mapping[DebtId, Money] = _NOTHING_FORGIVEN,
) -> Journal:
    """Reverse a commission charge (LED-F19); `lots` are those that the charge used, `affiliate` who had its share.

    A debt that was paid meanwhile is credited to real; what was `forgiven` of it was never paid, so the write-off is taken
    back instead. A share that was spent meanwhile becomes `affiliate_clawback`.
    Raises Conflict `state_conflict` for a journal that is no commission.
    """
    charge = original.journal
    if charge.flow != "LED-F09":
        raise Conflict("state_conflict", f"expected a commission to reverse, was {charge.flow} {charge.key}")
    opened = {debt.id for debt in charge.debts_opened}
    still_owed = tuple(DebtPayment(debt.id, debt.remaining) for debt in payer.debts if debt.id in opened)
    written_off = tuple(amount for debt, amount in forgiven.items() if debt in opened)
    crossed = charge.conversion
    return Journal(
        flow="LED-F19",
        kind="reversal",
        key=f"reversal:{charge.key}",
        occurred_at=at,
        actor=actor,
        entries=tuple(mirror for entry in charge.entries for mirror in _mirrors(entry, still_owed, written_off, affiliate)),
        references=charge.references,
        lot_uses=tuple(_given_back(use, lots[use.lot], at) for use in charge.lot_uses),
        debt_payments=still_owed,
        conversion=Conversion(crossed.covered, crossed.paid, crossed.rate) if crossed else None,
        reverses=original.id,
    )


def _mirrors(
    entry: Entry, still_owed: tuple[DebtPayment, ...], written_off: tuple[Money, ...], affiliate: Holdings | None
) -> Iterator[Entry]:
    for account, amount in _returned_to(entry, still_owed, written_off, affiliate):
        if amount:
            yield Entry(account, entry.direction.mirror, amount)


def _returned_to(
    entry: Entry, still_owed: tuple[DebtPayment, ...], written_off: tuple[Money, ...], affiliate: Holdings | None
) -> Iterator[tuple[Account, Money]]:
    account, amount, currency = entry.account, entry.amount, entry.amount.currency
    match account.kind:
        case AccountKind.MEMBER_DEBT:
            owed = total((payment.amount for payment in still_owed), currency)
            forgiven = total(written_off, currency)
            yield account, owed
            yield company_account(AccountKind.BAD_DEBT, currency), forgiven
            yield attrs.evolve(account, kind=AccountKind.MEMBER_REAL), amount - owed - forgiven
        case AccountKind.MEMBER_COMMISSION:
            there = min(amount, affiliate.commission_in(currency) if affiliate else Money.zero(currency))
            yield account, there
            yield attrs.evolve(account, kind=AccountKind.AFFILIATE_CLAWBACK), amount - there
        case _:
            yield account, amount


def _given_back(use: LotUse, lot: Lot, at: datetime) -> LotUse:
    expiry = at + RETURNED_CREDIT_LIFE
    return LotUse(use.lot, -use.amount, expiry if expiry > lot.expires_at else None)
