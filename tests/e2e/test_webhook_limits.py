"""How many alerts in how short a time, and the mode in which the sender signs (SIG-36, SIG-42, SIG-45)."""

import hashlib
import hmac
import json
from datetime import timedelta
from typing import Final

import httpx
import pytest

from cbc_domain.kernel.time import format_instant
from tests.e2e.house import House, SignedIn
from tests.e2e.problems import problem

SYMBOLS: Final = [f"C{number}USDT" for number in range(400)]


async def test_a_burst_of_opens_never_takes_the_place_of_a_close(house: House) -> None:
    """rules: SIG-45"""
    opens = [await house.alert(house.body(ticker=symbol)) for symbol in SYMBOLS[:31]]
    closes = [await house.alert(house.body("FECHE LONG", symbol)) for symbol in SYMBOLS[:30]]

    assert [answer.status_code for answer in opens] == [202] * 30 + [429]
    problem(opens[-1], 429, "rate_limited")
    assert opens[-1].headers["retry-after"] == "12"
    assert {answer.status_code for answer in closes} == {202}
    house.clock.advance(by=timedelta(seconds=12))
    assert (await house.alert(house.body(ticker="LATEUSDT"))).status_code == 202


async def test_a_symbol_may_open_twenty_times_a_minute(house: House) -> None:
    """rules: SIG-36"""
    times = [format_instant(house.clock.now() - timedelta(minutes=minute)) for minute in range(21)]

    answers = [await house.alert(house.body(time=time)) for time in times]
    closes = [await house.alert(house.body("FECHE LONG", time=time)) for time in times]

    assert [answer.status_code for answer in answers] == [202] + [200] * 19 + [429]
    assert {answer.status_code for answer in closes} == {202}


async def test_a_strategy_may_open_sixty_times_a_minute_however_many_secrets_it_has(house: House) -> None:
    """rules: SIG-36"""
    paths = []
    for number in range(3):
        secret = f"rotated-{number}"
        digest = hashlib.sha256(secret.encode()).hexdigest()
        async with house.engine.begin() as connection:
            await connection.exec_driver_sql(
                "INSERT INTO strategy_secrets (hash, strategy, created_at) VALUES ($1, $2, $3)",
                (digest, house.strategy.id, house.clock.now()),
            )
        paths += [f"/api/webhooks/signal/{secret}"] * 30

    answers = [await house.alert(house.body(ticker=symbol), path) for symbol, path in zip(SYMBOLS, paths, strict=False)]

    assert [answer.status_code for answer in answers] == [202] * 60 + [429] * 30


async def test_all_together_may_open_two_hundred_times_a_minute(house: House) -> None:
    """rules: SIG-36"""
    secrets = [(await house.platform.create_strategy()(f"S{number}", timedelta(minutes=30)))[1] for number in range(7)]
    paths = [f"/api/webhooks/signal/{secret}" for secret in secrets for _ in range(30)]

    answers = [await house.alert(house.body(ticker=symbol), path) for symbol, path in zip(SYMBOLS, paths, strict=False)]

    assert [answer.status_code for answer in answers] == [202] * 200 + [429] * 10


async def signed(house: House, secret: str, body: bytes, age: timedelta = timedelta(0)) -> httpx.Response:
    moment = int((house.clock.now() - age).timestamp())
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return await house.alert(body, "/api/webhooks/signal", {"X-CBC-Signature": f"t={moment},v1={digest}"})


@pytest.fixture
async def signing_secret(house: House, admin: SignedIn) -> str:
    body = {"name": "Signing sender", "signs": True}
    answer = await house.client.post("/api/admin/strategies", json=body, headers=admin.headers)
    assert answer.status_code == 201, answer.text
    assert answer.json()["webhook_url"].endswith("/api/webhooks/signal")
    return str(answer.json()["signing_secret"])


async def test_a_signed_body_needs_no_secret_in_it(house: House, signing_secret: str) -> None:
    """rules: SIG-40, SIG-41, SIG-42"""
    answer = await signed(house, signing_secret, json.dumps(house.body()).encode())

    assert answer.status_code == 202, answer.text
    (sealed,) = (await house.rows("SELECT sealed FROM strategy_secrets WHERE sealed IS NOT NULL"))[0]
    assert signing_secret.encode() not in sealed


@pytest.mark.parametrize("age", [timedelta(seconds=61), timedelta(seconds=-61)])
async def test_an_old_signature_is_not_believed(house: House, signing_secret: str, age: timedelta) -> None:
    """rules: SIG-42, SIG-43"""
    problem(await signed(house, signing_secret, json.dumps(house.body()).encode(), age), 401, "webhook_auth_failed")


async def test_a_signature_of_another_body_or_secret_is_not_believed(house: House, signing_secret: str) -> None:
    """rules: SIG-42, SIG-43"""
    body = json.dumps(house.body()).encode()
    good = await signed(house, signing_secret, body)
    header = good.request.headers["x-cbc-signature"]

    problem(await house.alert(body + b" ", "/api/webhooks/signal", {"X-CBC-Signature": header}), 401, "webhook_auth_failed")
    problem(await signed(house, house.secret, body), 401, "webhook_auth_failed")


async def test_a_signature_counts_even_when_the_body_names_a_good_secret(house: House, signing_secret: str) -> None:
    """rules: SIG-42, SIG-43"""
    body = json.dumps(house.body(secret=house.secret)).encode()

    problem(await signed(house, "wrong", body), 401, "webhook_auth_failed")


async def test_a_signed_body_that_is_no_signal_is_kept_with_its_reason(house: House, signing_secret: str) -> None:
    """rules: SIG-42, SIG-46"""
    problem(await signed(house, signing_secret, b"nonsense"), 422, "signal_malformed")

    assert await house.rows("SELECT code FROM refused_alerts") == [("signal_malformed",)]
