"""When the market turns against what is open (MKT-32)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from cbc_domain.kernel.rounding import EXACT
from cbc_domain.kernel.venues import Side
from cbc_domain.market.model import MarketReading

MOVE_WITHIN: Final = timedelta(minutes=60)


class Alarm(StrEnum):
    """How far PM+ moved against a side (MKT-32)."""

    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"


ALARM_FROM: Final = ((Decimal(25), Alarm.CRITICAL), (Decimal(20), Alarm.HIGH), (Decimal(15), Alarm.MEDIUM))
"""Points of PM+, limits included, the hardest first."""


def move_against(side: Side, readings: Sequence[MarketReading], now: datetime) -> Decimal | None:
    """By how many points the newest usable PM+ of the last 60 minutes stands worse for a side than the best of them.

    `readings` in the order of time; None when no pulse of that time was usable.
    """
    pulses = [
        reading.observation.pulse.pm_plus
        for reading in readings
        if reading.pulse_usable and reading.observation.pulse is not None and now - reading.observation.at <= MOVE_WITHIN
    ]
    if not pulses:
        return None
    return EXACT.subtract(max(pulses), pulses[-1]) if side is Side.LONG else EXACT.subtract(pulses[-1], min(pulses))


def alarm_of(points: Decimal | None) -> Alarm | None:
    """How hard a move is; None below 15 points or when it is not known."""
    return next((alarm for least, alarm in ALARM_FROM if points is not None and points >= least), None)


def closes_by_itself(alarm: Alarm | None, auto_close_on_direction_change: bool) -> bool:
    """Say whether a position is closed without anybody's act: at CRITICAL, and only for who wishes it."""
    return alarm is Alarm.CRITICAL and auto_close_on_direction_change
