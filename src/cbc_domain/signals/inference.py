"""The side that indicators speak for, where an alert has no words for it (SIG-14)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from cbc_domain.kernel.venues import Side

LONG_RSI_4H_BELOW: Final = Decimal(70)
SHORT_RSI_4H_ABOVE: Final = Decimal(30)
"""Limits of the four-hour RSI, excluded."""


def inferred_side(indicators: Mapping[str, Decimal | bool | None]) -> Side | None:
    """A crossing of the average that four-hour RSI and momentum agree with; None without one or with a value missing."""
    rsi, momentum = indicators.get("rsi_4h"), indicators.get("momentum_15")
    if not isinstance(rsi, Decimal) or not isinstance(momentum, Decimal):
        return None
    if indicators.get("cruzou_acima_ema9") is True and rsi < LONG_RSI_4H_BELOW and momentum > 0:
        return Side.LONG
    if indicators.get("cruzou_abaixo_ema9") is True and rsi > SHORT_RSI_4H_ABOVE and momentum < 0:
        return Side.SHORT
    return None
