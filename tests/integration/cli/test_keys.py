"""`cbc keys rotate`: a new master key for everything sealed, also after it was killed on the way."""

import asyncio
import base64
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import asyncpg
import pytest

from cbc_domain.ports.venue_keys import KeyFindings
from tests.e2e.house import open_house
from tests.integration.cli.program import CBC, cbc, columns, surroundings

OLD: Final = "k1:" + base64.b64encode(bytes(range(32))).decode()
NEW: Final = "k2:" + base64.b64encode(bytes(range(32, 64))).decode()
GOOD: Final = KeyFindings(reads=True, trades=True, withdraws=False, hedge=False)


async def four_keys(url: str) -> None:
    """Four members with a key each, wrapped by the old master key."""
    async with open_house(url) as house:
        for number in range(4):
            member = await house.join()
            house.findings[f"public-key-{number}"] = GOOD
            body = {"exchange": "bybit", "environment": "live", "api_key": f"public-key-{number}", "api_secret": "hush"}
            answer = await house.client.post("/api/trading/exchange-keys", json=body, headers=member.headers)
            answer.raise_for_status()


async def masters(connection: "asyncpg.Connection[asyncpg.Record]") -> Sequence[str]:
    """Which master key wraps each exchange key."""
    rows = await connection.fetch("SELECT split_part(sealed, '.', 1) AS master FROM exchange_keys ORDER BY account")
    return [row["master"] for row in rows]


async def test_a_rotation_that_was_killed_half_way_is_finished_by_the_next_one(data: Path, postgres_url: str) -> None:
    """rules: KEY-09"""
    await four_keys(postgres_url)
    over = {"CBC_DATABASE_URL": postgres_url, "CBC_MASTER_KEYS": f"{NEW},{OLD}"}
    rotate = ("keys", "rotate", "--json")
    connection = await asyncpg.connect(postgres_url.replace("+asyncpg", ""))

    async with connection.transaction():
        await connection.execute("SELECT FROM exchange_keys ORDER BY account DESC LIMIT 1 FOR UPDATE")
        running = subprocess.Popen([CBC, *rotate, "--at-once", "2"], env=surroundings(data, over), stderr=subprocess.DEVNULL)
        async with asyncio.timeout(60):
            while await masters(connection) != ["k2", "k2", "k1", "k1"]:
                await asyncio.sleep(0.05)
        running.kill()
        running.wait()
    rest = cbc(data, *rotate, **over)
    again = cbc(data, *rotate, **over)

    found = await masters(connection)
    await connection.close()
    # Five: the pepper of the fingerprints is one of them, and was wrapped before the kill.
    assert json.loads(rest.out) == {"master": "k2", "seen": 5, "rewrapped": 2, "stuck": []}, rest.err
    assert json.loads(again.out) == {"master": "k2", "seen": 5, "rewrapped": 0, "stuck": []}
    assert found == ["k2"] * 4


async def test_what_the_known_master_keys_do_not_open_is_counted_and_named(data: Path, postgres_url: str) -> None:
    """rules: KEY-09"""
    await four_keys(postgres_url)

    stuck = cbc(data, "keys", "rotate", CBC_DATABASE_URL=postgres_url, CBC_MASTER_KEYS=NEW)

    assert stuck.code == 1
    assert [columns(stuck.out)[name] for name in ("seen", "rewrapped", "stuck")] == [["5"], ["0"], ["5"]]
    assert stuck.out.count("no known master key opens account") == 4
    assert "no known master key opens pepper" in stuck.out


@pytest.mark.parametrize("wrong", ["0", "many"])
def test_at_least_one_key_at_once(data: Path, wrong: str) -> None:
    refused = cbc(data, "keys", "rotate", "--at-once", wrong)

    assert (refused.code, refused.in_one_line) == (2, True)
