"""No line of the log holds a secret, whatever went wrong (SIG-41, PRV-02)."""

import json
import logging
from collections.abc import AsyncIterator, Iterator
from io import StringIO

import pytest
import structlog

from cbc_domain.ports.venue_keys import KeyFindings
from cbc_entrypoints.logs import MASK, configure, redact
from tests.e2e.house import PASSWORD, House, SignedIn, open_house
from tests.e2e.problems import problem


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """What is written to the log, which is set up as for the product."""
    lines = StringIO()
    monkeypatch.setattr("sys.stderr", lines)
    configure("json", "debug")
    yield lines
    structlog.reset_defaults()
    logging.basicConfig(force=True)


@pytest.fixture
async def house(postgres_url: str) -> AsyncIterator[House]:
    async with open_house(postgres_url) as house:
        yield house


def test_the_signature_of_a_call_to_a_venue_is_masked_whoever_logs_it(logged: StringIO) -> None:
    """rules: KEY-08"""
    address = "https://fapi.binance.com/fapi/v1/order?symbol=BTCUSDT&signature=5ec4e7&listenKey=57ea3"

    logging.getLogger("asyncio").error("Future exception was never retrieved", exc_info=OSError(f"no answer from {address}"))

    assert "never retrieved" in logged.getvalue()
    assert "5ec4e7" not in logged.getvalue()
    assert "57ea3" not in logged.getvalue()


async def test_neither_secrets_nor_addresses_nor_tokens_are_logged(logged: StringIO, house: House, member: SignedIn) -> None:
    """rules: SIG-41, PRV-02"""
    async with house.engine.begin() as connection:
        await connection.exec_driver_sql("DROP TABLE refused_alerts")
    email = "somebody@club.invalid"
    form = {"email": email, "password": PASSWORD, "full_name": "Some Body", "country": "BR", "terms_version": "1"}

    await house.client.post("/api/auth/register", json=form)
    crashed = [
        await house.alert(f'{{"secret": "{house.secret}", "x": 1}}'),
        await house.alert(f'{{"secret": "{house.secret}", "x": 1}}', "/webhook"),
        await house.alert("nonsense", "/webhook", {"Authorization": f"Bearer {house.secret}"}),
    ]
    async with house.engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE members RENAME TO people")
    failed = await house.client.post("/api/auth/login", json={"email": email, "password": PASSWORD})

    lines = logged.getvalue()
    assert [answer.status_code for answer in (*crashed, failed)] == [500, 500, 500, 500]
    problem(crashed[0], 500, "internal_error")
    assert lines.count("request.crashed") == 4
    token = member.headers["Authorization"].removeprefix("Bearer ")
    for secret in (house.secret, token, PASSWORD, email, house.mailbox.token(email)):
        assert secret not in lines
    assert crashed[0].headers["x-request-id"] in lines


async def test_no_part_of_an_exchange_key_is_logged_or_answered(logged: StringIO, house: House, member: SignedIn) -> None:
    """rules: KEY-08"""
    parts = {"api_key": "hush-public", "api_secret": "hush-private", "passphrase": "hush-phrase"}
    body = {"exchange": "okx", "environment": "live", **parts}
    house.findings["hush-public"] = KeyFindings(reads=True, trades=True, withdraws=False, hedge=False)
    async with house.engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE exchange_keys DROP COLUMN failures")

    crashed = await house.client.post("/api/trading/exchange-keys", json=body, headers=member.headers)

    problem(crashed, 500, "internal_error")
    assert "request.crashed" in logged.getvalue()
    assert "hush" not in logged.getvalue() + crashed.text


@pytest.mark.parametrize(
    "event",
    [
        {"path": "/api/webhooks/signal/hush"},
        {"url": "http://host/api/webhooks/signal/hush?x=1"},
        {"headers": "Authorization: Bearer hush"},
        {"url": "postgresql+asyncpg://user:hush@host/db"},
        {"secret": "hush"},
        {"refresh_token": "hush"},
        {"PASSWORD": "hush"},
        {"exception": 'File "x", in /api/webhooks/signal/hush\nBearer hush'},
        {"email": "hush@club.invalid"},
        {"exception": "UniqueViolationError: duplicate key\nDETAIL:  Key (email)=(hush@club.invalid) already exists."},
    ],
    ids=str,
)
def test_a_secret_is_masked_wherever_it_stands_in_an_event(event: dict[str, str]) -> None:
    """rules: SIG-41, OPS-06, PRV-02"""
    written = json.dumps(redact(None, "info", dict(event)))

    assert "hush" not in written
    assert MASK in written
