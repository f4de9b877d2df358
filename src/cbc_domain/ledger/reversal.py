"""How a commission is taken back as a whole: its mirror, and what can no longer be mirrored (COM-14)."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

import attrs

from cbc_domain.kernel.errors import Conflict
from cbc_domain.kernel.ids import LotId
from cbc_domain.kernel.money import Money
from cbc_domain.ledger.holdings import Holdings
from cbc_domain.ledger.model import AccountKind, DebtPayment, Entry, Journal, Lot, LotUse, Posting

RETURNED_CREDIT_LIFE: Final = timedelta(days=7)
"""A lot that is given back can be used at least this long (COM-14)."""


def reversal(
    original: Posting, payer: Holdings, affiliate: Holdings | None, lots: Mapping[LotId, Lot], at: datetime, actor: str
) -> Journal:
    """Reverse a commission charge (LED-F19); `lots` are those that the charge used, `affiliate` who had its share.

    A debt that was paid meanwhile is credited to real; a share that was spent meanwhile becomes `affiliate_clawback`.
    Raises Conflict `state_conflict` for a journal that is no commission.
    """
    charge = original.journal
    if charge.flow != "LED-F09":
        raise Conflict("state_conflict", f"expected a commission to reverse, was {charge.flow} {charge.key}")
    opened = {debt.id for debt in charge.debts_opened}
    still_owed = tuple(DebtPayment(debt.id, debt.remaining) for debt in payer.debts if debt.id in opened)
    return Journal(
        flow="LED-F19",
        kind="reversal",
        key=f"reversal:{charge.key}",
        occurred_at=at,
        actor=actor,
        entries=tuple(mirror for entry in charge.entries for mirror in _mirrors(entry, still_owed, affiliate)),
        references=charge.references,
        lot_uses=tuple(_given_back(use, lots[use.lot], at) for use in charge.lot_uses),
        debt_payments=still_owed,
        reverses=original.id,
    )


def _mirrors(entry: Entry, still_owed: tuple[DebtPayment, ...], affiliate: Holdings | None) -> Iterator[Entry]:
    currency = entry.amount.currency
    zero = Money.zero(currency)
    match entry.account.kind:
        case AccountKind.MEMBER_DEBT:
            kept = min(entry.amount, sum((payment.amount for payment in still_owed), start=zero))
            beyond = AccountKind.MEMBER_REAL
        case AccountKind.MEMBER_COMMISSION:
            kept = min(entry.amount, affiliate.commission_in(currency) if affiliate else zero)
            beyond = AccountKind.AFFILIATE_CLAWBACK
        case kind:
            kept, beyond = entry.amount, kind
    for kind, amount in ((entry.account.kind, kept), (beyond, entry.amount - kept)):
        if amount:
            yield Entry(attrs.evolve(entry.account, kind=kind), entry.direction.mirror, amount)


def _given_back(use: LotUse, lot: Lot, at: datetime) -> LotUse:
    expiry = at + RETURNED_CREDIT_LIFE
    return LotUse(use.lot, -use.amount, expiry if expiry > lot.expires_at else None)
