"""The market turns against what is open by so many points."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_domain.kernel.venues import Side
from cbc_domain.market.model import MarketReading
from cbc_domain.market.moves import Alarm, alarm_of, closes_by_itself, move_against
from cbc_domain.market.rules import judge
from tests.strategies.market import NOW, fear_greed_of, observed, pulse_of

MINUTE = timedelta(minutes=1)


def rising(pm_plus: str, minutes: float, *, rows: int = 100) -> MarketReading:
    at = NOW - minutes * MINUTE
    return judge(observed(fear_greed_of(55), pulse_of(pm_plus, rows=rows, taken=NOW - at), at), (), at)


def unknown(minutes: float) -> MarketReading:
    at = NOW - minutes * MINUTE
    return judge(observed(fear_greed_of(55), None, at), (), at)


@given(st.lists(st.integers(0, 100), min_size=1, max_size=12), st.sampled_from(Side))
def test_a_move_is_never_in_favour_and_never_more_than_all_there_is(course: list[int], side: Side) -> None:
    """rules: MKT-32"""
    readings = [rising(str(value), len(course) - number) for number, value in enumerate(course)]

    points = move_against(side, readings, NOW)

    assert points is not None
    assert 0 <= points <= max(course) - min(course)


@pytest.mark.parametrize(
    ("side", "course", "alarm"),
    [
        (Side.LONG, [("70", 60), ("55.01", 0)], None),
        (Side.LONG, [("70", 60), ("55", 0)], Alarm.MEDIUM),
        (Side.LONG, [("70", 30), ("50.01", 0)], Alarm.MEDIUM),
        (Side.LONG, [("70", 30), ("50", 0)], Alarm.HIGH),
        (Side.LONG, [("70", 30), ("45.01", 0)], Alarm.HIGH),
        (Side.LONG, [("70", 30), ("45", 0)], Alarm.CRITICAL),
        (Side.LONG, [("45", 30), ("70", 0)], None),
        (Side.SHORT, [("45", 30), ("70", 0)], Alarm.CRITICAL),
        (Side.LONG, [("90", 60.1), ("70", 30), ("60", 0)], None),
        (Side.LONG, [("60", 50), ("80", 30), ("58", 0)], Alarm.HIGH),
    ],
)
def test_the_alarm_follows_the_points_within_an_hour(side: Side, course: list[tuple[str, float]], alarm: Alarm | None) -> None:
    """rules: MKT-32, GEN-08"""
    readings = [rising(pm_plus, minutes) for pm_plus, minutes in course]

    assert alarm_of(move_against(side, readings, NOW)) is alarm


def test_a_pulse_that_was_not_usable_moves_nothing() -> None:
    """rules: MKT-32, GEN-12"""
    assert move_against(Side.LONG, [rising("90", 10, rows=79), rising("50", 0)], NOW) == 0
    assert move_against(Side.LONG, [unknown(0)], NOW) is None
    assert alarm_of(None) is None


@pytest.mark.parametrize("alarm", [None, *Alarm])
@pytest.mark.parametrize("wished", [True, False])
def test_only_a_critical_move_closes_and_only_for_who_wishes_it(alarm: Alarm | None, wished: bool) -> None:
    """rules: MKT-32"""
    assert closes_by_itself(alarm, wished) is (wished and alarm is Alarm.CRITICAL)
