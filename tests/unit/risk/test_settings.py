"""A member may wish what the table permits, all faults are told at once, and limits clamp at use only."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_domain.identity.model import Region
from cbc_domain.kernel.errors import FieldFaults, Invalid
from cbc_domain.kernel.venues import Environment, Side, Symbol, Venue
from cbc_domain.plans.model import PlanCode
from cbc_domain.plans.rules import PLANS
from cbc_domain.risk.defaults import SystemLimits
from cbc_domain.risk.model import RiskLevel, TradingSettings
from cbc_domain.risk.setting_kinds import SPECS
from cbc_domain.risk.settings import PRESETS, Changed, Clamp, change, clamp, complete, derived, effective, wished
from cbc_domain.trading.sizes import Size
from cbc_domain.trading.sizing import Funds, size
from tests.rulebook import cases, table
from tests.strategies.trading import BTC_RULES, NOW, decimals

LIMITS = SystemLimits()
PRO = PLANS[PlanCode.PRO_BR]
PLAN_MOST = 2

wire_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 2000),
    st.floats(),
    st.text(max_size=8),
    decimals("-5", "120", 2).map(str),
    st.lists(st.sampled_from(["BTCUSDT", "ETHUSDT", "btc", ""]), max_size=3),
    st.sampled_from(["low", "medium", "high", "custom", "live", "testnet", "paper", "bybit", "okx", "daily", "en", "USD"]),
    st.fixed_dictionaries({"start": st.sampled_from(["09:00", "25:00"]), "end": st.sampled_from(["17:00", "09:00"])}),
)
patches = st.dictionaries(st.sampled_from([*SPECS, "unknown"]), wire_values, max_size=5)


def changed(patch: Mapping[str, object], wishes: Mapping[str, object] | None = None) -> Changed:
    return change(wishes or {}, patch, LIMITS, PLAN_MOST)


def faults_of(patch: Mapping[str, object], wishes: Mapping[str, object] | None = None) -> dict[str, str]:
    with pytest.raises(FieldFaults) as refused:
        changed(patch, wishes)
    return {fault.field: fault.code for fault in refused.value.faults}


@given(st.lists(patches, max_size=4))
def test_whatever_is_asked_what_is_kept_can_be_read_and_is_permitted(asked: list[dict[str, object]]) -> None:
    """rules: CFG-02, CFG-03"""
    wishes: Mapping[str, object] = {}
    for patch in asked:
        try:
            wishes = changed(patch, wishes).wishes
        except FieldFaults as refused:
            assert {fault.code for fault in refused.faults} <= set(table("field_codes"))

    settings = wished(wishes)
    assert settings.default_leverage <= settings.max_leverage <= LIMITS.max_leverage
    assert settings.stop_loss_multiplier < settings.take_profit_multiplier <= LIMITS.take_multiplier_to
    assert not settings.allowed_symbols & settings.blocked_symbols
    assert clamp(settings, PRO, LIMITS, NOW - timedelta(days=31), NOW).clamped == ()


@given(patches)
def test_a_refused_request_changes_nothing_and_names_only_what_was_sent(patch: dict[str, object]) -> None:
    """rules: CFG-02, GEN-09"""
    try:
        after = changed(patch).wishes
    except FieldFaults as refused:
        related = {"max_leverage", "default_leverage", "risk_level", "take_profit_multiplier", "blocked_symbols"}
        assert {fault.field for fault in refused.faults} <= {*patch, *related}
    else:
        assert set(patch) <= set(after)


@given(
    st.builds(
        TradingSettings,
        default_leverage=st.integers(1, 50),
        max_leverage=st.integers(1, 50),
        position_size_percentage=decimals("1", "100", 0),
        max_open_positions=st.integers(1, 20),
        stop_loss_multiplier=decimals("0.5", "9", 1),
        take_profit_multiplier=decimals("0.5", "9", 1),
        daily_loss_limit_percentage=decimals("1", "90", 0),
        trading_mode=st.sampled_from(Environment),
    ),
    st.none() | st.integers(0, 60),
)
def test_what_is_in_force_is_within_every_limit_and_clamping_again_changes_nothing(
    settings: TradingSettings, days: int | None
) -> None:
    """rules: CFG-01, CFG-14, PLAN-15"""
    since = None if days is None else NOW - timedelta(days=days)

    told = clamp(settings, PRO, LIMITS, since, NOW)

    in_force = told.settings
    assert in_force.default_leverage <= in_force.max_leverage <= LIMITS.max_leverage
    assert in_force.max_open_positions <= PRO.max_positions
    assert LIMITS.size_percentage_from <= in_force.position_size_percentage <= LIMITS.size_percentage_to
    assert in_force.daily_loss_limit_percentage <= LIMITS.daily_loss_percentage
    assert clamp(in_force, PRO, LIMITS, since, NOW).clamped == ()
    assert (told.clamped == ()) == (in_force == settings)


@pytest.mark.parametrize("case", cases("settings_cases"))
def test_a_change_is_judged_as_in_the_book(case: Mapping[str, Any]) -> None:
    """rules: CFG-02, CFG-03, CFG-05, CFG-08"""
    patch = case["input"]
    if case["expect"] != "ok":
        assert set(faults_of(patch).values()) == {case["expect"]}
        return

    told = changed(patch)

    expected = (case["warn"],) if case.get("warn") else ()
    assert told.warnings == expected
    assert patch.items() <= told.wishes.items()


@pytest.mark.parametrize("row", cases("settings"))
def test_every_setting_has_the_default_of_the_book(row: Mapping[str, Any]) -> None:
    """rules: CFG-05, CFG-10, CFG-11, CFG-12"""
    default = complete({}, Region.BR)[row["key"]]

    assert (list(default) if isinstance(default, tuple) else default) == row["default"]


def test_there_are_no_other_settings_than_those_of_the_book() -> None:
    """rules: CFG-03"""
    assert set(SPECS) == {row["key"] for row in table("settings")}


@pytest.mark.parametrize("row", [row for row in table("settings") if "min" in row], ids=lambda row: row["key"])
def test_the_ends_of_a_range_are_permitted_and_what_is_beyond_is_not(row: Mapping[str, Any]) -> None:
    """rules: CFG-03, CFG-05, GEN-08"""
    key = row["key"]
    bounds = SPECS[key].bounds
    assert bounds is not None
    told = bounds(LIMITS)

    for end, name in ((told.low, "min"), (told.high, "max")):
        if end is not None and str(row[name]).replace(".", "").isdigit():
            assert end == Decimal(str(row[name]))
            told.check(end)
            beyond = end + Decimal("-0.1" if name == "min" else "0.1")
            with pytest.raises(Invalid, match="setting_out_of_range"):
                told.check(beyond)


def test_the_values_of_the_domain_are_the_defaults_of_the_wire() -> None:
    """rules: CFG-05, GEN-16"""
    assert wished({}) == TradingSettings()
    assert wished({name: SPECS[name].default for name in (field.name for field in attrs.fields(TradingSettings))}) == wished({})


def test_every_bad_key_is_told_at_once() -> None:
    """rules: CFG-02, CFG-03, GEN-09"""
    patch = {"theme": "pink", "two_factor": True, "wings": 2, "refresh_seconds": 5, "default_leverage": 7, "notify_sms": True}

    assert faults_of(patch) == {
        "theme": "setting_invalid",
        "two_factor": "setting_read_only",
        "wings": "setting_unknown",
        "refresh_seconds": "setting_out_of_range",
        "default_leverage": "setting_conflict",
    }


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("position_size_percentage", 30.0),
        ("position_size_percentage", "3e1"),
        ("position_size_percentage", " 30"),
        ("position_size_percentage", True),
        ("position_size_percentage", None),
        ("default_leverage", "5"),
        ("default_leverage", True),
        ("default_leverage", 5.0),
        ("trade_weekends", "true"),
        ("trade_weekends", 1),
        ("allowed_symbols", "BTCUSDT"),
        ("allowed_symbols", ["btc"]),
        ("trading_hours", [{"start": "09:00", "end": "24:00"}]),
        ("trading_hours", [{"start": "09:00", "end": "09:00"}]),
        ("trading_hours", [{"start": "09:00"}]),
        ("quiet_hours", ["09:00", "17:00"]),
        ("timezone", "Mars/Olympus"),
        ("timezone", "../etc/passwd"),
        ("conversion_threshold", "100"),
        ("chart_indicators", ["<b>"]),
        ("trading_mode", "LIVE"),
        ("preferred_exchange", "paper"),
    ],
)
def test_a_value_of_the_wrong_kind_is_unreadable(key: str, value: object) -> None:
    """rules: CFG-03, GEN-02, GEN-04"""
    assert faults_of({key: value}) == {key: "setting_invalid"}


@pytest.mark.parametrize(
    ("key", "value"), [("position_size_percentage", "30.5"), ("stop_loss_multiplier", "2.05"), ("max_duration_minutes", 29)]
)
def test_a_value_between_the_steps_or_outside_is_out_of_range(key: str, value: object) -> None:
    """rules: CFG-03, CFG-05"""
    assert faults_of({key: value}) == {key: "setting_out_of_range"}


def test_a_whole_number_is_a_decimal_too_and_is_kept_as_text() -> None:
    """rules: CFG-03"""
    assert changed({"position_size_percentage": 40}).wishes["position_size_percentage"] == "40"


def test_what_was_not_sent_stays() -> None:
    """rules: CFG-02"""
    before = {"theme": "light", "max_position_usd": "500"}

    assert changed({"notify_sms": True}, before).wishes == {**before, "notify_sms": True}
    assert changed({"max_position_usd": None}, before).wishes == {"theme": "light", "max_position_usd": None}


def test_a_symbol_cannot_be_allowed_and_blocked() -> None:
    """rules: CFG-03"""
    assert faults_of({"blocked_symbols": ["BTCUSDT"]}, {"allowed_symbols": ["BTCUSDT"]}) == {
        "blocked_symbols": "setting_conflict"
    }


@pytest.mark.parametrize("row", cases("risk_presets"))
def test_a_preset_brings_its_values_and_risks_what_the_book_says(row: Mapping[str, Any]) -> None:
    """rules: CFG-07"""
    settings = wished(changed({"risk_level": row["level"]}).wishes)

    sized = size(Side.LONG, Decimal(1000), Funds(Decimal(1000), Decimal(1000)), settings, BTC_RULES, LIMITS)

    assert settings.risk_level == row["level"]
    assert (settings.position_size_percentage, settings.default_leverage) == (
        Decimal(row["position_size_percentage"]),
        row["leverage"],
    )
    assert settings.stop_loss_multiplier == Decimal(row["stop_loss_multiplier"])
    assert isinstance(sized, Size)
    assert sized.loss_at_stop / 10 == Decimal(row["loss_at_stop_pct_of_balance"])


def test_changing_a_value_of_the_preset_makes_it_custom() -> None:
    """rules: CFG-07"""
    assert changed({"default_leverage": 4}).wishes["risk_level"] == RiskLevel.CUSTOM
    assert "risk_level" not in changed({"default_leverage": 5}).wishes


def test_a_preset_and_another_value_of_it_disagree() -> None:
    """rules: CFG-03, CFG-07"""
    assert faults_of({"risk_level": "low", "position_size_percentage": "20"}) == {"risk_level": "setting_conflict"}
    assert changed({"risk_level": "low", "position_size_percentage": "15"}).wishes["default_leverage"] == 3


def test_a_preset_above_the_system_limit_is_refused() -> None:
    """rules: CFG-07, CFG-14"""
    with pytest.raises(FieldFaults, match="default_leverage"):
        change({}, {"risk_level": "high"}, SystemLimits(max_leverage=7), PLAN_MOST)


def test_the_presets_are_those_of_the_book() -> None:
    """rules: CFG-07"""
    assert [level.value for level in PRESETS] == [row["level"] for row in table("risk_presets")]


@pytest.mark.parametrize(
    ("days", "mode", "leverage"),
    [
        (0, Environment.LIVE, 5),
        (29, Environment.LIVE, 5),
        (30, Environment.LIVE, 8),
        (None, Environment.LIVE, 5),
        (None, Environment.TESTNET, 8),
    ],
)
def test_a_new_live_member_has_five_times_at_most(days: int | None, mode: Environment, leverage: int) -> None:
    """rules: CFG-15, RSK-01"""
    wishes = {"default_leverage": 8, "max_leverage": 8, "trading_mode": mode.value}
    since = None if days is None else NOW - timedelta(days=days)

    assert effective(wishes, PRO, LIMITS, since, NOW).settings.default_leverage == leverage


def test_a_clamped_wish_is_told_with_both_numbers_and_kept() -> None:
    """rules: CFG-01"""
    wishes = {"daily_loss_limit_percentage": "10", "max_open_positions": 2}

    told = effective(
        wishes, PRO, SystemLimits(daily_loss_percentage=Decimal(5), max_positions=1), NOW - timedelta(days=40), NOW
    )

    assert told.clamped == (Clamp("max_open_positions", 2, 1), Clamp("daily_loss_limit_percentage", "10", "5"))
    assert wishes["daily_loss_limit_percentage"] == "10"


@pytest.mark.parametrize(("leverage", "stop", "take", "expected"), [(5, "2", "3", ("10", "15")), (10, "5", "6", ("50", "60"))])
def test_stop_and_target_are_shown_in_percent_of_margin(leverage: int, stop: str, take: str, expected: tuple[str, str]) -> None:
    """rules: CFG-06"""
    settings = TradingSettings(
        default_leverage=leverage, stop_loss_multiplier=Decimal(stop), take_profit_multiplier=Decimal(take)
    )

    assert tuple(derived(settings).values()) == tuple(map(Decimal, expected))


def test_the_display_currency_follows_the_region_until_it_is_chosen() -> None:
    """rules: CFG-12"""
    assert complete({}, Region.INTL)["display_currency"] == "USD"
    assert complete({"display_currency": "BRL"}, Region.INTL)["display_currency"] == "BRL"


def test_stored_wishes_are_read_into_the_words_of_the_domain() -> None:
    """rules: CFG-05"""
    settings = wished(
        {
            "trading_mode": "paper",
            "preferred_exchange": "okx",
            "allowed_symbols": ["BTCUSDT"],
            "trading_hours": [{"start": "22:00", "end": "02:00"}],
            "max_position_usd": "500",
            "theme": "light",
        }
    )

    assert (settings.trading_mode, settings.preferred_exchange) == (Environment.PAPER, Venue.OKX)
    assert (settings.allowed_symbols, settings.max_position_usd) == (frozenset({Symbol("BTCUSDT")}), Decimal(500))
    assert [(str(one.start), str(one.end)) for one in settings.trading_hours] == [("22:00:00", "02:00:00")]


@pytest.mark.parametrize("key", ["email", "phone", "bank_account", "pix_key", "payout_method", "iban", "password"])
def test_addresses_and_banking_are_no_settings_that_a_patch_could_change(key: str) -> None:
    """rules: CFG-03, CFG-13"""
    assert faults_of({key: "somebody@else.invalid"}) == {key: "setting_unknown"}


@pytest.mark.parametrize("value", [True, False, None, "on"])
def test_the_second_factor_is_shown_here_and_changed_elsewhere(value: object) -> None:
    """rules: CFG-11, CFG-13"""
    assert faults_of({"two_factor": value}) == {"two_factor": "setting_read_only"}


@pytest.mark.parametrize(
    "value",
    [
        10**30,
        -1,
        "5",
        "1e1",
        "NaN",
        "Infinity",
        "\N{ARABIC-INDIC DIGIT FIVE}",
        True,
        None,
        [],
        {},
        {"$gt": 0},
        "5; DROP TABLE wishes",
        "\x00",
        "\ud800",
        Decimal("5.5"),
    ],
)
def test_no_odd_value_of_a_leverage_is_kept(value: object) -> None:
    """rules: CFG-03, CFG-05, GEN-02"""
    assert set(faults_of({"default_leverage": value}).values()) <= {"setting_invalid", "setting_out_of_range"}
    assert faults_of({"default_leverage": value})


@pytest.mark.parametrize("value", ["10" * 40, "1e2", "NaN", "-0.1", "2.05", "+3", " 3", "3.", ".5", "0x3", "3,0", "\u0661"])
def test_no_odd_text_is_a_multiplier(value: str) -> None:
    """rules: CFG-03, CFG-05, GEN-04"""
    assert set(faults_of({"stop_loss_multiplier": value}).values()) <= {"setting_invalid", "setting_out_of_range"}
    assert faults_of({"stop_loss_multiplier": value})


@pytest.mark.parametrize("key", ["", "__class__", "default_leverage ", "DEFAULT_LEVERAGE", "default\u200bleverage", "x" * 999])
def test_a_key_that_only_looks_like_one_is_unknown(key: str) -> None:
    """rules: CFG-03, GEN-11"""
    assert faults_of({key: 3}) == {key: "setting_unknown"}
