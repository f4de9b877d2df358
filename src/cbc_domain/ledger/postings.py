"""The named flows of LED-12 that business modules ask for, each as the journal transaction that it posts."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

import attrs

from cbc_domain.kernel.errors import Conflict, Invalid
from cbc_domain.kernel.ids import LotId, MemberId, PositionId
from cbc_domain.kernel.money import Money, total
from cbc_domain.kernel.time import format_instant
from cbc_domain.ledger.entries import SYSTEM, credited, debited, draft
from cbc_domain.ledger.model import AccountKind, Debt, DebtPayment, Journal, Lot, LotUse
from cbc_domain.ledger.spending import Spent

CREDIT_LIFE: Final = timedelta(days=30)
"""How long an admin credit can be used (BAL-04)."""

COMMISSION_DEBT: Final = "commission"
"""The cause of a debt that a commission left (DBT-01)."""


def new_lot(lot: LotId, member: MemberId, amount: Money, origin: str, at: datetime) -> Lot:
    """Make the lot that an admin credit of 30 days opens; `origin` is the key of what gives it (BAL-04)."""
    return Lot(lot, member, amount, amount, origin, at, at + CREDIT_LIFE)


def recharge(payment_intent: str, member: MemberId, paid: Money, at: datetime, actor: str = SYSTEM) -> Journal:
    """Credit in full what the processor reports as received (LED-F01, PAY-06)."""
    return draft(
        "LED-F01",
        f"recharge:{payment_intent}",
        at,
        actor,
        [debited(AccountKind.PROCESSOR_CLEARING, None, paid), credited(AccountKind.MEMBER_REAL, member, paid)],
        {"member": str(member), "payment_intent": payment_intent},
    )


def recharge_bonus(payment_intent: str, lot: Lot, at: datetime, actor: str = SYSTEM) -> Journal:
    """Give the bonus of one recharge as a lot (LED-F02, PAY-10)."""
    references = {"payment_intent": payment_intent}
    return _promotion("LED-F02", f"recharge_bonus:{payment_intent}", lot, at, actor, references)


def subscription(invoice: str, member: MemberId, paid: Money, at: datetime, actor: str = SYSTEM) -> Journal:
    """Book a paid subscription invoice as revenue (LED-F04)."""
    return draft(
        "LED-F04",
        f"subscription:{invoice}",
        at,
        actor,
        [debited(AccountKind.PROCESSOR_CLEARING, None, paid), credited(AccountKind.SUBSCRIPTION_REVENUE, None, paid)],
        {"member": str(member), "invoice": invoice},
    )


def coupon_credit(coupon: str, lot: Lot, at: datetime, actor: str = SYSTEM) -> Journal:
    """Give the credit of a redeemed coupon as a lot (LED-F07)."""
    return _promotion("LED-F07", f"coupon:{coupon}:{lot.member}", lot, at, actor, {"coupon": coupon})


def manual_credit(request: str, lot: Lot, at: datetime, actor: str) -> Journal:
    """Give a credit that staff approved as a lot (LED-F07)."""
    return _promotion("LED-F07", f"manual_credit:{request}", lot, at, actor, {"request": request})


def lot_expiry(lot: Lot, at: datetime, actor: str = SYSTEM) -> Journal:
    """Take back what is left of an expired lot (LED-F08). Raises Conflict `state_conflict` before its time.

    A lot that a reversal gave back to lapses again at its extended expiry, which its key then names (COM-14).
    """
    if at < lot.expires_at:
        raise Conflict("state_conflict", f"expected an instant from {lot.expires_at} on, was {at}")
    extended = lot.expires_at != lot.credited_at + CREDIT_LIFE
    journal = draft(
        "LED-F08",
        f"credit_expiry:{lot.id}" + (f":{format_instant(lot.expires_at)}" if extended else ""),
        at,
        actor,
        [
            debited(AccountKind.MEMBER_ADMIN, lot.member, lot.remaining),
            credited(AccountKind.PROMO_EXPENSE, None, lot.remaining),
        ],
        {"member": str(lot.member), "lot": str(lot.id)},
    )
    return attrs.evolve(journal, lot_uses=(LotUse(lot.id, lot.remaining),))


def commission_key(position: PositionId, revision: int = 0) -> str:
    """The key of a position's charge, and with `:r1`, `:r2` ... of those that came after a reversal (COM-07, COM-14)."""
    return f"commission:{position}:r{revision}" if revision else f"commission:{position}"


def commission(
    position: PositionId,
    member: MemberId,
    spent: Spent,
    company: Money,
    share: tuple[MemberId, Money] | None,
    debt: Debt | None,
    at: datetime,
    actor: str = SYSTEM,
    revision: int = 0,
) -> Journal:
    """Charge a settled profit (LED-F09): `company` and the affiliate's `share` are together what was `spent`.

    Admin credit is one entry per currency, its lots are in `lot_uses`. `debt` holds what was not covered. `revision` counts
    the charges that stood for this position and were reversed (COM-14).
    """
    billing = spent.fee.currency
    legs = [
        debited(AccountKind.MEMBER_ADMIN, member, spent.admin_in(billing)),
        debited(AccountKind.MEMBER_REAL, member, spent.real_in(billing)),
    ]
    if spent.conversion is not None:
        legs.append(debited(AccountKind.FX_POSITION, None, spent.conversion.covered))
    legs += [
        debited(AccountKind.MEMBER_DEBT, member, spent.debt),
        credited(AccountKind.COMMISSION_REVENUE, None, company),
    ]
    references = {"position": str(position), "member": str(member)}
    if share is not None:
        legs.append(credited(AccountKind.MEMBER_COMMISSION, *share))
        references["affiliate"] = str(share[0])
    if spent.conversion is not None:
        foreign = spent.conversion.paid.currency
        legs += [
            debited(AccountKind.MEMBER_ADMIN, member, spent.admin_in(foreign)),
            debited(AccountKind.MEMBER_REAL, member, spent.real_in(foreign)),
            credited(AccountKind.FX_POSITION, None, spent.conversion.paid),
        ]
    return attrs.evolve(
        draft("LED-F09", commission_key(position, revision), at, actor, legs, references),
        lot_uses=spent.lot_uses,
        debts_opened=(debt,) if debt else (),
        conversion=spent.conversion,
    )


