"""A signal is approved by the market and the four criteria; closes ask nobody."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_domain.kernel.venues import Side
from cbc_domain.market.model import Direction, MarketReading, NeutralPolicy
from cbc_domain.market.rules import judge
from cbc_domain.signals.decision import criteria, decide
from cbc_domain.signals.model import SignalKind
from tests.rulebook import cases
from tests.strategies.market import NOW, fear_greed_of, observations, observed, pulse_of, reading_of
from tests.strategies.signals import closes, opens, signal_of

DIRECTIONS = {
    (): Direction.NONE,
    ("LONG",): Direction.LONG_ONLY,
    ("SHORT",): Direction.SHORT_ONLY,
    ("LONG", "SHORT"): Direction.BOTH,
}

readings = observations.map(lambda observation: judge(observation, (), NOW))
indicators = st.fixed_dictionaries({}, optional={"rsi_15": st.none() | st.decimals(0, 100, places=2)})


@given(opens, readings, indicators, st.booleans(), st.booleans(), st.sampled_from(NeutralPolicy))
def test_nothing_is_approved_against_the_allowed_direction(
    kind: SignalKind,
    reading: MarketReading,
    known: dict[str, Decimal | bool | None],
    opposite: bool,
    accept_weak: bool,
    policy: NeutralPolicy,
) -> None:
    """rules: DEC-01, DEC-02, DEC-05, DEC-07, MKT-11"""
    signal = signal_of(kind, indicators=known)

    decision = decide(signal, reading, opposite, accept_weak=accept_weak, neutral_policy=policy)

    assert decision.approved is (decision.reason == "approved")
    assert decision.size_factor == reading.size_factor
    assert decision.criteria is not None
    if decision.approved:
        assert signal.side in reading.direction.sides
        assert decision.criteria.direction
        assert decision.criteria.met >= (2 if kind.strong else 3)
        assert kind.strong or accept_weak


@given(closes, readings, st.booleans(), st.booleans())
def test_a_close_asks_nobody(kind: SignalKind, reading: MarketReading, opposite: bool, accept_weak: bool) -> None:
    """rules: DEC-06, SIG-22"""
    decision = decide(signal_of(kind), reading, opposite, accept_weak=accept_weak)

    assert (decision.approved, decision.reason, decision.criteria) == (True, "approved", None)
    assert decision.size_factor == 1


@pytest.mark.parametrize("row", cases("criteria_cases"))
def test_the_table_of_criteria(row: Mapping[str, Any]) -> None:
    """rules: DEC-01, DEC-02, DEC-03, DEC-05"""
    sources, expected = row["input"], row["expect"]
    pulse = pulse_of(sources["pm_plus"]) if sources["pm_plus"] is not None else None
    reading = reading_of(DIRECTIONS[tuple(sources["allowed"])], pulse=pulse)
    rsi = Decimal(sources["rsi_15"]) if sources["rsi_15"] is not None else None
    kind = SignalKind(f"OPEN_{sources['side']}_{sources['strength'].upper()}")

    decision = decide(
        signal_of(kind, indicators={"rsi_15": rsi}), reading, sources["opposite_open_approved_in_4h"], accept_weak=True
    )

    met = decision.criteria
    assert met is not None
    assert [met.direction, met.rsi, met.history, met.pulse] == expected["met"]
    assert met.met == expected["count"]
    assert (decision.approved, decision.reason) == (expected["approved"], expected["reason"])


@pytest.mark.parametrize("kind", [SignalKind.OPEN_LONG_WEAK, SignalKind.OPEN_SHORT_WEAK])
def test_a_weak_signal_is_recorded_only_unless_the_switch_is_on(kind: SignalKind) -> None:
    """rules: DEC-05, SIG-10"""
    reading = reading_of(Direction.LONG_ONLY, pulse=pulse_of("50"))

    decision = decide(signal_of(kind, indicators={"rsi_15": Decimal(50)}), reading, False, accept_weak=False)

    assert (decision.approved, decision.reason) == (False, "weak_recorded_only")
    assert decision.criteria is not None


def test_a_confirmation_is_recorded_only() -> None:
    """rules: SIG-10"""
    decision = decide(signal_of(SignalKind.CONFIRM), reading_of(Direction.BOTH), False, accept_weak=True)

    assert (decision.approved, decision.reason, decision.criteria) == (False, "recorded_only", None)


def test_a_neutral_market_without_a_named_side_opens_nothing_under_the_ai_policy() -> None:
    """rules: MKT-12"""
    reading = judge(observed(fear_greed_of(55), pulse_of("50")), (), NOW)
    strong = signal_of(indicators={"rsi_15": Decimal(50)})

    usual = decide(strong, reading, False, accept_weak=False)
    ai_only = decide(strong, reading, False, accept_weak=False, neutral_policy=NeutralPolicy.AI_DIRECTION_ONLY)

    assert usual.approved
    assert (ai_only.approved, ai_only.reason) == (False, "direction_not_allowed")


@pytest.mark.parametrize(
    ("indicators", "passes"),
    [
        ({"rsi_15": Decimal(50)}, True),
        ({"rsi": Decimal(50)}, True),
        ({"rsi_15": Decimal(85), "rsi": Decimal(50)}, False),
        ({"rsi_15": None, "rsi": Decimal(50)}, False),
        ({"rsi": None}, False),
        ({}, False),
    ],
)
def test_the_rsi_is_that_of_fifteen_minutes_or_the_only_one_there_is(
    indicators: dict[str, Decimal | bool | None], passes: bool
) -> None:
    """rules: DEC-01"""
    decision = decide(signal_of(indicators=indicators), reading_of(Direction.LONG_ONLY), False, accept_weak=False)

    assert decision.criteria is not None
    assert decision.criteria.rsi is passes


def test_a_pulse_that_is_not_usable_is_a_missing_value() -> None:
    """rules: DEC-01, MKT-02"""
    stale = judge(observed(fear_greed_of(20), pulse_of("70", "1.2", rows=79)), (), NOW)
    fresh = judge(observed(fear_greed_of(20), pulse_of("70", "1.2", rows=80)), (), NOW)

    assert not criteria(Side.LONG, stale, None, False).pulse
    assert criteria(Side.LONG, fresh, None, False).pulse


def test_a_divergence_halves_the_size_of_the_decision() -> None:
    """rules: DEC-08, MKT-20, SIZ-03"""
    reading = judge(observed(fear_greed_of(20), pulse_of("30", "-1.2")), (), NOW)

    decision = decide(signal_of(indicators={"rsi_15": Decimal(50)}), reading, False, accept_weak=False)

    assert (decision.approved, decision.size_factor) == (True, Decimal("0.5"))
