"""When a venue does not answer: who may still ask it, and when it is tried again."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_adapters.exchange.ccxt.breaker import CLOSED, FAILURES, OPEN_S, PROBE_S, Breaker

instants = st.lists(st.floats(0, 300), max_size=40).map(sorted)
acts = st.lists(st.tuples(st.floats(0, 20), st.sampled_from(["sent", "failed", "answered"])), max_size=40)


def after_failures(at: Sequence[float]) -> Breaker:
    breaker = CLOSED
    for now in at:
        breaker = breaker.failed(now)
    return breaker


def opened() -> Breaker:
    return after_failures([0, 1, 2, 3, 4])


@pytest.mark.parametrize(
    ("failures", "open_now"),
    [([0, 1, 2, 3], False), ([0, 1, 2, 3, 4], True), ([0, 7, 14, 21, 29.9], True), ([0, 7, 14, 21, 30], False)],
)
def test_five_failures_within_half_a_minute_open_it(failures: list[float], *, open_now: bool) -> None:
    """rules: EXC-08"""
    assert after_failures(failures).allows(failures[-1], critical=False) is not open_now


@given(instants)
def test_it_opens_exactly_when_five_failures_fell_within_thirty_seconds(at: list[float]) -> None:
    """rules: EXC-08"""
    fifths = [later - earlier for earlier, later in zip(at, at[FAILURES - 1 :], strict=False)]

    assert (after_failures(at).until is not None) == any(span < 30 for span in fifths)


def test_while_it_is_open_only_closes_and_protection_ask() -> None:
    """rules: EXC-08"""
    assert not opened().allows(4 + OPEN_S - 0.1, critical=False)
    assert opened().allows(4.0, critical=True)


def test_after_half_a_minute_one_may_try() -> None:
    """rules: EXC-08"""
    now = 4 + OPEN_S

    probing = opened().sent(now)

    assert opened().allows(now, critical=False)
    assert not probing.allows(now, critical=False)
    assert probing.allows(now + PROBE_S, critical=False)


def test_a_probe_that_fails_keeps_it_open_for_another_half_minute() -> None:
    """rules: EXC-08"""
    now = 4 + OPEN_S

    failed = opened().sent(now).failed(now + 10)

    assert not failed.allows(now + 10 + OPEN_S - 0.1, critical=False)
    assert failed.allows(now + 10 + OPEN_S, critical=False)


def test_a_close_that_fails_meanwhile_does_not_put_the_probe_off() -> None:
    """rules: EXC-08"""
    assert opened().sent(20).failed(25) == opened()


def test_an_answer_of_whatever_kind_closes_it() -> None:
    """rules: EXC-08"""
    assert opened().answered() == CLOSED


@given(acts)
def test_a_close_is_never_held_up_and_nobody_for_longer_than_half_a_minute(acts: list[tuple[float, str]]) -> None:
    """rules: EXC-08"""
    breaker, now = CLOSED, 0.0
    for later, act in acts:
        now += later
        breaker = {"sent": breaker.sent(now), "failed": breaker.failed(now), "answered": breaker.answered()}[act]

    assert breaker.allows(now, critical=True)
    assert breaker.allows(now + OPEN_S, critical=False)
