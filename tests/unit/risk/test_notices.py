"""What a member is told of the limits that he reached."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from cbc_domain.kernel.venues import Environment
from cbc_domain.risk.defaults import SystemLimits
from cbc_domain.risk.model import Activity, EquityBase, LimitNotice, Reason, TradingSettings
from cbc_domain.risk.notices import notices

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
UNTIL = NOW + timedelta(minutes=7)
BASE = EquityBase(Decimal(1000), Decimal(1200), Decimal(1500))
ACTIVITY = Activity(
    Environment.LIVE,
    base=BASE,
    loss_streak=4,
    loss_streak_until=UNTIL,
    trades_today=10,
    notional_today=Decimal(5000),
)
LIMITS = SystemLimits(notional_per_day=Decimal(4000))


def told(reason: Reason, activity: Activity = ACTIVITY, limits: SystemLimits = LIMITS, zone: str = "UTC") -> list[LimitNotice]:
    return list(notices([reason], activity, Decimal(900), TradingSettings(), limits, NOW, zone))


@pytest.mark.parametrize(
    ("reason", "value", "limit", "until"),
    [
        (Reason.DAILY_LOSS_LIMIT, "10", "10", datetime(2026, 1, 6, tzinfo=UTC)),
        (Reason.WEEKLY_LOSS_LIMIT, "25", "25", None),
        (Reason.DRAWDOWN_PAUSE, "40", "20", None),
        (Reason.LOSS_STREAK_PAUSE, "4", "4", UNTIL),
        (Reason.TRADES_PER_DAY, "10", "10", datetime(2026, 1, 6, tzinfo=UTC)),
        (Reason.DAILY_VOLUME_LIMIT, "5000", "4000", datetime(2026, 1, 6, tzinfo=UTC)),
    ],
)
def test_each_limit_is_told_with_its_value_and_its_end(reason: Reason, value: str, limit: str, until: datetime | None) -> None:
    """rules: RSK-04"""
    assert told(reason) == [LimitNotice(reason, Decimal(value), Decimal(limit), until)]


@pytest.mark.parametrize(
    ("zone", "hours"), [("America/Sao_Paulo", 15), ("Asia/Tokyo", 3), ("UTC", 12), ("Pacific/Kiritimati", 22)]
)
def test_a_day_ends_at_midnight_of_the_members_zone(zone: str, hours: int) -> None:
    """rules: RSK-04, GEN-06"""
    (notice,) = told(Reason.TRADES_PER_DAY, zone=zone)

    assert notice.until == NOW + timedelta(hours=hours)


def test_a_drawdown_whose_peak_is_forgotten_has_no_value() -> None:
    """rules: RSK-04, GEN-12"""
    base = EquityBase(Decimal(1000), Decimal(1200), None)

    assert told(Reason.DRAWDOWN_PAUSE, Activity(Environment.LIVE, base=base))[0].value is None


@pytest.mark.parametrize("reason", [Reason.COIN_BLOCKED, Reason.UNAVAILABLE, Reason.EMERGENCY_STOP])
def test_other_reasons_are_no_limits(reason: Reason) -> None:
    """rules: RSK-04"""
    assert told(reason) == []
