"""When an alert is fresh, what a late close may still do, and what counts as a repeat."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_domain.kernel.errors import Invalid
from cbc_domain.kernel.venues import Symbol
from cbc_domain.signals.model import SignalKind, Strategy, TimeMeaning
from cbc_domain.signals.rules import (
    FRESH_FOR,
    TIMEFRAMES,
    Window,
    acts_before,
    bar_length,
    dedupe_key,
    fired_at,
    may_send,
    overdue,
    window,
)
from tests.rulebook import cases, table
from tests.strategies.signals import (
    RECEIVED,
    alert_of,
    closes,
    instants,
    kinds,
    near_instants,
    opens,
    signal_of,
    strategies,
    strategy_of,
)

MICROSECOND = timedelta(microseconds=1)
HALF_HOUR = timedelta(minutes=30)


@given(closes, st.none() | instants, st.none() | instants, strategies)
def test_a_close_is_never_refused_for_its_age(
    kind: SignalKind, time: datetime | None, timestamp: datetime | None, strategy: Strategy
) -> None:
    """rules: SIG-22"""
    judged = window(alert_of(kind, time, timestamp), strategy, RECEIVED)

    assert judged in (Window.ACCEPTED, Window.LATE, Window.CLOCK_SUSPECT)


@given(opens, near_instants, strategies)
def test_an_open_is_accepted_inside_its_window_only(kind: SignalKind, time: datetime, strategy: Strategy) -> None:
    """rules: SIG-20"""
    allowed = FRESH_FOR if strategy.time_meaning is TimeMeaning.FIRED else FRESH_FOR + strategy.bar_length
    inside = time - timedelta(seconds=5) <= RECEIVED <= time + allowed

    judged = window(alert_of(kind, time), strategy, RECEIVED)

    assert (judged is Window.ACCEPTED) is inside
    assert judged in (Window.ACCEPTED, Window.EXPIRED, Window.FROM_FUTURE)


@given(kinds, st.none() | instants, st.none() | instants, strategies)
def test_nothing_was_meant_after_it_was_received(
    kind: SignalKind, time: datetime | None, timestamp: datetime | None, strategy: Strategy
) -> None:
    """rules: SIG-22"""
    assert fired_at(alert_of(kind, time, timestamp), strategy, RECEIVED) <= RECEIVED


@given(closes, near_instants, strategies)
def test_a_close_is_limited_to_older_positions_exactly_when_it_is_late(
    kind: SignalKind, time: datetime, strategy: Strategy
) -> None:
    """rules: SIG-20, SIG-22"""
    alert = alert_of(kind, time)
    fired = fired_at(alert, strategy, RECEIVED)
    late = window(alert, strategy, RECEIVED) is Window.LATE

    assert acts_before(signal_of(kind, fired), strategy) == (fired if late else None)


@given(kinds, st.timedeltas(timedelta(0), timedelta(days=9)))
def test_only_opens_stop_being_sent(kind: SignalKind, waited: timedelta) -> None:
    """rules: SIG-21, SIG-22"""
    assert may_send(RECEIVED, RECEIVED + waited, kind) is (not kind.opens or waited <= timedelta(seconds=120))


@given(kinds, st.none() | instants, instants)
def test_a_repeat_has_the_same_key_and_another_kind_has_not(
    kind: SignalKind, time: datetime | None, received_at: datetime
) -> None:
    """rules: SIG-30"""
    alert = alert_of(kind, time)
    same_bucket = received_at.replace(second=59, microsecond=1) if time is None else received_at.replace(year=2000, day=1)
    key = dedupe_key("cbc-30m", alert, received_at)

    assert dedupe_key("cbc-30m", alert, same_bucket) == key
    assert dedupe_key("other", alert, received_at) != key
    assert dedupe_key("cbc-30m", attrs.evolve(alert, symbol=Symbol("BTCUSDT")), received_at) != key


@pytest.mark.parametrize("row", cases("signal_window_cases"))
def test_the_table_of_ages(row: Mapping[str, Any]) -> None:
    """rules: SIG-20, SIG-22"""
    alert = alert_of(SignalKind(row["input"]["kind"]), RECEIVED - timedelta(seconds=row["input"]["age_seconds"]))
    strategy = strategy_of(timedelta(seconds=row["input"]["bar_seconds"]))

    assert window(alert, strategy, RECEIVED) == row["expect"]


@pytest.mark.parametrize("row", cases("execution_window_cases"))
def test_the_table_of_sending_times(row: Mapping[str, Any]) -> None:
    """rules: SIG-21, SIG-22"""
    kind = SignalKind(row["input"]["kind"])
    waited = timedelta(microseconds=int(Decimal(row["input"]["accepted_to_send_seconds"]) * 1_000_000))
    now = RECEIVED + waited

    assert may_send(RECEIVED, now, kind) is (row["expect"] != "window_expired")
    assert overdue(RECEIVED, now) is (row["expect"] != "send")


@pytest.mark.parametrize("row", table("dedupe_vectors"))
def test_the_vectors_of_the_dedupe_key(row: Mapping[str, str]) -> None:
    """rules: SIG-30"""
    slug, symbol, kind, bucket = row["input"].split("|")
    moment = datetime.fromisoformat(bucket)
    alert = alert_of(SignalKind(kind), symbol=None if symbol == "*" else symbol)

    assert hashlib.sha256(row["input"].encode()).hexdigest() == row["sha256"]
    assert dedupe_key(slug, attrs.evolve(alert, time=moment), RECEIVED) == row["sha256"]
    assert dedupe_key(slug, alert, moment + timedelta(seconds=59.999999)) == row["sha256"]


def test_the_example_is_accepted_until_fifteen_o_clock_and_thirty_seconds() -> None:
    """rules: SIG-20, GEN-08"""
    alert = alert_of(time=datetime(2026, 3, 2, 14, 30, tzinfo=UTC))
    last_moment = datetime(2026, 3, 2, 15, 0, 30, tzinfo=UTC)

    assert window(alert, strategy_of(), last_moment) is Window.ACCEPTED
    assert window(alert, strategy_of(), last_moment + MICROSECOND) is Window.EXPIRED


@pytest.mark.parametrize(("ahead", "judged"), [(5, Window.ACCEPTED), (6, Window.FROM_FUTURE)])
def test_an_open_may_be_five_seconds_ahead(ahead: int, judged: Window) -> None:
    """rules: SIG-20, GEN-08"""
    assert window(alert_of(time=RECEIVED + timedelta(seconds=ahead)), strategy_of(), RECEIVED) is judged


def test_the_bar_length_does_not_stretch_a_firing_time() -> None:
    """rules: SIG-20"""
    moment = RECEIVED - timedelta(seconds=31)

    assert window(alert_of(time=moment), strategy_of(meaning=TimeMeaning.FIRED), RECEIVED) is Window.EXPIRED
    assert window(alert_of(timestamp=moment), strategy_of(), RECEIVED) is Window.EXPIRED
    assert window(alert_of(time=moment), strategy_of(), RECEIVED) is Window.ACCEPTED


def test_an_alert_without_any_time_is_as_old_as_its_receipt() -> None:
    """rules: SIG-20"""
    assert window(alert_of(), strategy_of(), RECEIVED) is Window.ACCEPTED
    assert fired_at(alert_of(), strategy_of(), RECEIVED) == RECEIVED


def test_a_bar_that_opened_fires_when_it_closes() -> None:
    """rules: SIG-02, SIG-22"""
    alert = alert_of(SignalKind.CLOSE_LONG, RECEIVED - 2 * HALF_HOUR)

    assert fired_at(alert, strategy_of(meaning=TimeMeaning.BAR_OPEN), RECEIVED) == RECEIVED - HALF_HOUR
    assert fired_at(alert, strategy_of(meaning=TimeMeaning.BAR_CLOSE), RECEIVED) == RECEIVED - 2 * HALF_HOUR


def test_a_late_close_reaches_only_what_was_open_when_it_fired() -> None:
    """rules: SIG-22"""
    fired = RECEIVED - HALF_HOUR - FRESH_FOR

    assert acts_before(signal_of(SignalKind.CLOSE_LONG, fired), strategy_of()) is None
    assert acts_before(signal_of(SignalKind.CLOSE_LONG, fired - MICROSECOND), strategy_of()) == fired - MICROSECOND
    assert acts_before(signal_of(SignalKind.OPEN_LONG_STRONG, fired - MICROSECOND), strategy_of()) is None


def test_a_confirmation_is_recorded_whatever_its_age() -> None:
    """rules: SIG-10, SIG-20"""
    assert window(alert_of(SignalKind.CONFIRM, RECEIVED - timedelta(days=9)), strategy_of(), RECEIVED) is Window.LATE


def test_timeframes_are_those_of_the_book() -> None:
    """rules: SIG-36"""
    assert bar_length("30m") == HALF_HOUR
    assert list(TIMEFRAMES) == ["1m", "5m", "15m", "30m", "1h", "4h", "1d"]
    with pytest.raises(Invalid, match="validation_error"):
        bar_length("2h")
