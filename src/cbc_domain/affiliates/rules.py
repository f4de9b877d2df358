"""Affiliate codes, who may be linked to whom, and what converting commission brings."""

import re
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

import attrs

from cbc_domain.identity.model import Member
from cbc_domain.kernel.errors import Conflict, Invalid
from cbc_domain.kernel.ids import MemberId
from cbc_domain.kernel.money import Money
from cbc_domain.kernel.rounding import EXACT, to_money

CODE_ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Letters and digits that are not mistaken for one another (AFF-05); 32, so that a byte has no bias."""

CODE_BYTES: Final = 6
LINK_WINDOW: Final = timedelta(hours=48)
CLICK_LIFE: Final = timedelta(days=30)
CONVERSION_BONUS: Final = Decimal("0.10")

_CODE: Final = re.compile(r"CBC[A-Z0-9]{6}", re.ASCII)


class LinkFault(StrEnum):
    """Why a member cannot be linked to an affiliate (section 37)."""

    LINK_WINDOW_CLOSED = "link_window_closed"
    AFFILIATE_LINK_FORBIDDEN = "affiliate_link_forbidden"


@attrs.frozen
class Click:
    """Somebody followed an affiliate's link."""

    affiliate: MemberId
    at: datetime


@attrs.frozen
class Converted:
    """Commission turned into admin credit (AFF-30): `credited` = `amount` + `bonus`."""

    amount: Money
    bonus: Money
    credited: Money


def new_code(random: bytes) -> str:
    """Make an affiliate code of six cryptographic random bytes; the store decides whether it is unique (AFF-05)."""
    if len(random) < CODE_BYTES:
        raise Invalid("validation_error", f"expected at least {CODE_BYTES} random bytes, was {len(random)}")
    return "CBC" + "".join(CODE_ALPHABET[byte % len(CODE_ALPHABET)] for byte in random[:CODE_BYTES])


def read_code(text: str) -> str | None:
    """Spell a typed code as it is stored, imported ones included; None when it cannot be a code (AFF-05)."""
    code = text.strip().upper()
    return code if _CODE.fullmatch(code) else None


def link_fault(member: Member, affiliate: Member, upline: Collection[MemberId], now: datetime) -> LinkFault | None:
    """Say why `member` cannot be linked to `affiliate` now, None when he can (AFF-06, AFF-08).

    `upline` is who referred the affiliate, who referred that one, and so on: a member in it would close a circle.
    """
    if now >= member.created_at + LINK_WINDOW:
        return LinkFault.LINK_WINDOW_CLOSED
    circle = member.id == affiliate.id or member.id in upline or affiliate.referred_by == member.id
    if circle or member.referred_by is not None:
        return LinkFault.AFFILIATE_LINK_FORBIDDEN
    return None


def attributed(code_owner: MemberId | None, clicks: Iterable[Click], now: datetime) -> MemberId | None:
    """Who brought a new member: the owner of the code he typed, else the last click within 30 days (AFF-07)."""
    if code_owner is not None:
        return code_owner
    recent = [click for click in clicks if click.at <= now < click.at + CLICK_LIFE]
    return max(recent, key=lambda click: click.at).affiliate if recent else None


def converted(amount: Money, balance: Money) -> Converted:
    """Reckon a conversion of commission with its bonus, half up (AFF-30).

    Raises Invalid `amount_not_positive`, Conflict `insufficient_funds` above the commission balance.
    """
    if amount.minor <= 0:
        raise Invalid("amount_not_positive", f"expected a positive amount, was {amount}")
    if amount > balance:
        raise Conflict("insufficient_funds", f"expected at most {balance}, was {amount}")
    bonus = to_money(EXACT.multiply(amount.amount, CONVERSION_BONUS), amount.currency)
    return Converted(amount, bonus, amount + bonus)
