"""Shapes that several resources share: money, paths to own objects, lists."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec

from cbc_domain.kernel.errors import FieldFault, FieldFaults, Invalid, NotFound
from cbc_domain.kernel.money import Money, currency, largest_amount
from cbc_domain.kernel.time import format_instant

PositiveText = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,20}(\.[0-9]{1,20})?$")]
"""A price or a quantity as decimal text: no sign, no exponent, no NaN (GEN-04)."""

Reason = Annotated[str, msgspec.Meta(max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""Why somebody does something, in one line (GEN-11)."""


class MoneyShape(msgspec.Struct, forbid_unknown_fields=True):
    """Decimal text with exactly the places of the currency, never a JSON number (GEN-04)."""

    amount: str
    currency: str


def money(value: Money) -> MoneyShape:
    return MoneyShape(value.text, value.currency.code)


def money_of(field: str, shape: MoneyShape) -> Money:
    """Read a positive amount that somebody names (GEN-04, MON-06).

    Raises FieldFaults `amount_not_positive`, or `amount_precision` for any other form and above the largest amount.
    """
    try:
        amount = Money.parse(shape.amount, currency(shape.currency))
    except Invalid as fault:
        raise FieldFaults((FieldFault(field, fault.detail, "amount_precision"),)) from None
    if amount.minor <= 0:
        raise FieldFaults((FieldFault(field, f"expected a positive amount, was {amount}", "amount_not_positive"),))
    if amount > (most := largest_amount(amount.currency)):
        raise FieldFaults((FieldFault(field, f"expected at most {most}, was {amount}", "amount_precision"),))
    return amount


def maybe_money(value: Money | None) -> MoneyShape | None:
    return money(value) if value is not None else None


def text(value: Decimal) -> str:
    """Plain decimal text without exponent or needless zeros."""
    plain = f"{value:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def maybe_text(value: Decimal | None) -> str | None:
    return text(value) if value is not None else None


def moment(value: datetime | None) -> str | None:
    return format_instant(value) if value is not None else None


def object_id(value: str) -> UUID:
    """Read an id from a path; one that cannot be an id is an object that does not exist. Raises NotFound."""
    try:
        return UUID(value)
    except ValueError:
        raise NotFound("not_found", "expected the id of an object of yours") from None
