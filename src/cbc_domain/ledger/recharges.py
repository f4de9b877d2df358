"""How much may be recharged at once, and the bonus that a large recharge earns."""

from decimal import Decimal
from typing import Final

from cbc_domain.kernel.errors import Invalid
from cbc_domain.kernel.money import BRL, USD, Currency, Money
from cbc_domain.kernel.rounding import EXACT, to_money

LEAST: Final = {BRL: Money(150_00, BRL), USD: Money(30_00, USD)}
MOST: Final = {BRL: Money(50_000_00, BRL), USD: Money(10_000_00, USD)}
"""The range of one recharge, both ends allowed (PAY-02)."""

BONUS_ABOVE: Final = {BRL: Money(1_000_00, BRL), USD: Money(300_00, USD)}
BONUS_RATE: Final = Decimal("0.10")
"""The bonus is a fraction of all that was paid, for amounts strictly above the threshold (PAY-10)."""


def check_recharge(amount: Money) -> None:
    """Raises Invalid `recharge_below_minimum` or `recharge_above_maximum` (PAY-02)."""
    least, most = LEAST[amount.currency], MOST[amount.currency]
    if amount < least:
        raise Invalid("recharge_below_minimum", f"expected at least {least}, was {amount}")
    if amount > most:
        raise Invalid("recharge_above_maximum", f"expected at most {most}, was {amount}")


def bonus(paid: Money) -> Money:
    """The bonus of a single recharge, on the gross amount, half up; zero up to the threshold (PAY-10)."""
    currency: Currency = paid.currency
    if paid <= BONUS_ABOVE[currency]:
        return Money.zero(currency)
    return to_money(EXACT.multiply(paid.amount, BONUS_RATE), currency)
