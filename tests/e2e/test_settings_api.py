"""The settings over HTTP: every bad value is named, and nothing of a bad request is kept (CFG)."""

import asyncio

import httpx
import pytest

from tests.e2e.house import House, Json, SignedIn
from tests.e2e.problems import fields, problem
from tests.rulebook import cases

PATH = "/api/trading/settings"


async def change(house: House, member: SignedIn, body: bytes | Json) -> httpx.Response:
    if isinstance(body, bytes):
        headers = member.headers | {"Content-Type": "application/json"}
        return await house.client.patch(PATH, content=body, headers=headers)
    return await house.client.patch(PATH, json=body, headers=member.headers)


async def shown(house: House, member: SignedIn) -> Json:
    answer: Json = (await house.client.get(PATH, headers=member.headers)).json()
    return answer


@pytest.mark.parametrize("case", cases("settings_cases"))
async def test_every_settings_case_of_the_book(house: House, member: SignedIn, case: Json) -> None:
    """rules: CFG-02, CFG-03, CFG-08, CFG-14"""
    before = await shown(house, member)

    answer = await change(house, member, case["input"])

    if case["expect"] == "ok":
        assert answer.status_code == 200, answer.text
        assert answer.json()["settings"].items() >= case["input"].items()
        assert answer.json()["warnings"] == ([case["warn"]] if case.get("warn") else [])
        assert answer.json()["version"] == before["version"] + 1
    else:
        problem(answer, 422, "validation_error")
        assert case["expect"] in fields(answer).values()
        assert await shown(house, member) == before


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"stop_loss_multiplier": 2.5}', {"stop_loss_multiplier": "setting_invalid"}),
        (b'{"position_size_percentage": 30.0}', {"position_size_percentage": "setting_invalid"}),
        (b'{"max_position_usd": 1e3}', {"max_position_usd": "setting_invalid"}),
        (b'{"default_leverage": 5.0}', {"default_leverage": "setting_invalid"}),
        (b'{"default_leverage": true}', {"default_leverage": "setting_invalid"}),
        (b'{"default_leverage": null}', {"default_leverage": "setting_invalid"}),
        (b'{"default_leverage": 99999999999999999999999999}', {"default_leverage": "setting_out_of_range"}),
        (b'{"default_leverage": "' + b"9" * 5000 + b'"}', {"default_leverage": "setting_invalid"}),
        (b'{"stop_loss_multiplier": "Infinity"}', {"stop_loss_multiplier": "setting_invalid"}),
        (b'{"stop_loss_multiplier": "2e0"}', {"stop_loss_multiplier": "setting_invalid"}),
        (b'{"stop_loss_multiplier": "2.05"}', {"stop_loss_multiplier": "setting_out_of_range"}),
        (b'{"auto_trade_enabled": "true"}', {"auto_trade_enabled": "setting_invalid"}),
        (b'{"allowed_symbols": "BTCUSDT"}', {"allowed_symbols": "setting_invalid"}),
        (b'{"blocked_symbols": ["BTC"]}', {"blocked_symbols": "setting_invalid"}),
        (b'{"blocked_symbols": [["BTCUSDT"]]}', {"blocked_symbols": "setting_invalid"}),
        (b'{"trading_hours": [{"start": "25:00", "end": "26:00"}]}', {"trading_hours": "setting_invalid"}),
        (b'{"timezone": "../../etc/passwd"}', {"timezone": "setting_invalid"}),
        (b'{"timezone": "\\u0000"}', {"timezone": "setting_invalid"}),
        (b'{"session_timeout_minutes": 4}', {"session_timeout_minutes": "setting_out_of_range"}),
        (b'{"sl\\u0000": 1, "theme": "pink"}', {"sl\x00": "setting_unknown", "theme": "setting_invalid"}),
        (b'{"stop_loss_percentage": "10"}', {"stop_loss_percentage": "setting_unknown"}),
        (b'{"risk_level": "low", "default_leverage": 5}', {"risk_level": "setting_conflict"}),
        (b'{"allowed_symbols": ["BTCUSDT"], "blocked_symbols": ["BTCUSDT"]}', {"blocked_symbols": "setting_conflict"}),
    ],
)
async def test_a_bad_value_is_named_and_nothing_is_kept(
    house: House, member: SignedIn, body: bytes, expected: dict[str, str]
) -> None:
    """rules: CFG-02, CFG-03, GEN-02, GEN-04, GEN-09"""
    before = await shown(house, member)

    answer = await change(house, member, body)

    problem(answer, 422, "validation_error")
    assert fields(answer) == expected
    assert await shown(house, member) == before


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 422, "validation_error"),
        (b"null", 422, "validation_error"),
        (b"[]", 422, "validation_error"),
        (b'"x"', 422, "validation_error"),
        (b'{"stop_loss_multiplier": NaN}', 400, "malformed_json"),
        (b'{"a": ', 400, "malformed_json"),
        (b"\xff\xfe", 400, "malformed_json"),
        (b'{"theme": "\\ud800"}', 400, "malformed_json"),
        (b'{"a":' * 100_000, 400, "malformed_json"),
    ],
)
async def test_a_body_that_is_no_object_is_refused(house: House, member: SignedIn, body: bytes, status: int, code: str) -> None:
    """rules: GEN-09, API-06"""
    problem(await change(house, member, body), status, code)


async def test_all_bad_keys_of_a_request_are_named(house: House, member: SignedIn) -> None:
    """rules: CFG-02, CFG-03, GEN-09"""
    bad = {"default_leverage": 11, "two_factor": True, "colour": "red", "trading_mode": "moon", "max_leverage": 10}

    answer = await change(house, member, bad)

    assert fields(answer) == {
        "default_leverage": "setting_out_of_range",
        "two_factor": "setting_read_only",
        "colour": "setting_unknown",
        "trading_mode": "setting_invalid",
    }


async def test_only_the_keys_sent_change_and_derived_values_follow(house: House, member: SignedIn) -> None:
    """rules: CFG-02, CFG-06, CFG-07"""
    before = await shown(house, member)

    after = (await change(house, member, {"default_leverage": 3})).json()

    changed = {key: value for key, value in after["settings"].items() if before["settings"][key] != value}
    assert changed == {
        "default_leverage": 3,
        "risk_level": "custom",
        "stop_loss_percentage": "6.0",
        "take_profit_percentage": "9.0",
    }
    assert after["limits"]["max_leverage"] == 10


async def test_a_wish_beyond_the_limits_is_shown_as_clamped_with_both_numbers(house: House, member: SignedIn) -> None:
    """rules: CFG-01, CFG-15"""
    answer = await change(house, member, {"max_leverage": 10, "default_leverage": 8, "trading_mode": "live"})

    shown_ = answer.json()
    assert set(shown_["clamped"]) == {"default_leverage", "max_leverage"}
    assert {"name": "default_leverage", "wish": "8", "value": "5"} in shown_["clamps"]
    assert shown_["settings"]["default_leverage"] == 5


async def test_of_changes_at_once_each_is_kept_whole_or_told_to_try_again(house: House, member: SignedIn) -> None:
    """rules: CFG-02, CFG-04"""
    answers = await asyncio.gather(*(change(house, member, {"refresh_seconds": 10 + number}) for number in range(8)))

    assert {answer.status_code for answer in answers} <= {200, 409}
    kept = sorted(answer.json()["version"] for answer in answers if answer.status_code == 200)
    assert kept == list(range(1, len(kept) + 1))
    assert len(await house.rows("SELECT 1 FROM member_setting_changes")) == len(kept)
