"""Which risk limits a member has reached, whether a coin is blocked, and what emergency acts stop."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Final

from cbc_domain.kernel.ids import MemberId, StrategyId
from cbc_domain.kernel.rounding import EXACT
from cbc_domain.kernel.venues import Symbol, Venue, coin_of
from cbc_domain.risk.defaults import Switches, SystemLimits
from cbc_domain.risk.model import Activity, Reason, Stop, StopScope, TradingSettings

RISEN_PERCENTAGE: Final = Decimal(2)
"""So far over the peak an equity may as well have been moved there (decision 23)."""


def reached(
    activity: Activity, equity: Decimal, settings: TradingSettings, switches: Switches, limits: SystemLimits, now: datetime
) -> tuple[Reason, ...]:
    """The limits of one member and environment that are reached: at the limit counts (RSK-01, RSK-02).

    `equity` is what his accounts there have now, in USDT. Without a base to compare it with the answer is UNAVAILABLE
    (RSK-07).
    """
    return (
        *_losses(activity, equity, settings, limits),
        *_pauses(activity, settings, switches, now),
        *_volumes(activity, limits),
    )


def loss_percentage(before: Decimal, equity: Decimal) -> Decimal:
    """What was lost since `before`, in percent of it; negative for a gain, 0 where there was nothing to lose (RSK-03)."""
    if before <= 0:
        return Decimal(0)
    return EXACT.multiply(EXACT.divide(EXACT.subtract(before, equity), before), Decimal(100))


def looks_moved(activity: Activity, equity: Decimal, settings: TradingSettings, limits: SystemLimits) -> bool:
    """Say whether an equity is where a transfer that nobody knows of would bring it: at a loss limit, or well over the peak.

    Nothing is to be found out where opens pause until the member resumes, or where nothing was measured yet (RSK-03).
    """
    base = activity.base
    if base is None or activity.drawdown_paused:
        return False
    daily = min(settings.daily_loss_limit_percentage, limits.daily_loss_percentage)
    lost_today, lost_in_week = loss_percentage(base.day_start, equity), loss_percentage(base.week_start, equity)
    risen = base.peak is not None and loss_percentage(base.peak, equity) <= -RISEN_PERCENTAGE
    lost = lost_today >= daily or lost_in_week >= limits.weekly_loss_percentage
    return lost or risen or draws_down(activity, equity, limits)


def draws_down(activity: Activity, equity: Decimal, limits: SystemLimits) -> bool:
    """Say whether so much of the highest equity is lost that opens pause until the member resumes (RSK-01, RSK-03)."""
    peak = activity.base.peak if activity.base else None
    return peak is not None and loss_percentage(peak, equity) >= limits.drawdown_percentage


def streak_pause(losses: int, last_closed_at: datetime | None, limits: SystemLimits) -> datetime | None:
    """When a run of losing positions lets opens go on; None while it is too short (RSK-12)."""
    if last_closed_at is None or losses < limits.loss_streak:
        return None
    return last_closed_at + limits.loss_streak_pause


def coin_blocked(activity: Activity, symbol: Symbol, now: datetime) -> bool:
    """Say whether a coin is blocked for opens; the instant a block ends is free (POS-20, GEN-07)."""
    coin = coin_of(symbol)
    return any(blocked == coin and now < until for blocked, until in activity.blocked_coins)


def slippage_percentage(mark: Decimal, reference: Decimal) -> Decimal:
    """How far the mark price is from the reference price, either way, in percent of the reference (ORD-06)."""
    apart = EXACT.abs(EXACT.subtract(mark, reference))
    return EXACT.multiply(EXACT.divide(apart, reference), Decimal(100))


def slips(mark: Decimal, reference: Decimal, limits: SystemLimits) -> bool:
    """Say whether the mark price moved too far from the signal's; the limit itself is allowed (ORD-06)."""
    return slippage_percentage(mark, reference) > limits.slippage_percentage


def stops_opening(stops: Iterable[Stop], venue: Venue | None, symbol: Symbol, strategy: StrategyId, member: MemberId) -> bool:
    """Say whether an emergency act of any level forbids this open; `venue` None when none was chosen (RSK-20)."""
    return any(reaches(stop.scope, stop.target, venue, symbol, strategy, member) for stop in stops)


def reaches(
    scope: StopScope, target: str | None, venue: Venue | None, symbol: Symbol, strategy: StrategyId, member: MemberId
) -> bool:
    """Say whether a trade is in the scope of an emergency act (RSK-20)."""
    match scope:
        case StopScope.GLOBAL:
            return True
        case StopScope.EXCHANGE:
            return venue is not None and target == venue.value
        case StopScope.SYMBOL:
            return target == symbol
        case StopScope.STRATEGY:
            return target == str(strategy)
        case StopScope.USER:
            return target == str(member)


def _losses(activity: Activity, equity: Decimal, settings: TradingSettings, limits: SystemLimits) -> Iterator[Reason]:
    base = activity.base
    if base is None:
        yield Reason.UNAVAILABLE
    elif loss_percentage(base.day_start, equity) >= settings.daily_loss_limit_percentage:
        yield Reason.DAILY_LOSS_LIMIT
    if base and loss_percentage(base.week_start, equity) >= limits.weekly_loss_percentage:
        yield Reason.WEEKLY_LOSS_LIMIT
    if activity.drawdown_paused or draws_down(activity, equity, limits):
        yield Reason.DRAWDOWN_PAUSE


def _pauses(activity: Activity, settings: TradingSettings, switches: Switches, now: datetime) -> Iterator[Reason]:
    on = switches.loss_streak_pause and settings.loss_streak_pause_enabled
    if on and activity.loss_streak_until is not None and now < activity.loss_streak_until:
        yield Reason.LOSS_STREAK_PAUSE


def _volumes(activity: Activity, limits: SystemLimits) -> Iterator[Reason]:
    if activity.trades_today >= limits.trades_per_day:
        yield Reason.TRADES_PER_DAY
    if limits.notional_per_day is not None and activity.notional_today >= limits.notional_per_day:
        yield Reason.DAILY_VOLUME_LIMIT