def forgiveness(request: str, debt: Debt, amount: Money, at: datetime, actor: str) -> Journal:
    """Forgive a commission debt or part of it (LED-F11).

    Raises Invalid `amount_out_of_range` above what is left, Conflict `state_conflict` for a debt of another cause (LED-F18e).
    """
    if debt.cause != COMMISSION_DEBT:
        raise Conflict("state_conflict", f"expected a debt from a {COMMISSION_DEBT}, was from a {debt.cause}")
    if amount > debt.remaining:
        raise Invalid("amount_out_of_range", f"expected at most {debt.remaining}, was {amount}")
    journal = draft(
        "LED-F11",
        f"debt_forgive:{request}",
        at,
        actor,
        [debited(AccountKind.BAD_DEBT, None, amount), credited(AccountKind.MEMBER_DEBT, debt.member, amount)],
        {"member": str(debt.member), "debt": str(debt.id)},
    )
    return attrs.evolve(journal, debt_payments=(DebtPayment(debt.id, amount),))


def clawback_repayment(
    trigger_key: str, affiliate: MemberId, share: Money, owed: Money, at: datetime, actor: str = SYSTEM
) -> Journal | None:
    """Repay what the affiliate owes from a share just credited (LED-F12, COM-14); None when nothing is owed."""
    repaid = min(share, owed)
    if not repaid:
        return None
    return draft(
        "LED-F12",
        f"clawback_comp:{trigger_key}",
        at,
        actor,
        [
            debited(AccountKind.MEMBER_COMMISSION, affiliate, repaid),
            credited(AccountKind.AFFILIATE_CLAWBACK, affiliate, repaid),
        ],
        {"affiliate": str(affiliate), "credit": trigger_key},
    )


def conversion(idempotency_key: str, amount: Money, bonus: Money, lot: Lot, at: datetime, actor: str) -> Journal:
    """Turn commission balance into admin credit (LED-F13, AFF-30): `lot` holds amount and bonus."""
    journal = draft(
        "LED-F13",
        f"conversion:{idempotency_key}",
        at,
        actor,
        [
            debited(AccountKind.MEMBER_COMMISSION, lot.member, amount),
            debited(AccountKind.PROMO_EXPENSE, None, bonus),
            credited(AccountKind.MEMBER_ADMIN, lot.member, lot.amount),
        ],
        {"member": str(lot.member), "lot": str(lot.id)},
    )
    return attrs.evolve(journal, lots_opened=(lot,))


def opening(
    member: MemberId, real: Money, commission_balance: Money, lots: Iterable[Lot], at: datetime, actor: str = SYSTEM
) -> Journal:
    """Bring in an imported member's balances of one currency (LED-F21); one journal per currency, as LED-02 asks."""
    opened = tuple(lots)
    currency = real.currency
    admin = total((lot.amount for lot in opened), currency)
    journal = draft(
        "LED-F21",
        f"opening:{member}:{currency.code}",
        at,
        actor,
        [
            debited(AccountKind.OPENING_BALANCE, None, real + admin + commission_balance),
            credited(AccountKind.MEMBER_REAL, member, real),
            credited(AccountKind.MEMBER_ADMIN, member, admin),
            credited(AccountKind.MEMBER_COMMISSION, member, commission_balance),
        ],
        {"member": str(member)},
    )
    return attrs.evolve(journal, lots_opened=opened)


def correction(request: str, member: MemberId, amount: Money, at: datetime, actor: str) -> Journal:
    """Correct a real balance with dual control (LED-F23): positive in favour of the member, negative against."""
    adjustments, real = AccountKind.ADJUSTMENTS, AccountKind.MEMBER_REAL
    if amount.minor < 0:
        legs = [debited(real, member, -amount), credited(adjustments, None, -amount)]
    else:
        legs = [debited(adjustments, None, amount), credited(real, member, amount)]
    return draft("LED-F23", f"adjust:{request}", at, actor, legs, {"member": str(member), "request": request})


def _promotion(flow: str, key: str, lot: Lot, at: datetime, actor: str, references: Mapping[str, str]) -> Journal:
    journal = draft(
        flow,
        key,
        at,
        actor,
        [
            debited(AccountKind.PROMO_EXPENSE, None, lot.amount),
            credited(AccountKind.MEMBER_ADMIN, lot.member, lot.amount),
        ],
        {"member": str(lot.member), "lot": str(lot.id), **references},
    )
    return attrs.evolve(journal, lots_opened=(lot,))
