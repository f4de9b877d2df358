"""A direction that has just turned is trusted less, and BTC dominance is told but decides nothing."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_domain.market.model import Direction, Dominance, MarketReading, Observation
from cbc_domain.market.rules import dominance_state, judge
from tests.rulebook import cases
from tests.strategies.market import NOW, earlier_readings, fear_greed_of, observations, observed, pulse_of, reading_of

WORDS: Final = {
    "LONG": Direction.LONG_ONLY,
    "SHORT": Direction.SHORT_ONLY,
    "BOTH": Direction.BOTH,
    "NONE": Direction.NONE,
}
PRESENT: Final = {
    ("LONG", "0.90"): observed(fear_greed_of(20), None),
    ("LONG", "0.85"): observed(fear_greed_of(55), pulse_of("70", "1.2")),
    ("SHORT", "0.85"): observed(fear_greed_of(55), pulse_of("30", "-1.2")),
    ("BOTH", "0.40"): observed(fear_greed_of(55), pulse_of("50")),
}


@pytest.mark.parametrize("row", cases("history_divergence_cases"))
def test_the_table_of_turned_directions(row: Mapping[str, Any]) -> None:
    """rules: MKT-21"""
    sources, expected = row["input"], row["expect"]
    back = zip((15, 30, 45), sources["at_15_30_45_min"], strict=True)
    earlier = [reading_of(WORDS[word], NOW - timedelta(minutes=minutes)) for minutes, word in back if word is not None]

    reading = judge(PRESENT[sources["now"], sources["confidence"]], earlier, NOW)

    assert reading.direction is WORDS[sources["now"]]
    assert reading.divergence is expected["divergence"]
    assert str(reading.confidence) == expected["confidence"]
    assert reading.size_factor == Decimal(expected["size_factor"])


@pytest.mark.parametrize(
    ("minutes", "seconds", "turned"),
    [(12, 0, True), (18, 0, True), (11, 59, False), (18, 1, False), (26, 59, False), (27, 0, True), (48, 0, True)],
)
def test_an_earlier_reading_counts_within_three_minutes_of_its_time(minutes: int, seconds: int, turned: bool) -> None:
    """rules: MKT-21"""
    earlier = [reading_of(Direction.SHORT_ONLY, NOW - timedelta(minutes=minutes, seconds=seconds))]

    assert judge(PRESENT["LONG", "0.90"], earlier, NOW).divergence is turned


def test_only_the_nearest_reading_is_compared() -> None:
    """rules: MKT-21"""
    near = reading_of(Direction.BOTH, NOW - timedelta(minutes=15, seconds=10))
    farther = reading_of(Direction.SHORT_ONLY, NOW - timedelta(minutes=14))

    assert not judge(PRESENT["LONG", "0.90"], [near, farther], NOW).divergence


def test_both_divergences_together_halve_the_size_once() -> None:
    """rules: MKT-20, MKT-21, SIZ-03"""
    earlier = [reading_of(Direction.SHORT_ONLY, NOW - timedelta(minutes=15))]

    reading = judge(observed(fear_greed_of(20), pulse_of("30", "-1.2")), earlier, NOW)

    assert (reading.divergence, reading.size_factor, str(reading.confidence)) == (True, Decimal("0.5"), "0.72")


@pytest.mark.parametrize("row", cases("dominance_cases"))
def test_the_table_of_dominance(row: Mapping[str, Any]) -> None:
    """rules: MKT-30"""
    share, change = Decimal(row["input"]["btc_dominance"]), Decimal(row["input"]["change_24h_pp"])
    yesterday = reading_of(Direction.NONE, NOW - timedelta(hours=24), btc_dominance=share - change)

    assert dominance_state(share, change) == row["expect"]
    assert judge(observed(None, None, btc_dominance=share), [yesterday], NOW).dominance == row["expect"]


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (timedelta(hours=24, minutes=3), Dominance.SHORT_ALTS),
        (timedelta(hours=24, minutes=3, seconds=1), Dominance.NEUTRAL),
        (timedelta(hours=23, minutes=57), Dominance.SHORT_ALTS),
        (timedelta(hours=1), Dominance.NEUTRAL),
    ],
)
def test_dominance_needs_a_reading_of_a_day_ago(age: timedelta, expected: Dominance) -> None:
    """rules: MKT-30"""
    yesterday = reading_of(Direction.NONE, NOW - age, btc_dominance=Decimal(55))

    assert judge(observed(None, None, btc_dominance=Decimal(58)), [yesterday], NOW).dominance is expected


def test_dominance_that_is_unknown_is_neutral() -> None:
    """rules: MKT-30, GEN-12"""
    yesterday = reading_of(Direction.NONE, NOW - timedelta(hours=24), btc_dominance=Decimal(55))

    assert dominance_state(None, Decimal(1)) is Dominance.NEUTRAL
    assert dominance_state(Decimal(58), None) is Dominance.NEUTRAL
    assert judge(observed(None, None), [yesterday], NOW).dominance is Dominance.NEUTRAL
    assert judge(observed(None, None, btc_dominance=Decimal("NaN")), [yesterday], NOW).dominance is Dominance.NEUTRAL


@given(observations, earlier_readings, st.none() | st.decimals(0, 100, places=3))
def test_dominance_never_changes_what_is_allowed(
    observation: Observation, earlier: Sequence[MarketReading], other_share: Decimal | None
) -> None:
    """rules: MKT-30"""
    other = observed(observation.fear_greed, observation.pulse, btc_dominance=other_share)

    one, two = judge(observation, earlier, NOW), judge(other, earlier, NOW)

    assert (one.direction, one.confidence, one.size_factor) == (two.direction, two.confidence, two.size_factor)
