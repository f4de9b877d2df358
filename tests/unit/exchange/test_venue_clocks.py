"""How far a venue's clock is from ours."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from cbc_adapters.exchange.ccxt.skew import LONGEST_TRIP_MS, difference_ms, skew_of
from cbc_adapters.exchange.ccxt.translate import instant

NOW_MS = 1_772_452_800_000

offsets = st.integers(-100_000, 100_000)
trips = st.integers(0, LONGEST_TRIP_MS)


@given(offsets, trips, st.data())
def test_a_measured_skew_is_wrong_by_at_most_half_the_trip(offset: int, trip: int, data: st.DataObject) -> None:
    """rules: EXC-07"""
    way_there = data.draw(st.integers(0, trip))

    skew = skew_of(NOW_MS, NOW_MS + trip, instant(NOW_MS + way_there + offset))

    assert skew is not None
    assert abs(skew - timedelta(milliseconds=offset)) <= timedelta(milliseconds=trip) / 2


@given(offsets, trips.map(lambda half: half // 2))
def test_what_is_signed_after_it_is_the_venues_time(offset: int, half: int) -> None:
    """rules: EXC-07"""
    skew = skew_of(NOW_MS, NOW_MS + 2 * half, instant(NOW_MS + half + offset))

    assert skew is not None
    assert NOW_MS - difference_ms(skew) == NOW_MS + offset


def test_an_answer_that_took_too_long_says_nothing() -> None:
    """rules: EXC-07"""
    assert skew_of(NOW_MS, NOW_MS + LONGEST_TRIP_MS + 1, instant(NOW_MS)) is None


def test_a_clock_of_ours_that_was_set_back_meanwhile_says_nothing() -> None:
    """rules: EXC-07"""
    assert skew_of(NOW_MS, NOW_MS - 1, instant(NOW_MS)) is None
