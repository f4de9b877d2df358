"""Every form in which an alert may come, and what it is answered (contract 2.6)."""

import asyncio
import json
from datetime import timedelta
from typing import Any, Final

import pytest

from cbc_domain.kernel.time import format_instant, parse_instant
from cbc_domain.signals.model import StrategyState
from tests.e2e.house import House, Json
from tests.e2e.problems import problem
from tests.rulebook import cases

RECEIVED: Final = parse_instant("2026-03-02T15:00:05Z")


async def stored(house: House) -> list[tuple[Any, ...]]:
    return list(await house.rows("SELECT kind, symbol, status, reason FROM signals ORDER BY id"))


@pytest.mark.parametrize("case", cases("signal_payload_cases"))
async def test_every_payload_of_the_book_is_answered_as_it_says(house: House, case: Json) -> None:
    """rules: SIG-11, SIG-12, SIG-13, SIG-15, SIG-46"""
    house.clock.advance(to=RECEIVED)
    body, expected = case["input"]["body"], case["expect"]

    answer = await house.alert(body, headers={"Content-Type": case["input"]["content_type"]})

    assert answer.status_code == expected["status"], answer.text
    if expected["status"] != 202:
        problem(answer, 422, expected["error"])
        assert await house.rows("SELECT code FROM refused_alerts") == [(expected["error"],)]
        assert await stored(house) == []
        return
    signal = (await house.rows("SELECT row_to_json(signals) FROM signals"))[0][0]
    assert answer.json() == {"signal_id": signal["id"], "status": "accepted", "duplicate": False}
    for name in ("kind", "symbol", "scope"):
        assert signal[name] == expected.get(name, signal[name])
    assert signal["indicators"].get("golden_cross_30", False) is expected.get("golden_cross_30", False)
    if expected.get("time"):
        assert parse_instant(signal["fired_at"]) == parse_instant(expected["time"])


@pytest.mark.parametrize("path", ["/api/webhooks/signal", "/webhook"])
@pytest.mark.parametrize("mode", ["body", "bearer", "lower-case bearer"])
async def test_the_secret_may_stand_in_the_body_or_in_the_header(house: House, path: str, mode: str) -> None:
    """rules: SIG-40, SIG-41"""
    body = house.body(secret=house.secret) if mode == "body" else house.body()
    scheme = "Bearer" if mode == "bearer" else "bearer"
    headers = {} if mode == "body" else {"Authorization": f"{scheme} {house.secret}"}

    answer = await house.alert(body, path, headers)

    assert answer.status_code == 202
    assert answer.json()["status"] == "accepted"
    (raw,) = (await house.rows("SELECT raw FROM signals"))[0]
    assert house.secret.encode() not in raw
    assert b"secret" not in raw


@pytest.mark.parametrize(
    "content_type", ["text/plain; charset=utf-8", "application/xml", "multipart/form-data", "nonsense", ""]
)
async def test_the_content_type_does_not_matter(house: House, content_type: str) -> None:
    """rules: SIG-11, API-04"""
    answer = await house.alert(house.body(), headers={"Content-Type": content_type})

    assert answer.status_code == 202


async def test_a_repeat_names_the_first_signal_and_does_nothing(house: House) -> None:
    """rules: SIG-30, SIG-46"""
    first = await house.alert(house.body())

    again = await house.alert(house.body(close="60001.5"))

    assert again.status_code == 200
    assert again.json() == {"signal_id": first.json()["signal_id"], "status": "accepted", "duplicate": True}
    assert len(await stored(house)) == 1
    assert await house.rows("SELECT count(*) FROM pgqueuer") == [(1,)]


async def test_of_sixteen_identical_alerts_at_once_one_is_accepted(house: House) -> None:
    """rules: SIG-30, SIG-46"""
    body = house.body()

    answers = await asyncio.gather(*(house.alert(body) for _ in range(16)))

    assert sorted(answer.status_code for answer in answers) == [200] * 15 + [202]
    assert sorted(answer.json()["duplicate"] for answer in answers) == [False] + [True] * 15
    assert len({answer.json()["signal_id"] for answer in answers}) == 1
    assert len(await stored(house)) == 1
    assert await house.rows("SELECT count(*) FROM pgqueuer") == [(1,)]


async def test_of_sixteen_opens_of_one_side_at_once_one_is_accepted(house: House) -> None:
    """rules: SIG-30"""
    moments = [house.clock.now() - timedelta(minutes=minute) for minute in range(16)]

    answers = await asyncio.gather(*(house.alert(house.body(time=format_instant(moment))) for moment in moments))

    assert sorted(answer.status_code for answer in answers) == [200] * 15 + [202]
    assert len(await stored(house)) == 1


