"""Whatever is thrown at the webhook: a refusal that names its reason, never a fault of ours, never half a row (SIG-46)."""

import gzip
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

import pytest

from tests.e2e.house import House
from tests.e2e.problems import problem
from tests.strategies.signals import HOSTILE_BODIES

PLACES: Final = ("path", "bearer", "body")
LARGEST: Final = 65_536
OPEN: Final = b'"signal":"SINAL LONG FORTE","ticker":"BTCUSDT"'


async def kept(house: House) -> tuple[int, int, int]:
    """How many signals, refusals and jobs there are."""
    counted = await house.rows(
        "SELECT (SELECT count(*) FROM signals), (SELECT count(*) FROM refused_alerts), (SELECT count(*) FROM pgqueuer)"
    )
    signals, refused, jobs = counted[0]
    return signals, refused, jobs


@pytest.mark.parametrize("number", range(len(HOSTILE_BODIES)))
async def test_a_hostile_body_is_refused_and_remembered(house: House, number: int) -> None:
    """rules: SIG-03, SIG-11, SIG-46"""
    body = HOSTILE_BODIES[number]

    known = await house.alert(body)
    unknown = await house.alert(body, "/webhook")

    code = "payload_too_large" if len(body) > LARGEST else known.json()["code"]
    assert code.startswith(("signal_", "symbol_", "payload_"))
    problem(known, 413 if len(body) > LARGEST else 422, code)
    problem(unknown, *((413, code) if len(body) > LARGEST else (401, "webhook_auth_failed")))
    assert await kept(house) == (0, 1, 0)
    assert await house.rows("SELECT code FROM refused_alerts") == [(code,)]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"true",
        b'"SINAL LONG FORTE"',
        b"\xff\xfe\xfd",
        b'{"signal":"SINAL LONG FORTE","ticker":"BTCUSDT\xff"}',
        b"\xef\xbb\xbf",
        b"{" + OPEN + b"}{}",
        b"{" + OPEN + b',"signal":"FECHE LONG"}',
        b"{" + OPEN + b',"time":"yesterday"}',
        b"{" + OPEN + b',"close":"1e400"}',
        b"{" + OPEN + b',"close":-1}',
        b"{" + OPEN + b',"close":{"a":1}}',
        b'{"signal":{"signal":{"signal":"BUY"}}}',
        b'{"signal":["BUY"],"ticker":"BTCUSDT"}',
        b'{"signal":"N\xc3\x83O FECHE LONG","ticker":"BTCUSDT"}',
        b'{"signal":"\\u0000","ticker":"BTCUSDT"}',
        b'{"signal":"\\ud800","ticker":"BTCUSDT"}',
        b'{"signal":"BUY","ticker":"BTC\\u0000USDT"}',
        b'{"signal":"BUY","ticker":"\\udfffUSDT"}',
        b'{"signal":"BUY","ticker":"BTCUSD"}',
        b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
        b"signal=BUY&ticker=BTCUSDT",
        gzip.compress(b"{" + OPEN + b"}", mtime=0),
    ],
)
async def test_a_body_that_cannot_be_a_signal_says_what_was_not_understood(house: House, body: bytes) -> None:
    """rules: SIG-10, SIG-11, SIG-13, SIG-46"""
    answer = await house.alert(body)

    found = problem(answer, 422, answer.json()["code"])
    assert str(found["code"]).startswith(("signal_", "symbol_"))
    assert str(found["detail"]).startswith("expected")
    assert await kept(house) == (0, 1, 0)


@pytest.mark.parametrize(
    "more",
    [
        b',"close":NaN,"rsi_15":Infinity,"macd":-Infinity',
        b',"close":0.' + b"0" * 30 + b"1",
        b',"close":99999999999999999999.99999999999999999999',
        b',"volume":' + b"9" * 5_000,
        b',"volume":1e999999',
        b',"note":"a\\u0000b\\ud800c"',
        b',"a\\u0000\\udfff":{"\\u0000":["\\ud800"]}',
        b',"time":"0001-01-01T00:00:00Z"',
        b',"time":"0001-01-01T00:00:00+23:59"',
        b',"n":' + b"[" * 18 + b"]" * 18,
        b',"rsi_4h":"\\u0661","rsi_15":101,"cruzou_acima_ema9":"maybe"',
        b',"alert_message":"' + b"\xf0\x9f\x9a\x80" * 10_000 + b'"',
        b"".join(b',"f%d":%d' % (number, number) for number in range(4_000)),
    ],
)
@pytest.mark.parametrize("kind", [b"SINAL LONG FORTE", b"FECHE LONG"])
async def test_odd_values_beside_a_signal_never_break_it(house: House, kind: bytes, more: bytes) -> None:
    """rules: SIG-13, SIG-16, SIG-46"""
    answer = await house.alert(b'{"signal":"' + kind + b'","ticker":"BTCUSDT"' + more + b"}")

    assert answer.status_code in (200, 202, 422), answer.text
    signals, refused, _ = await kept(house)
    assert (signals, refused) == ((0, 1) if answer.status_code == 422 else (1, 0))


async def test_the_largest_body_is_taken_and_one_more_byte_is_not(house: House) -> None:
    """rules: SIG-11, API-04"""
    start = b"{" + OPEN + b',"note":"'
    largest = start + b"x" * (LARGEST - len(start) - 2) + b'"}'

    assert (await house.alert(largest)).status_code == 202
    problem(await house.alert(largest + b" "), 413, "payload_too_large")


