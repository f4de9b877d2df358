"""At which hours funding may have fallen due for whoever held a position in a time."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_adapters.exchange.ccxt.fundings import DUE_WITHIN, HOUR, full_hours

YEAR = datetime(2026, 1, 1, tzinfo=UTC)
INSTANTS = st.timedeltas(timedelta(0), timedelta(days=60)).map(lambda later: YEAR + later)


@pytest.mark.parametrize(
    ("since", "lasted", "hours"),
    [
        ("12:01:01", timedelta(minutes=57, seconds=58), []),
        ("12:01:00", timedelta(minutes=1), [12]),
        ("12:01:01", timedelta(minutes=58), [13]),
        ("12:00:00", timedelta(0), [12]),
        ("12:30:00", timedelta(hours=3), [13, 14, 15]),
        ("22:58:59", timedelta(hours=1, seconds=1), [23, 0]),
        ("23:58:00", timedelta(seconds=1), []),
    ],
)
def test_a_full_hour_is_near_or_between(since: str, lasted: timedelta, hours: list[int]) -> None:
    """rules: COM-05, EXC-08

    In seed 2 of the campaign at the venues three trades waited for their results for minutes: 30 of 35 weight were for funding.
    """
    began = datetime.fromisoformat(f"2026-03-02 {since}").replace(tzinfo=UTC)

    assert [hour.hour for hour in full_hours(began, began + lasted)] == hours


@given(INSTANTS, st.timedeltas(timedelta(0), timedelta(days=2)))
def test_they_are_those_within_a_minute_of_the_time_and_no_others(since: datetime, lasted: timedelta) -> None:
    """rules: COM-05"""
    until = since + lasted
    day = since.replace(hour=0, minute=0, second=0, microsecond=0) - HOUR
    all_hours = [day + HOUR * later for later in range(24 * 4)]

    assert list(full_hours(since, until)) == [h for h in all_hours if since - DUE_WITHIN <= h <= until + DUE_WITHIN]
