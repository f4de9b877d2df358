"""Exchange rates between the ledger currencies and the one way to convert with them."""

from datetime import datetime, timedelta
from decimal import Decimal

import attrs

from cbc_domain.kernel.errors import Invalid
from cbc_domain.kernel.money import BRL, USD, Currency, Money
from cbc_domain.kernel.rounding import EXACT, to_money
from cbc_domain.kernel.time import utc_only


@attrs.frozen
class FxRate:
    """BRL for one USD, six places, with its provider's time and the time we accepted it (FX-01, FX-05)."""

    brl_per_usd: Decimal
    provider: str
    provider_at: datetime = attrs.field(validator=utc_only)
    accepted_at: datetime = attrs.field(validator=utc_only)

    def __attrs_post_init__(self) -> None:
        if not self.brl_per_usd.is_finite() or self.brl_per_usd <= 0:
            raise Invalid("rate_invalid", f"expected a positive finite rate, was {self.brl_per_usd}")


@attrs.frozen
class RateNeeded:
    """The answer of a rule that needs a rate and has no usable one: nothing may be posted, ask again later (FX-03)."""


USABLE_FOR = timedelta(hours=24)
"""How long a rate may be used for charging and converting (FX-03)."""


def usable(rate: FxRate | None, at: datetime) -> bool:
    """Say whether a charge at `at` may use this rate: it exists and is at most 24 hours old (FX-03)."""
    return rate is not None and at - rate.accepted_at <= USABLE_FOR


def convert(amount: Money, to: Currency, rate: FxRate) -> Money:
    """Convert with one half-up rounding at the end; USD to BRL multiplies, BRL to USD divides (FX-06)."""
    if amount.currency == to:
        return amount
    if (amount.currency, to) == (USD, BRL):
        return to_money(EXACT.multiply(amount.amount, rate.brl_per_usd), to)
    if (amount.currency, to) == (BRL, USD):
        return to_money(EXACT.divide(amount.amount, rate.brl_per_usd), to)
    raise Invalid("rate_unavailable", f"expected a rate between BRL and USD, was {amount.currency} to {to}")
