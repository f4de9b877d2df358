"""`cbc api` and `cbc worker`: the same platform as processes of their own over one database."""

import json
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from cbc_adapters.exchange.simulated.remote import RemoteExchange
from cbc_domain.ports.venue_faults import OutcomeUnknown
from tests.integration.cli.program import cbc, serving
from tests.strategies.exchange import BTC, entry, exchange_account


def test_what_the_api_takes_a_worker_decides(data: Path, tmp_path: Path, postgres_url: str) -> None:
    """rules: ARC-04"""
    over = {"CBC_DATABASE_URL": postgres_url}
    webhook = cbc(data, "admin", "create-strategy", "--name", "Trend", **over).out.strip()
    password = "correct horse battery 7 staple"
    email = ("--email", "a@club.invalid", "--role", "ADMIN", "--verified", "--password-stdin")
    assert cbc(data, "admin", "create-user", *email, typed=f"{password}\n", **over).code == 0

    with (
        serving(data, "api", "--port", "0", until="API ", **over) as api,
        serving(data, "api", "--port", "0", until="API ", CBC_LOG_FORMAT="json", **over) as other,
        serving(data, "worker", until="worker ", **over) as worker,
        httpx.Client() as client,
    ):
        body = {"ticker": "BTCUSDT", "signal": "FECHE LONG"}
        taken = client.post(webhook.replace("http://127.0.0.1:8000", api.url), json=body)
        tokens = client.post(f"{api.url}/api/auth/login", json={"email": "a@club.invalid", "password": password}).json()
        # Any process takes the token of another: they share the data directory, and with it the signing key.
        signals = f"{other.url}/api/trading/signals/{taken.json()['signal_id']}"
        decided = _decided(client, signals, tokens["access_token"])
        helper = [each.stop()[0] for each in (worker, api, other)]

    assert taken.status_code == 202
    assert decided
    assert helper == [0, 0, 0]


async def test_keys_are_opened_by_workers_and_by_no_api(data: Path, postgres_url: str) -> None:
    """rules: KEY-03, KEY-08, KEY-12, CFG-09"""
    over = {"CBC_DATABASE_URL": postgres_url}
    password = "correct horse battery 7 staple"
    email = ("--email", "a@club.invalid", "--role", "USER", "--verified", "--password-stdin")

    with serving(data, "venue-sim", "--port", "0", "--json", until="}\n") as venues:
        told = json.loads(venues.said)
        there = over | {"CBC_EXCHANGE_GATEWAY": told["gateway"], "CBC_EXCHANGE_CA_FILE": told["ca_file"]}
        nowhere = there | {"CBC_EXCHANGE_GATEWAY": "127.0.0.1:9", "CBC_LOG_FORMAT": "json"}
        assert cbc(data, "admin", "create-user", *email, typed=f"{password}\n", **over).code == 0
        with (
            serving(data, "api", "--port", "0", until="API ", **there) as api,
            serving(data, "worker", until="worker ", **there) as worker,
            httpx.Client(base_url=api.url, timeout=30) as client,
        ):
            tokens = client.post("/api/auth/login", json={"email": "a@club.invalid", "password": password}).json()
            client.headers["Authorization"] = f"Bearer {tokens['access_token']}"
            key = client.post("/api/trading/exchange-keys", json=_form(told["accounts"])).raise_for_status().json()
            client.patch("/api/trading/settings", json={"trading_mode": "live"}).raise_for_status()
            wanted = {"symbol": "BTCUSDT", "side": "LONG"}
            preview = client.post("/api/trading/preview", json=wanted).raise_for_status().json()
            path = f"/api/trading/exchange-keys/{key['id']}/verify"
            # One that reaches no venue has a key examined all the same.
            with serving(data, "api", "--port", "0", "--host", "127.0.0.1", until="API ", **nowhere) as apart:
                verified = client.post(f"{apart.url}{path}").raise_for_status().json()
            _, _ = worker.stop(), api.stop()
    connection = await asyncpg.connect(postgres_url.replace("+asyncpg", ""))
    openers = await connection.fetch("SELECT DISTINCT split_part(actor, ':', 2) AS pid FROM key_audit WHERE deed = 'opened'")
    await connection.close()

    assert (verified["status"], verified["refusals"]) == ("VALID", [])
    assert "unavailable" not in preview["refusals"]
    assert [row["pid"] for row in openers] == [str(worker.process.pid)]


def _form(accounts: list[dict[str, Any]]) -> dict[str, Any]:
    """The first live account that the venues have at Binance, as a member connects it."""
    row = next(one for one in accounts if (one["venue"], one["environment"]) == ("binance", "live"))
    return {"exchange": "binance", "environment": "live", "api_key": row["key"], "api_secret": row["secret"]}


async def test_workers_share_one_paper_exchange_and_one_takes_it_over_when_its_process_is_killed(
    data: Path, postgres_url: str
) -> None:
    """rules: ARC-04, EXC-01, OPS-09"""
    over = {"CBC_DATABASE_URL": postgres_url}
    account = exchange_account()
    where = (account.venue, account.environment, BTC)

    with (
        serving(data, "worker", until="worker ", **over) as first,
        serving(data, "worker", "--role", "execute", until="worker ", **over) as second,
    ):
        exchange = RemoteExchange(data / "paper-exchange.sock")
        marked = await exchange.quote(*where)
        placed = await exchange.place(account, entry(quantity="0.01"), [])
        first.stop(signal.SIGKILL)
        # Whatever was under way then is unknown, as at any exchange; what comes afterwards waits for the next one.
        with suppress(OutcomeUnknown):
            await exchange.find(account, BTC, "e1")
        found = await exchange.find(account, BTC, "e1")
        marked_again = await exchange.quote(*where)
        await exchange.close()
        ended, _ = second.stop()

    assert marked is not None
    assert marked_again is not None and marked_again.at > marked.at
    assert found == placed
    assert ended == 0
    assert "Traceback" not in second.err.read_text()


def _decided(client: httpx.Client, url: str, token: str) -> bool:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        answer = client.get(url, headers={"Authorization": f"Bearer {token}"}).raise_for_status().json()
        if answer.get("status", answer.get("signal", {}).get("status")) == "PROCESSED":
            return True
        time.sleep(0.1)
    return False