async def test_of_sixteen_identical_closes_at_once_one_is_accepted(house: House) -> None:
    """rules: SIG-30"""
    answers = await asyncio.gather(*(house.alert(house.body("FECHE LONG")) for _ in range(16)))

    assert sorted(answer.status_code for answer in answers) == [200] * 15 + [202]
    assert len(await stored(house)) == 1


async def test_a_late_open_is_kept_as_expired_and_so_is_its_repeat(house: House) -> None:
    """rules: SIG-20, SIG-46"""
    body = house.body()
    house.clock.advance(by=timedelta(minutes=30, seconds=31))

    answer = await house.alert(body)
    again = await house.alert(body)

    assert (answer.status_code, answer.json()["status"], answer.json()["duplicate"]) == (200, "expired", False)
    assert (again.status_code, again.json()["status"], again.json()["duplicate"]) == (200, "expired", True)
    assert await stored(house) == [("OPEN_LONG_STRONG", "BTCUSDT", "EXPIRED", "signal_too_old")]
    assert await house.rows("SELECT count(*) FROM pgqueuer") == [(0,)]


async def test_the_last_moment_of_an_open_is_still_in_time(house: House) -> None:
    """rules: SIG-20, GEN-08"""
    body = house.body()
    house.clock.advance(by=timedelta(minutes=30, seconds=30))

    assert (await house.alert(body)).status_code == 202


async def test_a_late_close_is_accepted(house: House) -> None:
    """rules: SIG-22"""
    body = house.body("FECHE LONG")
    house.clock.advance(by=timedelta(days=2))

    assert (await house.alert(body)).status_code == 202


async def test_an_open_from_the_future_is_refused_and_a_close_is_not(house: House) -> None:
    """rules: SIG-20, SIG-22"""
    ahead = format_instant(house.clock.now() + timedelta(seconds=6))

    refused = await house.alert(house.body(time=ahead))
    accepted = await house.alert(house.body("FECHE LONG", time=ahead))

    problem(refused, 422, "signal_from_future")
    assert accepted.status_code == 202
    assert await house.rows("SELECT code FROM refused_alerts") == [("signal_from_future",)]


async def test_a_paused_strategy_keeps_its_opens_as_rejected_and_its_closes_work(house: House) -> None:
    """rules: SIG-43"""
    async with house.engine.begin() as connection:
        await connection.exec_driver_sql(f"UPDATE strategies SET state = '{StrategyState.PAUSED}'")

    opened = await house.alert(house.body())
    closed = await house.alert(house.body("FECHE LONG"))

    assert (opened.status_code, opened.json()["status"]) == (200, "rejected")
    assert closed.status_code == 202
    assert await stored(house) == [
        ("OPEN_LONG_STRONG", "BTCUSDT", "REJECTED", "strategy_paused"),
        ("CLOSE_LONG", "BTCUSDT", "PENDING", None),
    ]


async def test_the_strategy_is_the_one_of_the_secret_whatever_the_body_says(house: House) -> None:
    """rules: SIG-43"""
    other, secret = await house.platform.create_strategy()("Another", timedelta(minutes=30))

    await house.alert(house.body(strategy=house.strategy.slug, alert_name="x"), f"/api/webhooks/signal/{secret}")

    assert await house.rows("SELECT strategy FROM signals") == [(other.id,)]


async def test_a_secret_that_was_rotated_out_is_unknown_from_its_end_on(house: House) -> None:
    """rules: SIG-41, GEN-07"""
    end = house.clock.now() + timedelta(hours=1)
    async with house.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE strategy_secrets SET valid_until = $1", (end,))

    before = await house.alert(house.body("FECHE LONG"))
    house.clock.advance(to=end)
    after = await house.alert(house.body("FECHE SHORT"))

    assert before.status_code == 202
    problem(after, 401, "webhook_auth_failed")


async def test_what_the_alert_says_about_sizes_is_kept_and_not_used(house: House) -> None:
    """rules: SIG-15, SIG-16"""
    message = "<script>alert(1)</script>'; DROP TABLE signals; --"

    await house.alert(house.body(quantity="99", leverage="100", alert_message=message))

    (raw,) = (await house.rows("SELECT raw FROM signals"))[0]
    assert json.loads(raw)["alert_message"] == message


async def test_a_repeated_close_acts_again_once_something_was_opened_in_between(house: House) -> None:
    """rules: SIG-30"""
    trader = await house.trader()
    close = house.body("FECHE LONG")
    await house.alert(close)
    house.clock.advance(by=timedelta(seconds=1))
    await house.market()
    await house.alert(house.body())
    await house.work()

    again = await house.alert(close)
    repeat = await house.alert(close)

    assert (again.status_code, repeat.status_code) == (202, 200)
    positions = await house.client.get("/api/trading/positions", headers=trader.headers)
    assert len(positions.json()["items"]) == 1
