"""`cbc ledger`, `cbc explain`, `cbc migrate`: the questions an operator asks of a database, and what is wrong with it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from uuid import UUID

import asyncpg
import pytest

from tests.e2e.house import Json, SignedIn, open_house
from tests.integration.cli.program import cbc, columns

UNKNOWN: Final = "00000000-0000-7000-8000-000000000000"
TAMPER: Final = (
    "ALTER TABLE entries DISABLE TRIGGER ALL",
    "UPDATE entries SET amount = amount + 1 WHERE ctid = (SELECT ctid FROM entries ORDER BY id LIMIT 1)",
    "ALTER TABLE entries ENABLE TRIGGER ALL",
)


async def change(url: str, statements: Sequence[str]) -> None:
    """Do in the database, as its owner, what no program does."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def a_settled_trade(url: str) -> tuple[SignedIn, Json]:
    async with open_house(url) as house:
        trader = await house.trader()
        position = await house.won_trade(trader)
        await house.platform.check_invariants()()
    return trader, position


async def test_a_whole_trade_can_be_explained_from_any_of_its_rows(data: Path, postgres_url: str) -> None:
    """rules: GEN-17, BAL-13"""
    trader, position = await a_settled_trade(postgres_url)
    connection = await asyncpg.connect(postgres_url.replace("+asyncpg", ""))
    order = await connection.fetchval('SELECT client_id FROM orders WHERE "position" = $1 LIMIT 1', UUID(position["id"]))
    journal = await connection.fetchval("SELECT id FROM journals WHERE key LIKE 'commission:%'")
    signal = await connection.fetchval("SELECT id FROM signals")
    await connection.close()

    told = {
        subject: cbc(data, "explain", str(subject), "--json", CBC_DATABASE_URL=postgres_url)
        for subject in (signal, position["id"], order, journal)
    }
    statement = cbc(data, "ledger", "statement", str(trader.member.id), "--json", CBC_DATABASE_URL=postgres_url)

    for story in told.values():
        assert story.code == 0, story.err
        (receipt,) = json.loads(story.out)["receipts"]
        assert {"received", "decided", "planned", "settled"} <= {step["step"] for step in receipt["steps"]}
        assert receipt["steps"][-1]["facts"]["journal"] == str(journal)
    assert json.loads(told[journal].out)["journal"]["rule"] == "LED-F09"
    lines = [json.loads(line) for line in statement.out.splitlines()]
    assert str(journal) in {line["id"] for line in lines}
    assert {line["rule"] for line in lines} >= {"LED-F01"}


async def test_a_proof_names_the_first_broken_row(data: Path, postgres_url: str) -> None:
    """rules: LED-20"""
    await a_settled_trade(postgres_url)

    sound = cbc(data, "ledger", "proof", "--json", CBC_DATABASE_URL=postgres_url)
    await change(postgres_url, TAMPER)
    broken = cbc(data, "ledger", "proof", CBC_DATABASE_URL=postgres_url)

    proof = json.loads(sound.out)
    assert (sound.code, proof["holds"], proof["hash_chain"], proof["first_broken_row"]) == (0, True, "ok", None)
    assert broken.code == 1
    assert columns(broken.out)["first_broken_row"] != ["-"]
    assert columns(broken.out)["unbalanced"] == ["1"]


async def test_a_hash_that_was_printed_shows_whether_history_was_written_anew(data: Path, postgres_url: str) -> None:
    """rules: LED-23"""
    await a_settled_trade(postgres_url)
    printed = json.loads(cbc(data, "ledger", "proof", "--json", CBC_DATABASE_URL=postgres_url).out)
    kept, other = f"{printed['sealed']}:{printed['last_hash']}", f"{printed['sealed'] + 1}:{'0' * 64}"

    same = cbc(data, "ledger", "proof", "--printed", kept, CBC_DATABASE_URL=postgres_url)
    lost = cbc(data, "ledger", "proof", "--printed", kept, "--printed", other, "--json", CBC_DATABASE_URL=postgres_url)
    odd = cbc(data, "ledger", "proof", "--printed", "yesterday", CBC_DATABASE_URL=postgres_url)

    assert (same.code, columns(same.out)["printed"]) == (0, ["ok"])
    expected = f"expected the hash {'0' * 64} that was proven at sequence {printed['sealed'] + 1}, was none"
    assert (lost.code, json.loads(lost.out)["holds"], json.loads(lost.out)["printed"]) == (1, True, expected)
    assert (odd.code, odd.in_one_line) == (2, True)


@pytest.mark.parametrize("question", [("explain", "nothing"), ("ledger", "statement", UNKNOWN)])
def test_what_is_not_there_is_exit_code_1(data: Path, postgres_url: str, question: tuple[str, ...]) -> None:
    ended = cbc(data, *question, CBC_DATABASE_URL=postgres_url)

    assert (ended.code, ended.in_one_line, "not_found" in ended.err) == (1, True, True)


async def test_migrate_makes_the_schema_and_says_where_it_differs(data: Path, empty_postgres_url: str) -> None:
    """rules: DAT-01"""
    made = cbc(data, "migrate", CBC_DATABASE_URL=empty_postgres_url)
    same = cbc(data, "migrate", "--check", CBC_DATABASE_URL=empty_postgres_url)
    await change(empty_postgres_url, ["ALTER TABLE signals DROP COLUMN received_at CASCADE"])
    differs = cbc(data, "migrate", "--check", CBC_DATABASE_URL=empty_postgres_url)

    assert [made.code, same.code, differs.code] == [0, 0, 1]
    assert "received_at" in differs.out


async def test_the_database_of_a_newer_program_is_left_alone(data: Path, postgres_url: str) -> None:
    await change(postgres_url, ["UPDATE alembic_version SET version_num = '9999'"])

    for command in (("serve", "--port", "0"), ("ledger", "proof")):
        refused = cbc(data, *command, CBC_DATABASE_URL=postgres_url)
        assert (refused.code, refused.in_one_line, "schema_newer" in refused.err) == (3, True, True), refused
