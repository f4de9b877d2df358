"""What a trusted strategy may change of a member's trade: tighten it, never loosen it (SIG-15)."""

from datetime import datetime, timedelta
from decimal import Decimal

import attrs

from cbc_domain.kernel.rounding import EXACT
from cbc_domain.kernel.venues import Side
from cbc_domain.risk.defaults import SizingReading, SystemLimits
from cbc_domain.risk.model import TradingSettings
from cbc_domain.signals.model import Advised

_LAST_BEFORE = timedelta(microseconds=1)


def tightened(
    settings: TradingSettings,
    advised: Advised,
    side: Side,
    price: Decimal,
    limits: SystemLimits,
    reading: SizingReading = SizingReading.MARGIN_ROE,
) -> TradingSettings:
    """Settings in force with what the strategy advises at `price`, the mark price now, within the system's limits (SIG-15).

    Less leverage, a nearer stop, a nearer target; advice that would loosen one of them, or put the target no further than
    the stop, changes nothing of it.
    """
    leverage = min(settings.default_leverage, advised.leverage or settings.default_leverage)
    times = leverage if reading is SizingReading.PRICE_NOTIONAL else 1
    stop = settings.stop_loss_multiplier
    asked = _apart(side.opposite, price, advised.stop_loss, times)
    if asked is not None:
        stop = min(stop, max(asked, limits.stop_multiplier_from))
    takes = [_apart(side, price, take, times) for take in advised.take_profits]
    nearer = [take for take in takes if take is not None and stop < take < settings.take_profit_multiplier]
    return attrs.evolve(
        settings,
        default_leverage=leverage,
        stop_loss_multiplier=stop,
        take_profit_multiplier=min(nearer, default=settings.take_profit_multiplier),
    )


def last_instant(window_end: datetime, advised: Advised) -> datetime:
    """Until when, included, an open may be sent: an alert that expires at T is valid before T (GEN-07)."""
    return window_end if advised.expires_at is None else min(window_end, advised.expires_at - _LAST_BEFORE)


def _apart(side: Side, price: Decimal, level: Decimal | None, times: int) -> Decimal | None:
    """How far a level lies from the price where this side gains, in the multiplier's unit; None if it does not."""
    if level is None:
        return None
    towards = EXACT.subtract(level, price) if side is Side.LONG else EXACT.subtract(price, level)
    return EXACT.divide(EXACT.multiply(towards, Decimal(100)), EXACT.multiply(price, Decimal(times))) if towards > 0 else None
