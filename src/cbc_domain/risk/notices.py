"""What a member is told of a limit that he reached: which one, how far he is, and when it ends (RSK-04)."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from cbc_domain.kernel.time import day_start
from cbc_domain.risk.defaults import SystemLimits
from cbc_domain.risk.limits import loss_percentage
from cbc_domain.risk.model import Activity, LimitNotice, Reason, TradingSettings


def notices(
    reasons: Iterable[Reason],
    activity: Activity,
    equity: Decimal,
    settings: TradingSettings,
    limits: SystemLimits,
    now: datetime,
    zone: str,
) -> Iterator[LimitNotice]:
    """One for each of the reasons that is a risk limit; losses in percent, notional in USDT, the rest are counts."""
    base, tomorrow = activity.base, day_start(day_start(now, zone) + timedelta(hours=36), zone)
    for reason in reasons:
        match reason:
            case Reason.DAILY_LOSS_LIMIT if base is not None:
                lost = loss_percentage(base.day_start, equity)
                yield LimitNotice(reason, lost, settings.daily_loss_limit_percentage, tomorrow)
            case Reason.WEEKLY_LOSS_LIMIT if base is not None:
                yield LimitNotice(reason, loss_percentage(base.week_start, equity), limits.weekly_loss_percentage, None)
            case Reason.DRAWDOWN_PAUSE:
                peak = base.peak if base else None
                fallen = None if peak is None else loss_percentage(peak, equity)
                yield LimitNotice(reason, fallen, limits.drawdown_percentage, None)
            case Reason.LOSS_STREAK_PAUSE:
                until = activity.loss_streak_until
                yield LimitNotice(reason, Decimal(activity.loss_streak), Decimal(limits.loss_streak), until)
            case Reason.TRADES_PER_DAY:
                yield LimitNotice(reason, Decimal(activity.trades_today), Decimal(limits.trades_per_day), tomorrow)
            case Reason.DAILY_VOLUME_LIMIT if limits.notional_per_day is not None:
                yield LimitNotice(reason, activity.notional_today, limits.notional_per_day, tomorrow)
            case _:
                continue