async def chunks(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 1024):
        yield b"x" * 1024


@pytest.mark.parametrize("path", ["secret", "/webhook", "/api/webhooks/signal/unknown"])
async def test_an_endless_body_without_a_length_is_cut_off(house: House, path: str) -> None:
    """rules: SIG-11, API-04"""
    url = f"/api/webhooks/signal/{house.secret}" if path == "secret" else path

    answer = await house.client.post(url, content=chunks(10_000_000))

    assert "content-length" not in answer.request.headers
    problem(answer, 401, "webhook_auth_failed") if "unknown" in path else problem(answer, 413, "payload_too_large")
    assert await kept(house) == (0, int(path == "secret"), 0)


async def test_a_body_in_chunks_is_read_whole(house: House) -> None:
    """rules: SIG-11"""

    async def parts() -> AsyncIterator[bytes]:
        for byte in json.dumps(house.body()):
            yield byte.encode()

    answer = await house.client.post(f"/api/webhooks/signal/{house.secret}", content=parts())

    assert answer.status_code == 202


@pytest.mark.parametrize(
    "secret",
    ["x", "0" * 48, "../../etc", "%00", "%ff", "%2e%2e", "a%20b", "'--", "%F0%9F%9A%80", "x" * 5_000, "%22%7B", "a;b", "null"],
)
async def test_a_path_secret_of_odd_characters_is_just_unknown(house: House, secret: str) -> None:
    """rules: SIG-40, SIG-43, SIG-46"""
    answer = await house.alert(house.body(), f"/api/webhooks/signal/{secret}")

    assert answer.status_code in (401, 404)
    problem(answer, answer.status_code, "webhook_auth_failed" if answer.status_code == 401 else "not_found")
    assert await kept(house) == (0, 0, 0)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer \x7f\xff"},
        {"Authorization": "Basic Zm9vOmJhcg=="},
        {"Authorization": "Bearer " + "x" * 10_000},
        {"X-CBC-Signature": ""},
        {"X-CBC-Signature": "t=1,v1=" + "0" * 64},
        {"X-CBC-Signature": "\xff"},
    ],
    ids=str,
)
async def test_every_failure_to_prove_oneself_looks_alike(house: House, headers: dict[str, str]) -> None:
    """rules: SIG-42, SIG-43"""
    sent = {name.encode(): value.encode("latin-1") for name, value in headers.items()}

    answer = await house.client.post("/webhook", content=json.dumps(house.body()), headers=sent)

    found = problem(answer, 401, "webhook_auth_failed")
    assert found["detail"] == "expected the secret of a strategy"
    assert await kept(house) == (0, 0, 0)


@pytest.mark.parametrize("secret", [None, 1, True, [], {}, "", "x", "\x00", "\ud800", {"secret": "x"}])
async def test_a_body_secret_of_another_kind_is_just_unknown(house: House, secret: object) -> None:
    """rules: SIG-40, SIG-43"""
    answer = await house.alert(json.dumps(house.body() | {"secret": secret}), "/webhook")

    problem(answer, 401, "webhook_auth_failed")


async def test_a_secret_in_the_query_string_is_not_looked_at(house: House) -> None:
    """rules: SIG-41"""
    answer = await house.alert(house.body(), f"/webhook?secret={house.secret}")

    problem(answer, 401, "webhook_auth_failed")


async def test_a_secret_below_the_top_of_the_body_does_not_count_and_is_not_kept(house: House) -> None:
    """rules: SIG-40, SIG-41"""
    nested = house.body(more={"secret": house.secret})

    problem(await house.alert(nested, "/webhook"), 401, "webhook_auth_failed")
    assert (await house.alert(nested)).status_code == 202
    (raw,) = (await house.rows("SELECT raw FROM signals"))[0]
    assert house.secret.encode() not in raw


async def test_a_refused_body_is_kept_without_its_secret(house: House) -> None:
    """rules: SIG-41, SIG-46"""
    await house.alert(f'{{"secret": "{house.secret}", "signal": "TALVEZ", "ticker": "BTCUSDT"}}')
    await house.alert(f'{{"signal": "TALVEZ", "secret" : "{house.secret}", broken')

    rows = await house.rows("SELECT code, raw FROM refused_alerts ORDER BY id")
    assert [code for code, _ in rows] == ["signal_kind_unknown", "signal_malformed"]
    assert all(house.secret.encode() not in raw and b"TALVEZ" in raw for _, raw in rows)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD", "TRACE", "BREW"])
@pytest.mark.parametrize("path", ["/webhook", "/api/webhooks/signal", "secret"])
async def test_another_method_is_not_allowed(house: House, method: str, path: str) -> None:
    """rules: API-04"""
    url = f"/api/webhooks/signal/{house.secret}" if path == "secret" else path

    answer = await house.client.request(method, url, content=b"{}")

    assert answer.status_code == 405
    assert "POST" in answer.headers["allow"]
    assert await kept(house) == (0, 0, 0)


async def test_bodies_that_flood_in_are_slowed_down_before_they_are_kept(house: House) -> None:
    """rules: SIG-45"""
    answers = [await house.alert(b"nonsense") for _ in range(31)]

    assert [answer.status_code for answer in answers] == [422] * 30 + [429]
    assert await kept(house) == (0, 30, 0)
    house.clock.advance(by=timedelta(seconds=int(answers[-1].headers["retry-after"])))
    assert (await house.alert(b"nonsense")).status_code == 422
