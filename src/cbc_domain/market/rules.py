"""From what the sources said to the direction that the market allows (section 16)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from cbc_domain.kernel.rounding import EXACT, half_up
from cbc_domain.market.model import Direction, Dominance, FearGreed, MarketCode, MarketReading, Observation, Pulse

RULE_VERSION: Final = "market-1.0"
"""Stored with every reading; it changes whenever a number or a row below does (GEN-17)."""

FETCHED_WITHIN: Final = timedelta(hours=24)
PUBLISHED_WITHIN: Final = timedelta(hours=48)
"""Ages up to which the index is usable, limits included (MKT-01)."""

LEAST_VALID_ROWS: Final = 80
PULSE_WITHIN: Final = timedelta(seconds=600)
"""What makes a pulse usable, limits included (MKT-02)."""

FEAR_BELOW: Final = 30
GREED_ABOVE: Final = 80
PULSE_RISING: Final = Decimal(60)
PULSE_FALLING: Final = Decimal(40)
NEUTRAL_DELTA: Final = Decimal("0.5")
"""The limits of rows 2, 3 and 5 to 8 of MKT-10; PM+ at most 40 is PM- at least 60."""

LOOK_BACK: Final = (timedelta(minutes=15), timedelta(minutes=30), timedelta(minutes=45))
NEAR: Final = timedelta(minutes=3)
TURNED_CONFIDENCE: Final = Decimal("0.80")
REDUCED_SIZE: Final = Decimal("0.5")
"""History divergence and the size that either divergence leaves (MKT-20, MKT-21)."""

DOMINANCE_HIGH: Final = Decimal(50)
DOMINANCE_LOW: Final = Decimal(45)
DOMINANCE_MOVE: Final = Decimal("0.5")
DOMINANCE_SPAN: Final = timedelta(hours=24)
"""BTC dominance in percent, its move in percentage points (MKT-30)."""

_ROWS: Final = {
    MarketCode.FG_UNKNOWN: (Direction.NONE, Decimal("0.00")),
    MarketCode.FG_EXTREME_FEAR: (Direction.LONG_ONLY, Decimal("0.90")),
    MarketCode.FG_EXTREME_GREED: (Direction.SHORT_ONLY, Decimal("0.90")),
    MarketCode.PULSE_UNKNOWN: (Direction.NONE, Decimal("0.00")),
    MarketCode.PULSE_LONG: (Direction.LONG_ONLY, Decimal("0.85")),
    MarketCode.PULSE_SHORT: (Direction.SHORT_ONLY, Decimal("0.85")),
    MarketCode.PULSE_NEUTRAL: (Direction.BOTH, Decimal("0.40")),
    MarketCode.PULSE_MIXED: (Direction.NONE, Decimal("0.30")),
}
_OPPOSITE: Final = {Direction.LONG_ONLY: Direction.SHORT_ONLY, Direction.SHORT_ONLY: Direction.LONG_ONLY}


def judge(observation: Observation, earlier: Sequence[MarketReading], now: datetime) -> MarketReading:
    """Say what an observation allows at `now` (MKT-10): what is too old by then, or impossible, counts as unknown.

    `earlier` are the readings of the last 24 hours in any order; the ones 15, 30 and 45 minutes and 24 hours ago are
    found by their observation's time, each within 3 minutes, and may be missing (MKT-21, MKT-30).
    """
    pulse = usable_pulse(observation.pulse, now)
    code = _code(usable_index(observation.fear_greed, now), pulse)
    direction, confidence = _ROWS[code]
    turned = _turned(direction, earlier, now)
    divergence = turned or _against_pulse(code, pulse)
    return MarketReading(
        observation=observation,
        direction=direction,
        code=code,
        confidence=half_up(EXACT.multiply(confidence, TURNED_CONFIDENCE), 2) if turned else confidence,
        divergence=divergence,
        size_factor=REDUCED_SIZE if divergence else Decimal(1),
        dominance=_dominance(observation, earlier, now),
        rule_version=RULE_VERSION,
        pulse_usable=pulse is not None,
    )


def whole_index(value: Decimal) -> int | None:
    """Read a source's Fear & Greed value: None when it is not a whole number of 0..100 (MKT-01)."""
    if not value.is_finite() or value not in range(101):
        return None
    return int(value)


