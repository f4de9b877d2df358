"""A limit is reached at its number, never before, and what is not measured stops opening."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_domain.kernel.ids import MemberId, StrategyId
from cbc_domain.kernel.venues import Symbol, Venue
from cbc_domain.risk.defaults import Switches
from cbc_domain.risk.limits import (
    coin_blocked,
    loss_percentage,
    reached,
    slippage_percentage,
    slips,
    stops_opening,
    streak_pause,
)
from cbc_domain.risk.model import EquityBase, Reason, Stop, StopLevel, StopScope, TradingSettings
from tests.rulebook import cases
from tests.strategies.trading import BTC, LIMITS, MEMBER, NOW, STRATEGY, activity_in, decimals

START = Decimal(100_000)
LOSSES = ("daily_loss_pct", "weekly_loss_pct", "drawdown_pct")


def judged(case: Mapping[str, Any]) -> tuple[Reason, ...]:
    """Judge a row of the table: its one loss in percent of START, the rest as counts."""
    lost = [Decimal(case.get(name, 0)) for name in LOSSES]
    equity = START * (100 - sum(lost)) / 100
    activity = attrs.evolve(
        activity_in(),
        base=EquityBase(*(START if one else equity for one in lost)),
        trades_today=int(case.get("trades_today", 0)),
        loss_streak_until=streak_pause(int(case.get("streak", 0)), NOW, LIMITS),
    )
    settings = TradingSettings(daily_loss_limit_percentage=Decimal(case.get("limit", 10)))
    price = Decimal(60_000)
    mark = price * (1 + Decimal(case.get("slippage_pct", 0)) / 100)
    slipped = (Reason.SLIPPAGE_TOO_HIGH,) if slips(mark, price, LIMITS) else ()
    return (*reached(activity, equity, settings, Switches(), LIMITS, NOW), *slipped)


@given(decimals("0.01", "1000000", 2), decimals("0", "1000000", 2), decimals("0", "1000", 2))
def test_a_larger_loss_never_counts_as_less(start: Decimal, equity: Decimal, less: Decimal) -> None:
    """rules: RSK-03"""
    assert loss_percentage(start, equity - less) >= loss_percentage(start, equity)


@given(decimals("0", "100", 2), decimals("0", "100", 2), decimals("0", "100", 2))
def test_losses_stop_opening_exactly_at_their_limits(day: Decimal, week: Decimal, fall: Decimal) -> None:
    """rules: RSK-01, RSK-02"""
    worth = [Decimal(1000), Decimal(2000), Decimal(4000)]
    equity = min(one * (100 - lost) / 100 for one, lost in zip(worth, (day, week, fall), strict=True))
    activity = attrs.evolve(activity_in(), base=EquityBase(*worth))

    told = reached(activity, equity, TradingSettings(), Switches(), LIMITS, NOW)

    limits = {Reason.DAILY_LOSS_LIMIT: 10, Reason.WEEKLY_LOSS_LIMIT: 25, Reason.DRAWDOWN_PAUSE: 20}
    measured = {reason: (one - equity) * 100 >= limit * one for (reason, limit), one in zip(limits.items(), worth, strict=True)}
    assert set(told) == {reason for reason, hit in measured.items() if hit}


@pytest.mark.parametrize("case", cases("risk_cases"))
def test_the_reached_limit_is_the_one_of_the_book(case: Mapping[str, Any]) -> None:
    """rules: RSK-01, RSK-02, RSK-03, RSK-12, ORD-06"""
    told = judged(case["input"])

    assert told == (() if case["expect"] == "ok" else (case["expect"],))


def test_nothing_to_compare_with_means_not_eligible() -> None:
    """rules: RSK-07, ELG-06"""
    activity = attrs.evolve(activity_in(), base=None)

    assert reached(activity, START, TradingSettings(), Switches(), LIMITS, NOW) == (Reason.UNAVAILABLE,)


def test_who_had_nothing_has_lost_nothing() -> None:
    """rules: RSK-03"""
    assert loss_percentage(Decimal(0), Decimal(100)) == 0


@pytest.mark.parametrize("off", ["switch", "member"])
def test_the_pause_after_a_losing_streak_can_be_switched_off(off: str) -> None:
    """rules: RSK-01, RSK-12"""
    activity = attrs.evolve(activity_in(), base=EquityBase(START, START, START), loss_streak_until=NOW + timedelta(hours=1))
    switches = Switches(loss_streak_pause=off != "switch")
    settings = TradingSettings(loss_streak_pause_enabled=off != "member")

    assert reached(activity, START, settings, switches, LIMITS, NOW) == ()


def test_the_pause_after_four_losses_ends_to_the_instant() -> None:
    """rules: RSK-01, GEN-07"""
    until = streak_pause(4, NOW, LIMITS)

    assert until == NOW + timedelta(minutes=240)
    assert streak_pause(3, NOW, LIMITS) is None
    activity = attrs.evolve(activity_in(), base=EquityBase(START, START, START), loss_streak_until=until)
    assert reached(activity, START, TradingSettings(), Switches(), LIMITS, until) == ()


@given(st.integers(-500, 500))
def test_a_coin_is_blocked_before_the_end_of_its_block_only(seconds: int) -> None:
    """rules: POS-20, GEN-07"""
    activity = attrs.evolve(activity_in(), blocked_coins=(("BTC", NOW),))
    at = NOW + timedelta(seconds=seconds)

    assert coin_blocked(activity, BTC, at) == (seconds < 0)
    assert not coin_blocked(activity, Symbol("ETHUSDT"), at)


@pytest.mark.parametrize(("mark", "percent"), [("60300", "0.5"), ("59700", "0.5"), ("60000", "0")])
def test_slippage_counts_both_ways(mark: str, percent: str) -> None:
    """rules: ORD-06"""
    assert slippage_percentage(Decimal(mark), Decimal(60_000)) == Decimal(percent)


@pytest.mark.parametrize(
    ("scope", "target", "stopped"),
    [
        (StopScope.GLOBAL, None, True),
        (StopScope.EXCHANGE, "bybit", True),
        (StopScope.EXCHANGE, "okx", False),
        (StopScope.SYMBOL, "BTCUSDT", True),
        (StopScope.SYMBOL, "ETHUSDT", False),
        (StopScope.STRATEGY, str(STRATEGY), True),
        (StopScope.STRATEGY, str(StrategyId(UUID(int=99))), False),
        (StopScope.USER, str(MEMBER), True),
        (StopScope.USER, str(MemberId(UUID(int=99))), False),
    ],
)
def test_an_emergency_act_stops_opens_in_its_scope_only(scope: StopScope, target: str | None, *, stopped: bool) -> None:
    """rules: RSK-20, RSK-21"""
    stops = [Stop(scope, target, StopLevel.PAUSE, "exchange is down", "operator", NOW)]

    assert stops_opening(stops, Venue.BYBIT, BTC, STRATEGY, MEMBER) == stopped


@pytest.mark.parametrize("level", list(StopLevel))
def test_an_act_of_any_level_stops_opens(level: StopLevel) -> None:
    """rules: RSK-20"""
    stops = [Stop(StopScope.GLOBAL, None, level, "exchange is down", "operator", NOW)]

    assert stops_opening(stops, Venue.BYBIT, BTC, STRATEGY, MEMBER)


def test_an_exchange_stop_says_nothing_when_no_account_was_chosen() -> None:
    """rules: RSK-20"""
    stops = [Stop(StopScope.EXCHANGE, "bybit", StopLevel.PAUSE, "exchange is down", "operator", NOW)]

    assert not stops_opening(stops, None, BTC, STRATEGY, MEMBER)
