"""The business starts with the switches and limits of the rule book."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

import attrs
import pytest

from cbc_domain.kernel.errors import Invalid
from cbc_domain.market.model import NeutralPolicy
from cbc_domain.plans.model import CommissionBasis, ShareBasis
from cbc_domain.risk.defaults import (
    SWITCH_RANGES,
    FeeDebitOrder,
    SizingReading,
    Switches,
    SystemLimits,
    check_switch,
)
from cbc_domain.trading.priority import RETRY_DELAYS
from tests.rulebook import table

LIMITS = SystemLimits()
SWITCHES = {row["name"]: row for row in table("switches")}
EXECUTION: Mapping[str, Any] = table("limits")["execution"]
RISK: Mapping[str, Any] = table("limits")["risk"]


@pytest.mark.parametrize("name", [field.name for field in attrs.fields(Switches)])
def test_a_switch_has_the_default_of_the_book(name: str) -> None:
    """rules: GEN-16"""
    default = getattr(Switches(), name)

    assert (str(default) if isinstance(default, Decimal) else default) == SWITCHES[name]["default"]


@pytest.mark.parametrize("name", SWITCH_RANGES)
def test_a_switch_with_a_range_has_the_range_of_the_book_and_its_limits_are_permitted(name: str) -> None:
    """rules: GEN-08, GEN-16"""
    low, high = SWITCH_RANGES[name]

    assert SWITCHES[name]["allowed"] == f"{low}..{high}"
    check_switch(name, low)
    check_switch(name, high)
    with pytest.raises(Invalid) as refused:
        check_switch(name, high + Decimal("0.000001"))
    assert refused.value.code == "setting_out_of_range"


def test_every_switch_with_a_range_is_held_to_it() -> None:
    """rules: GEN-16"""
    ranged = {name for name, row in SWITCHES.items() if ".." in str(row["allowed"])}

    assert ranged & {field.name for field in attrs.fields(Switches)} == set(SWITCH_RANGES)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("affiliate_share_basis", ShareBasis),
        ("sizing_reading", SizingReading),
        ("neutral_market_policy", NeutralPolicy),
        ("fee_debit_order", FeeDebitOrder),
        ("commission_basis", CommissionBasis),
    ],
)
def test_a_switch_with_words_has_the_words_of_the_book(name: str, words: type[StrEnum]) -> None:
    """rules: GEN-16"""
    assert {str(word) for word in words} == set(SWITCHES[name]["allowed"])


@pytest.mark.parametrize(
    ("ours", "book"),
    [
        (LIMITS.slippage_percentage, EXECUTION["slippage_max_pct"]),
        (LIMITS.protect_attempts, EXECUTION["protect_attempts"]),
        (LIMITS.min_equity, EXECUTION["min_exchange_equity_usd"]),
        (LIMITS.margin_reserve_percentage, EXECUTION["margin_reserve_pct"]),
        (LIMITS.max_margin_per_trade_percentage, EXECUTION["max_margin_per_trade_pct"]),
        (LIMITS.exposure_times_equity, EXECUTION["exposure_cap_x_equity"]),
        (LIMITS.risk_per_trade_percentage, EXECUTION["max_risk_per_trade_pct"]),
        (LIMITS.liquidation_buffer, EXECUTION["liquidation_buffer"]),
        (LIMITS.daily_loss_percentage, RISK["daily_loss_pct"]),
        (LIMITS.weekly_loss_percentage, RISK["weekly_loss_pct"]),
        (LIMITS.drawdown_percentage, RISK["drawdown_pct"]),
        (LIMITS.trades_per_day, RISK["trades_per_day"]),
        (LIMITS.orders_per_minute, RISK["orders_per_minute_per_user"]),
        (LIMITS.new_member_leverage, RISK["new_member_max_leverage"]),
        (LIMITS.loss_streak, RISK["loss_streak"]),
        (LIMITS.reward_risk_warn, RISK["reward_risk_warn"]),
    ],
)
def test_a_limit_has_the_number_of_the_book(ours: Decimal | int, book: str | int) -> None:
    """rules: GEN-16, CFG-14, RSK-01"""
    assert ours == Decimal(book)


@pytest.mark.parametrize(
    ("ours", "book"),
    [
        (LIMITS.execution_window, timedelta(seconds=table("limits")["signal"]["execution_seconds"])),
        (LIMITS.protect_deadline, timedelta(seconds=int(EXECUTION["protect_deadline_seconds"]))),
        (LIMITS.loss_streak_pause, timedelta(minutes=int(RISK["loss_streak_pause_minutes"]))),
        (LIMITS.new_member_period, timedelta(days=int(RISK["new_member_days"]))),
    ],
)
def test_a_period_has_the_length_of_the_book(ours: timedelta, book: timedelta) -> None:
    """rules: GEN-16, SIG-21, ORD-10, CFG-15"""
    assert ours == book


def test_an_open_is_tried_again_after_the_delays_of_the_book() -> None:
    """rules: PRI-05"""
    assert [delay.seconds for delay in RETRY_DELAYS] == EXECUTION["attempt_delays_seconds"]


def test_the_minimum_operating_balance_is_the_one_of_the_book() -> None:
    """rules: ELG-03"""
    book = table("limits")["minimum_operating_balance"]

    assert {money.currency.code: money.text for money in LIMITS.minimum_operating} == {
        code: book[code] for code in ("BRL", "USD")
    }
