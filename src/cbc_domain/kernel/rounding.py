"""Every rounding the business knows, each with a name; nothing else in the domain rounds (GEN-03)."""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from typing import Final

from cbc_domain.kernel.money import Currency, Money

EXACT: Final = Context(prec=60)
"""Wide enough that products and quotients of prices, rates and amounts keep far more than 28 digits (GEN-02)."""


def half_up(value: Decimal, places: int) -> Decimal:
    """Round half away from zero to `places` (GEN-03)."""
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP, context=EXACT)


def to_money(value: Decimal, currency: Currency) -> Money:
    """Round an exact amount in whole units half up to the minor unit, once, at the end of a calculation (GEN-03)."""
    return Money(int(half_up(value, currency.places).scaleb(currency.places)), currency)


def down_to(value: Decimal, increment: Decimal) -> Decimal:
    """Round toward minus infinity to a multiple of a tick or step (SIZ-06, SIZ-08)."""
    return _multiple(value, increment, ROUND_FLOOR)


def up_to(value: Decimal, increment: Decimal) -> Decimal:
    """Round toward plus infinity to a multiple of a tick (SIZ-08)."""
    return _multiple(value, increment, ROUND_CEILING)


def _multiple(value: Decimal, increment: Decimal, rounding: str) -> Decimal:
    count = EXACT.divide(value, increment).to_integral_value(rounding=rounding)
    return EXACT.multiply(count, increment)
