"""What the market allows follows from the index and the pulse; what is old or impossible counts as unknown."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given

from cbc_domain.kernel.venues import Side
from cbc_domain.market.model import Direction, FearGreed, MarketCode, MarketReading, Observation, Pulse
from cbc_domain.market.rules import FEAR_BELOW, GREED_ABOVE, LEAST_VALID_ROWS, RULE_VERSION, judge, whole_index
from tests.rulebook import cases, table
from tests.strategies.market import NOW, earlier_readings, fear_greed_of, observations, observed, pulse_of


def _observation(sources: Mapping[str, Any]) -> Observation:
    index = whole_index(Decimal(sources["fg"])) if sources["fg"] is not None else None
    fetched = timedelta(microseconds=int(Decimal(sources["fg_fetch_age_h"]) * 3_600_000_000))
    published = timedelta(microseconds=int(Decimal(sources["fg_published_age_h"]) * 3_600_000_000))
    known = sources["pm_plus"] is not None and sources["vwdelta"] is not None
    pulse_age = timedelta(seconds=sources["pulse_age_s"])
    pulse = pulse_of(sources["pm_plus"], sources["vwdelta"], sources["valid_rows"], pulse_age) if known else None
    return observed(fear_greed_of(index, fetched, published) if index is not None else None, pulse)


@given(observations, earlier_readings)
def test_a_reading_never_allows_more_than_one_row_of_the_table(
    observation: Observation, earlier: Sequence[MarketReading]
) -> None:
    """rules: MKT-10, MKT-20, MKT-21"""
    reading = judge(observation, earlier, NOW)

    assert reading.observation is observation
    assert 0 <= reading.confidence <= 1
    assert reading.confidence == reading.confidence.quantize(Decimal("0.01"))
    assert reading.size_factor == (Decimal("0.5") if reading.divergence else 1)
    assert reading.rule_version == RULE_VERSION
    if reading.code in (MarketCode.FG_UNKNOWN, MarketCode.PULSE_UNKNOWN, MarketCode.PULSE_MIXED):
        assert reading.direction.sides == frozenset()
    if reading.direction in (Direction.BOTH, Direction.NONE):
        assert not reading.divergence


@given(observations, earlier_readings)
def test_nothing_opens_against_an_extreme_or_without_an_index(
    observation: Observation, earlier: Sequence[MarketReading]
) -> None:
    """rules: MKT-11"""
    index = observation.fear_greed
    allowed = judge(observation, earlier, NOW).direction.sides

    if index is None:
        assert not allowed
    elif index.value < FEAR_BELOW:
        assert Side.SHORT not in allowed
    elif index.value > GREED_ABOVE:
        assert Side.LONG not in allowed


@given(observations, earlier_readings)
def test_the_order_of_earlier_readings_does_not_matter(observation: Observation, earlier: Sequence[MarketReading]) -> None:
    """rules: MKT-21, GEN-17"""
    one, two = judge(observation, earlier, NOW), judge(observation, list(reversed(earlier)), NOW)

    assert (one.direction, one.confidence, one.dominance) == (two.direction, two.confidence, two.dominance)


@pytest.mark.parametrize("row", cases("market_cases"))
def test_the_table_of_allowed_directions(row: Mapping[str, Any]) -> None:
    """rules: MKT-01, MKT-02, MKT-03, MKT-10, MKT-20"""
    expected = row["expect"]

    reading = judge(_observation(row["input"]), (), NOW)

    assert reading.direction == expected["wire"]
    assert reading.direction.sides == set(expected["allowed"])
    assert reading.code == expected["code"]
    assert str(reading.confidence) == expected["confidence"]
    assert reading.divergence is expected["divergence"]
    assert reading.size_factor == (Decimal("0.5") if expected["divergence"] else 1)


def test_the_market_codes_are_those_of_the_book() -> None:
    """rules: MKT-10"""
    assert [code.value for code in MarketCode] == table("market_codes")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0),
        ("100", 100),
        ("55.0", 55),
        ("101", None),
        ("-1", None),
        ("55.5", None),
        ("NaN", None),
        ("Infinity", None),
    ],
)
def test_an_index_is_a_whole_number_of_0_to_100_or_missing(text: str, expected: int | None) -> None:
    """rules: MKT-01"""
    assert whole_index(Decimal(text)) == expected


def test_an_impossible_index_is_missing_even_when_a_source_let_it_through() -> None:
    """rules: MKT-01"""
    assert judge(observed(fear_greed_of(101), None), (), NOW).code is MarketCode.FG_UNKNOWN


def test_what_was_fresh_when_observed_becomes_unknown_with_time() -> None:
    """rules: MKT-01, MKT-02, GEN-12"""
    observation = observed(fear_greed_of(55), pulse_of("70", "1.2"))
    last_moment = NOW + timedelta(seconds=540)

    assert judge(observation, (), last_moment).code is MarketCode.PULSE_LONG
    assert judge(observation, (), last_moment + timedelta(microseconds=1)).code is MarketCode.PULSE_UNKNOWN
    assert judge(observation, (), NOW + timedelta(hours=23)).code is MarketCode.PULSE_UNKNOWN
    assert judge(observation, (), NOW + timedelta(hours=23, microseconds=1)).code is MarketCode.FG_UNKNOWN


def test_a_reading_says_whether_its_pulse_was_usable() -> None:
    """rules: MKT-02, DEC-01"""
    few_rows = pulse_of("70", "1.2", rows=LEAST_VALID_ROWS - 1)

    assert judge(observed(fear_greed_of(20), pulse_of("70", "1.2")), (), NOW).pulse_usable
    assert not judge(observed(fear_greed_of(20), few_rows), (), NOW).pulse_usable
    assert not judge(observed(fear_greed_of(20), None), (), NOW).pulse_usable


def test_a_pulse_is_compared_unrounded() -> None:
    """rules: MKT-03"""
    just_above = Pulse(Decimal(60), Decimal("0.5000000000000000000000000000000000001"), 100, NOW)

    assert judge(observed(fear_greed_of(55), just_above), (), NOW).code is MarketCode.PULSE_LONG


def test_simulated_stays_on_what_is_derived() -> None:
    """rules: GEN-13"""
    simulated = attrs.evolve(observed(FearGreed(55, NOW, NOW), None), simulated=True)

    assert judge(simulated, (), NOW).observation.simulated
