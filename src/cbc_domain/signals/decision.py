"""Whether a signal may be traded, without asking an AI (section 17)."""

from decimal import Decimal
from typing import Final

import attrs

from cbc_domain.kernel.venues import Side
from cbc_domain.market.model import Direction, MarketReading, NeutralPolicy
from cbc_domain.signals.model import Criteria, Decision, Signal

RULE_VERSION: Final = "decision-1.0"
"""Stored with every decision; it changes whenever a number or a rule below does (GEN-17)."""

LONG_RSI_BELOW: Final = Decimal(80)
SHORT_RSI_ABOVE: Final = Decimal(30)
LONG_RISING_FROM: Final = Decimal(45)
SHORT_RISING_TO: Final = Decimal(55)
"""The limits of the four criteria, the RSI ones excluded and the PM+ ones included (DEC-01)."""

STRONG_NEEDS: Final = 2
WEAK_NEEDS: Final = 3
"""How many of the four, the direction among them (DEC-02, DEC-05)."""


def criteria(side: Side, reading: MarketReading, rsi_15: Decimal | None, opposite_approved_within_4h: bool) -> Criteria:
    """Judge the four criteria of an open; a missing value fails its own (DEC-01)."""
    pulse = reading.observation.pulse if reading.pulse_usable else None
    return Criteria(
        direction=side in reading.direction.sides,
        rsi=rsi_15 is not None and (rsi_15 < LONG_RSI_BELOW if side is Side.LONG else rsi_15 > SHORT_RSI_ABOVE),
        history=not opposite_approved_within_4h,
        pulse=pulse is not None
        and (pulse.pm_plus >= LONG_RISING_FROM if side is Side.LONG else pulse.pm_plus <= SHORT_RISING_TO),
    )


def decide(
    signal: Signal,
    reading: MarketReading,
    opposite_open_approved: bool,
    *,
    accept_weak: bool,
    neutral_policy: NeutralPolicy = NeutralPolicy.BOTH_FOR_STRONG,
) -> Decision:
    """Approve or refuse with a reason (DEC-02 to DEC-08); closes need nobody's permission (DEC-06).

    `opposite_open_approved` answers criterion 3. Where both sides are allowed, a weak signal has no direction (DEC-05),
    and under `ai_direction_only` neither has a strong one, because no AI names a side here (MKT-12). Reasons beside
    those of section 37: `weak_recorded_only` with the switch off, and `recorded_only` for confirmations.
    """
    if signal.kind.closes:
        return Decision(True, "approved", None, Decimal(1), RULE_VERSION)
    if not signal.kind.opens or signal.side is None:
        return Decision(False, "recorded_only", None, Decimal(1), RULE_VERSION)
    met = criteria(signal.side, reading, _rsi(signal), opposite_open_approved)
    one_side_needed = not signal.kind.strong or neutral_policy is NeutralPolicy.AI_DIRECTION_ONLY
    if one_side_needed and reading.direction is Direction.BOTH:
        met = attrs.evolve(met, direction=False)
    reason = _reason(met, strong=signal.kind.strong, accept_weak=accept_weak)
    return Decision(reason == "approved", reason, met, reading.size_factor, RULE_VERSION)


def _reason(met: Criteria, *, strong: bool, accept_weak: bool) -> str:
    if not strong and not accept_weak:
        return "weak_recorded_only"
    if not met.direction:
        return "direction_not_allowed"
    return "approved" if met.met >= (STRONG_NEEDS if strong else WEAK_NEEDS) else "criteria_not_met"


def _rsi(signal: Signal) -> Decimal | None:
    # An unreadable 15-minute RSI is a missing value; only an alert that never had one is judged by its plain RSI.
    value = signal.indicators["rsi_15"] if "rsi_15" in signal.indicators else signal.indicators.get("rsi")
    return value if isinstance(value, Decimal) else None
