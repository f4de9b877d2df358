"""Readings of the market and the direction they allow."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import attrs

from cbc_domain.kernel.venues import Side


@attrs.frozen
class FearGreed:
    """The Fear & Greed index, whole 0..100, with the last fetch that confirmed it and its publication (MKT-01)."""

    value: int
    fetched_at: datetime
    published_at: datetime


@attrs.frozen
class Pulse:
    """Top-100 pulse: `pm_plus` percent of valid rows that rose, `vwdelta` in percent, unrounded (MKT-03)."""

    pm_plus: Decimal
    vwdelta: Decimal
    valid_rows: int
    taken_at: datetime


@attrs.frozen
class Observation:
    """What the sources said at one moment; None is a source without an answer (GEN-12).

    `simulated` marks made-up or recorded-as-simulated values; it stays on everything derived from them (GEN-13).
    """

    at: datetime
    fear_greed: FearGreed | None
    pulse: Pulse | None
    btc_dominance: Decimal | None = None
    sources: tuple[str, ...] = ()
    simulated: bool = False


class MarketCode(StrEnum):
    FG_UNKNOWN = "fg_unknown"
    FG_EXTREME_FEAR = "fg_extreme_fear"
    FG_EXTREME_GREED = "fg_extreme_greed"
    PULSE_UNKNOWN = "pulse_unknown"
    PULSE_LONG = "pulse_long"
    PULSE_SHORT = "pulse_short"
    PULSE_NEUTRAL = "pulse_neutral"
    PULSE_MIXED = "pulse_mixed"


class Direction(StrEnum):
    """The wire words of the allowed direction (MKT-10)."""

    LONG_ONLY = "SOMENTE_LONG"
    SHORT_ONLY = "SOMENTE_SHORT"
    BOTH = "LONG_E_SHORT"
    NONE = "NENHUMA"

    @property
    def sides(self) -> frozenset[Side]:
        match self:
            case Direction.LONG_ONLY:
                return frozenset({Side.LONG})
            case Direction.SHORT_ONLY:
                return frozenset({Side.SHORT})
            case Direction.BOTH:
                return frozenset(Side)
            case Direction.NONE:
                return frozenset()


class Dominance(StrEnum):
    """What BTC dominance suggests; it never blocks or allows alone (MKT-30)."""

    SHORT_ALTS = "SHORT_ALTS"
    LONG_ALTS = "LONG_ALTS"
    NEUTRAL = "NEUTRAL"


@attrs.frozen
class MarketReading:
    """An observation judged: the allowed direction, why, and how sure; kept for at least a year (MKT-31).

    `confidence` is 0..1 with two places; `size_factor` is 1 or 0.5 (SIZ-03). `pulse_usable` says whether the observed
    pulse was valid and fresh when it was judged: where it was not, PM+ counts as missing (MKT-02, DEC-01).
    """

    observation: Observation
    direction: Direction
    code: MarketCode
    confidence: Decimal
    divergence: bool
    size_factor: Decimal
    dominance: Dominance
    rule_version: str
    pulse_usable: bool = False


class NeutralPolicy(StrEnum):
    """What a neutral market means for strong signals (switch `neutral_market_policy`, MKT-12)."""

    BOTH_FOR_STRONG = "both_for_strong"
    AI_DIRECTION_ONLY = "ai_direction_only"
