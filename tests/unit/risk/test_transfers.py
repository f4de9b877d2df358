"""When a venue is asked what was moved, from when on, and which equities look as if something had been."""

from datetime import timedelta
from decimal import Decimal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_domain.risk.defaults import SystemLimits
from cbc_domain.risk.limits import looks_moved
from cbc_domain.risk.model import EquityBase, TradingSettings
from cbc_domain.risk.transfers import ASKED_EVERY, OVERLAP, asked_before, asked_since
from tests.strategies.trading import NOW, activity_in

DAY = timedelta(days=1)


@given(known=st.timedeltas(min_value=timedelta(0), max_value=400 * DAY))
def test_nothing_is_left_out_between_two_questions(known: timedelta) -> None:
    """rules: RSK-03"""
    connected, known_until = NOW - 300 * DAY, NOW - known

    since = asked_since(connected, known_until)

    assert since >= connected
    assert since == connected or since == known_until - OVERLAP


def test_the_first_question_is_for_what_came_after_the_connection() -> None:
    """rules: RSK-03"""
    assert asked_since(NOW - DAY, None) == NOW - DAY


def test_an_account_is_asked_about_every_ten_minutes_and_sooner_when_it_looks_moved() -> None:
    """rules: RSK-03"""
    assert asked_before(NOW) == NOW - timedelta(minutes=10) == NOW - ASKED_EVERY
    assert asked_before(NOW, looks_moved=True) == NOW - timedelta(minutes=1)


@pytest.mark.parametrize(
    ("base", "equity", "suspected"),
    [
        (("1000", "1000", "1000"), "1000", False),
        (("1000", "1000", "1000"), "950.01", False),
        (("1000", "1000", "1000"), "950", True),
        (("700", "1000", "700"), "750.01", True),
        (("700", "1000", "800"), "750.01", False),
        (("700", "1000", "800"), "750", True),
        (("700", "700", "1000"), "800.01", False),
        (("700", "700", "1000"), "800", True),
        (("1000", "1000", "1000"), "1019.99", False),
        (("1000", "1000", "1000"), "1020", True),
        (("700", "700", None), "900", False),
    ],
    ids=["as before", "a small loss", "day", "well over the peak", "a week almost lost", "week", "peak almost", "peak",
         "a small gain", "a gain that may be a deposit", "no peak"],
)  # fmt: skip
def test_an_equity_looks_moved_at_a_loss_limit_or_well_over_the_peak(
    base: tuple[str, str, str | None], equity: str, *, suspected: bool
) -> None:
    """rules: RSK-01, RSK-03"""
    day, week, peak = base
    activity = attrs.evolve(
        activity_in(), base=EquityBase(Decimal(day), Decimal(week), None if peak is None else Decimal(peak))
    )
    settings = TradingSettings(daily_loss_limit_percentage=Decimal(5))

    assert looks_moved(activity, Decimal(equity), settings, SystemLimits()) is suspected


def test_nobody_asks_where_opens_pause_anyway_or_nothing_was_measured() -> None:
    """rules: RSK-03"""
    paused, unmeasured = attrs.evolve(activity_in(), drawdown_paused=True), attrs.evolve(activity_in(), base=None)

    for activity in (paused, unmeasured):
        assert not looks_moved(activity, Decimal(1), TradingSettings(), SystemLimits())


def test_a_daily_limit_beyond_what_the_system_allows_is_no_excuse() -> None:
    """rules: CFG-01, RSK-03"""
    settings = TradingSettings(daily_loss_limit_percentage=Decimal(90))
    limits = SystemLimits()
    lost = Decimal(1000) * (100 - limits.daily_loss_percentage) / 100

    assert looks_moved(activity_in(), lost, settings, limits)
