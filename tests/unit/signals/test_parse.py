"""A body becomes an alert with everything that may have an effect, or a named refusal."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbc_domain.kernel.errors import Invalid
from cbc_domain.kernel.time import parse_instant
from cbc_domain.signals.model import Advised, ParsedAlert, Scope, SignalKind
from cbc_domain.signals.parse import parse_alert, read_body, readable_body, render, take_secret
from cbc_domain.signals.rules import Window, window
from tests.rulebook import cases, table
from tests.strategies.signals import HOSTILE_BODIES, RECEIVED, alert_bodies, body_of, json_values, strategy_of

CODES = {row["code"] for row in table("error_codes")}
OPEN = {"ticker": "SOLUSDT", "signal": "SINAL LONG FORTE"}


def _parse(body: bytes) -> ParsedAlert:
    _, fields = take_secret(read_body(body))
    return parse_alert(fields)


def _found(body: Mapping[str, object]) -> str | None:
    try:
        parse_alert(body)
    except Invalid as refusal:
        return refusal.code
    return None


@given(alert_bodies | st.dictionaries(st.text(max_size=10), json_values))
def test_any_object_is_an_alert_or_a_refusal_of_the_book(body: dict[str, object]) -> None:
    """rules: SIG-11, SIG-46, API-02"""
    found = _found(body)

    assert found is None or (found in CODES and found.startswith(("signal_", "symbol_")))


@settings(deadline=timedelta(seconds=5))
@given(st.sampled_from(HOSTILE_BODIES) | st.binary(max_size=200))
def test_any_bytes_are_an_alert_or_a_refusal_of_the_book(body: bytes) -> None:
    """rules: SIG-03, SIG-11, SIG-46"""
    try:
        _parse(body)
    except Invalid as refusal:
        assert refusal.code in CODES
        assert len(refusal.detail) < 400
        refusal.detail.encode()


@given(alert_bodies, st.booleans(), st.booleans())
def test_an_alert_that_is_rendered_parses_to_itself(body: dict[str, object], trusted: bool, infer: bool) -> None:
    """rules: SIG-11, SIG-13, SIG-14, SIG-15, GEN-17"""
    try:
        alert = parse_alert(body, trusted=trusted, infer=infer)
    except Invalid:
        return

    kept = read_body(readable_body(render(alert)).encode())
    assert parse_alert(render(alert), trusted=trusted, infer=infer) == alert
    assert parse_alert(kept, trusted=trusted, infer=infer) == alert


@given(alert_bodies)
def test_an_alert_holds_only_what_may_have_an_effect(body: dict[str, object]) -> None:
    """rules: SIG-10, SIG-12, SIG-13, SIG-15, SIG-16"""
    try:
        alert = parse_alert(body)
    except Invalid:
        return

    assert (alert.symbol is None) is (alert.scope is Scope.STRATEGY)
    assert alert.price is None or alert.price > 0
    assert len(alert.canonical) <= 64
    assert all(value is None or isinstance(value, Decimal | bool) for value in alert.indicators.values())
    assert all(f"{name}: no readable value" in alert.warnings for name, value in alert.indicators.items() if value is None)


@given(alert_bodies, st.dictionaries(st.sampled_from(["comment", "alert_message", "x"]), json_values))
def test_other_fields_change_nothing(body: dict[str, object], others: dict[str, object]) -> None:
    """rules: SIG-11, SIG-16, GEN-11"""
    assert _found({**others, **body}) == _found(body)


@pytest.mark.parametrize("row", cases("signal_payload_cases"))
def test_the_table_of_payloads(row: Mapping[str, Any]) -> None:
    """rules: SIG-10, SIG-11, SIG-12, SIG-13, SIG-15, SIG-20"""
    body, expected = body_of(row["input"]["body"]), dict(row["expect"])
    status = expected.pop("status")
    if status == 422:
        with pytest.raises(Invalid) as refusal:
            _parse(body)
        assert refusal.value.code == expected["error"]
        return

    alert = _parse(body)

    assert status == 202
    assert window(alert, strategy_of(), RECEIVED) is Window.ACCEPTED
    for name, value in expected.items():
        assert _value(alert, name) == _expected(name, value), name


def _value(alert: ParsedAlert, name: str) -> object:
    if name in alert.indicators:
        return alert.indicators[name]
    return getattr(alert, name)


def _expected(name: str, value: Any) -> object:  # noqa: ANN401 - a cell has the shape that the rule book gives it
    match name, value:
        case "price", str():
            return Decimal(value)
        case "time", str():
            return parse_instant(value)
        case "ignored", list():
            return tuple(value)
        case _:
            return value


def test_a_nested_alert_keeps_the_timestamp_of_its_envelope() -> None:
    """rules: SIG-11, SIG-20"""
    body = {
        "timestamp": "2026-03-02T15:00:02Z",
        "signal": {"ticker": "SOLUSDT.P", "rsi_15": "NaN", "signal": "FECHE LONG"},
    }

    alert = parse_alert(body)

    assert (alert.kind, alert.symbol) == (SignalKind.CLOSE_LONG, "SOLUSDT")
    assert alert.timestamp == datetime(2026, 3, 2, 15, 0, 2, tzinfo=UTC)
    assert alert.indicators == {"rsi_15": None}
    assert alert.warnings == ("rsi_15: no readable value",)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (OPEN | {"action": "SELL"}, "signal_conflict"),
        (OPEN | {"action": "CLOSE LONG"}, "signal_conflict"),
        (OPEN | {"action": "HOLD"}, "signal_conflict"),
        (OPEN | {"action": "strong_buy"}, None),
        (OPEN | {"action": " "}, None),
        (OPEN | {"action": None}, None),
        (OPEN | {"symbol": "BINANCE:SOLUSDT.P"}, None),
        (OPEN | {"symbol": "nonsense"}, "symbol_invalid"),
        ({"symbol": "ETHUSDT", "signal": OPEN}, "signal_conflict"),
        ({"ticker": "ETHUSDT", "signal": OPEN}, "signal_conflict"),
        ({"action": "SELL", "signal": OPEN}, "signal_conflict"),
        ({"action": "BUY", "signal": OPEN}, None),
        ({"action": "BUY", "signal": {"ticker": "SOLUSDT"}}, None),
        ({"ticker": "SOLUSDT", "action": "CLOSE", "signal": "CLOSE ALL"}, None),
        ({"ticker": "SOLUSDT", "action": "CLOSE LONG", "signal": "CLOSE ALL"}, "signal_conflict"),
        ({"ticker": "SOLUSDT", "action": "BUY", "signal": "CONFIRMACAO LONG"}, "signal_conflict"),
    ],
)
def test_names_of_one_alert_must_agree(body: dict[str, object], code: str | None) -> None:
    """rules: SIG-11"""
    assert _found(body) == code


def test_the_signal_wins_over_an_action_that_agrees() -> None:
    """rules: SIG-11"""
    assert parse_alert(OPEN | {"action": "BUY"}).kind is SignalKind.OPEN_LONG_STRONG


@pytest.mark.parametrize("signal", [None, 5, True, ["BUY"], []])
def test_an_action_serves_where_the_signal_is_no_text(signal: object) -> None:
    """rules: SIG-10, SIG-11"""
    assert parse_alert({"ticker": "SOLUSDT", "signal": signal, "action": "BUY"}).kind is SignalKind.OPEN_LONG_WEAK
    assert _found({"ticker": "SOLUSDT", "signal": signal}) == "signal_kind_missing"


@pytest.mark.parametrize(
    "body",
    [
        {"signal": {"signal": {}}},
        {"signal": {"signal": {"signal": "BUY"}}},
        {"action": "BUY", "signal": {"signal": {}}},
    ],
)
def test_an_object_in_the_object_under_signal_is_malformed(body: dict[str, object]) -> None:
    """rules: SIG-11"""
    assert _found(body) == "signal_malformed"


def test_a_close_of_the_strategy_names_no_symbol_and_is_not_refused_for_one() -> None:
    """rules: SIG-10, SIG-12, SIG-22"""
    alert = parse_alert({"signal": "FECHE TUDO", "ticker": "nonsense", "symbol": "SOLUSDT"})

    assert (alert.kind, alert.scope, alert.symbol) == (SignalKind.CLOSE_ALL, Scope.STRATEGY, None)


@pytest.mark.parametrize(
    ("fields", "price", "warned"),
    [
        ({"close": "1.5"}, "1.5", []),
        ({"entry_price": "3", "price": "2"}, "2", []),
        ({"close": "NaN", "price": "2"}, "2", ["close"]),
        ({"close": None, "price": "", "entry_price": "n/a"}, None, ["close", "price", "entry_price"]),
        ({}, None, []),
    ],
)
def test_the_first_price_that_has_a_value_counts(fields: dict[str, object], price: str | None, warned: list[str]) -> None:
    """rules: SIG-13"""
    alert = parse_alert(OPEN | fields)

    assert alert.price == (Decimal(price) if price is not None else None)
    assert alert.warnings == tuple(f"{name}: no readable value" for name in warned)


@pytest.mark.parametrize("value", ["yesterday", Decimal(1646231400), "2026-02-30T00:00:00Z", True, {}])
def test_an_open_whose_age_cannot_be_told_is_refused_and_a_close_is_not(value: object) -> None:
    """rules: SIG-20, SIG-22, GEN-14"""
    close = parse_alert({"ticker": "SOLUSDT", "signal": "FECHE LONG", "time": value})

    assert _found(OPEN | {"time": value}) == "signal_malformed"
    assert _found(OPEN | {"timestamp": value}) == "signal_malformed"
    assert (close.time, close.warnings) == (None, ("time: no readable value",))


def test_a_time_that_is_there_makes_an_unreadable_timestamp_harmless() -> None:
    """rules: SIG-13, SIG-20"""
    alert = parse_alert(OPEN | {"time": "2026-03-02 14:30:00", "timestamp": "1646231400000"})

    assert (alert.time, alert.timestamp) == (datetime(2026, 3, 2, 14, 30, tzinfo=UTC), None)
    assert alert.warnings == ("timestamp: no readable value",)


def test_a_time_without_a_value_is_no_time() -> None:
    """rules: SIG-13, SIG-20"""
    assert parse_alert(OPEN | {"time": "NaN"}).time is None


def test_sizes_protections_and_account_data_are_named_and_not_used() -> None:
    """rules: SIG-15"""
    wishes = {
        "quantity": "3",
        "position_size": 10,
        "leverage": "100",
        "take_profit_2": "1",
        "balance": {},
        "stop_loss": None,
    }

    alert = parse_alert(OPEN | wishes)

    assert alert.ignored == ("quantity", "position_size", "leverage", "stop_loss", "take_profit_2", "balance")
    assert (alert.price, alert.indicators, alert.warnings) == (None, {}, ())


def test_a_trusted_strategy_is_heard_about_stop_target_leverage_and_expiry_only() -> None:
    """rules: SIG-15"""
    wishes: dict[str, object] = {
        "quantity": "3",
        "position_size": "10",
        "account": {"id": 5},
        "leverage": "3",
        "stop_loss": "97.5",
        "take_profit": "105",
        "take_profit_1": "104",
        "take_profit_3": "110",
        "expires_at": "2026-03-02T14:31:00Z",
    }

    alert = parse_alert(OPEN | wishes, trusted=True)

    takes = (Decimal(105), Decimal(104), Decimal(110))
    assert alert.advised == Advised(3, Decimal("97.5"), takes, datetime(2026, 3, 2, 14, 31, tzinfo=UTC))
    assert alert.ignored == ("quantity", "position_size", "account")
    assert parse_alert(OPEN | wishes).advised == Advised()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("leverage", "2.5"),
        ("leverage", "0"),
        ("leverage", True),
        ("stop_loss", "-1"),
        ("stop_loss", "0"),
        ("take_profit_2", "soon"),
        ("expires_at", "tomorrow"),
        ("expires_at", None),
    ],
)
def test_advice_that_cannot_be_read_is_a_warning_and_no_advice(name: str, value: object) -> None:
    """rules: SIG-13, SIG-15"""
    alert = parse_alert(OPEN | {name: value}, trusted=True)

    assert (alert.advised, alert.warnings) == (Advised(), (f"{name}: no readable value",))
