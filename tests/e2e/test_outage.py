"""The database goes away in the middle: nothing is answered as done that is not, and all is well once it is back."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.e2e.gate import Gate
from tests.e2e.house import House, open_house
from tests.e2e.problems import problem


@pytest.fixture
async def house(gate: Gate) -> AsyncIterator[House]:
    async with open_house(gate.url) as house:
        yield house


async def test_an_alert_during_an_outage_is_sent_again_and_works(house: House, gate: Gate) -> None:
    """rules: API-06, SIG-46"""
    body = house.body()
    await gate.shut()

    away = await house.alert(body)
    hostile = await house.alert(b"nonsense")
    await gate.open()
    again = await house.alert(body)

    problem(away, 503, "unavailable")
    problem(hostile, 503, "unavailable")
    assert again.status_code == 202
    assert len(await house.rows("SELECT 1 FROM signals")) == 1


async def test_alerts_that_are_under_way_when_it_goes_away_are_whole_or_not_there(house: House, gate: Gate) -> None:
    """rules: API-06, SIG-46"""
    bodies = [house.body(ticker=f"C{number}USDT") for number in range(20)]
    sending = [asyncio.create_task(house.alert(body)) for body in bodies]
    await asyncio.sleep(0.05)
    await gate.shut()
    answers = await asyncio.gather(*sending)
    await gate.open()

    again = [await house.alert(body) for body in bodies[:10]]

    assert {answer.status_code for answer in answers} <= {202, 503}
    accepted = {answer.json()["signal_id"] for answer in answers if answer.status_code == 202}
    assert accepted <= {str(row[0]) for row in await house.rows("SELECT id FROM signals")}
    assert {answer.status_code for answer in again} <= {200, 202}
    whole = "SELECT (SELECT count(*) FROM signals), (SELECT count(*) FROM pgqueuer), (SELECT count(*) FROM outbox_events)"
    signals, jobs, events = (await house.rows(whole))[0]
    # Each is told of as received and as accepted.
    assert (jobs, events) == (signals, 2 * signals)


async def test_readiness_says_that_the_database_is_away_and_life_goes_on(house: House, gate: Gate) -> None:
    """rules: OPS-01, API-06"""
    member = await house.join()
    ready = await house.client.get("/health/ready")
    await gate.shut()

    away = await house.client.get("/health/ready")
    alive = await house.client.get("/health/live")
    balances = await house.client.get("/api/financial/balances", headers=member.headers)
    login = await house.client.post("/api/auth/login", json={"email": "a@b.invalid", "password": "x"})

    assert ready.status_code == 200
    assert ready.json()["parts"].keys() == {"database", "queue", "market", "books"}
    assert (away.status_code, away.json()["status"]) == (503, "unavailable")
    assert away.json()["parts"]["database"]["state"] == "unavailable"
    assert alive.status_code == 200
    problem(balances, 503, "unavailable")
    problem(login, 503, "unavailable")
    await gate.open()
    assert (await house.client.get("/health/ready")).status_code == 200