def usable_index(fear_greed: FearGreed | None, now: datetime) -> int | None:
    """The index if it may be used at `now`, else None for UNKNOWN; an old extreme is not used either (MKT-01)."""
    if fear_greed is None:
        return None
    fresh = now - fear_greed.fetched_at <= FETCHED_WITHIN and now - fear_greed.published_at <= PUBLISHED_WITHIN
    return whole_index(Decimal(fear_greed.value)) if fresh else None


def usable_pulse(pulse: Pulse | None, now: datetime) -> Pulse | None:
    """The pulse if it may be used at `now`, else None for UNKNOWN (MKT-02, MKT-03)."""
    if pulse is None or pulse.valid_rows < LEAST_VALID_ROWS or now - pulse.taken_at > PULSE_WITHIN:
        return None
    possible = pulse.pm_plus.is_finite() and pulse.vwdelta.is_finite() and 0 <= pulse.pm_plus <= 100
    return pulse if possible else None


def dominance_state(share: Decimal | None, change_24h: Decimal | None) -> Dominance:
    """What BTC dominance (percent) and its change (points) suggest; NEUTRAL when either is unknown (MKT-30)."""
    if share is None or change_24h is None or abs(change_24h) < DOMINANCE_MOVE:
        return Dominance.NEUTRAL
    if share >= DOMINANCE_HIGH and change_24h > 0:
        return Dominance.SHORT_ALTS
    if share <= DOMINANCE_LOW and change_24h < 0:
        return Dominance.LONG_ALTS
    return Dominance.NEUTRAL


def _code(index: int | None, pulse: Pulse | None) -> MarketCode:
    if index is None:
        return MarketCode.FG_UNKNOWN
    if index < FEAR_BELOW:
        return MarketCode.FG_EXTREME_FEAR
    if index > GREED_ABOVE:
        return MarketCode.FG_EXTREME_GREED
    return MarketCode.PULSE_UNKNOWN if pulse is None else _pulse_code(pulse)


def _pulse_code(pulse: Pulse) -> MarketCode:
    if pulse.pm_plus >= PULSE_RISING and pulse.vwdelta > NEUTRAL_DELTA:
        return MarketCode.PULSE_LONG
    if pulse.pm_plus <= PULSE_FALLING and pulse.vwdelta < -NEUTRAL_DELTA:
        return MarketCode.PULSE_SHORT
    if PULSE_FALLING <= pulse.pm_plus <= PULSE_RISING or -NEUTRAL_DELTA <= pulse.vwdelta <= NEUTRAL_DELTA:
        return MarketCode.PULSE_NEUTRAL
    return MarketCode.PULSE_MIXED


def _against_pulse(code: MarketCode, pulse: Pulse | None) -> bool:
    if pulse is None or code not in (MarketCode.FG_EXTREME_FEAR, MarketCode.FG_EXTREME_GREED):
        return False
    pulse_direction, _ = _ROWS[_pulse_code(pulse)]
    return pulse_direction is _OPPOSITE[_ROWS[code][0]]


def _turned(direction: Direction, earlier: Sequence[MarketReading], now: datetime) -> bool:
    opposite = _OPPOSITE.get(direction)
    if opposite is None:
        return False
    before = (_nearest(earlier, now - back) for back in LOOK_BACK)
    return any(reading is not None and reading.direction is opposite for reading in before)


def _dominance(observation: Observation, earlier: Sequence[MarketReading], now: datetime) -> Dominance:
    share = _possible(observation.btc_dominance)
    yesterday = _nearest(earlier, now - DOMINANCE_SPAN) if share is not None else None
    before = _possible(yesterday.observation.btc_dominance) if yesterday is not None else None
    if share is None or before is None:
        return Dominance.NEUTRAL
    return dominance_state(share, EXACT.subtract(share, before))


def _possible(share: Decimal | None) -> Decimal | None:
    return share if share is not None and share.is_finite() and 0 <= share <= 100 else None


def _nearest(readings: Sequence[MarketReading], moment: datetime) -> MarketReading | None:
    near = (reading for reading in readings if abs(reading.observation.at - moment) <= NEAR)
    return min(near, key=lambda reading: (abs(reading.observation.at - moment), reading.observation.at), default=None)
