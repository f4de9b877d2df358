"""`cbc explain`: what a stranger learns of a signal, of a member's part of it, and of what is not there."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final
from uuid import UUID

import attrs
import pytest

from cbc_domain.kernel.money import BRL, Money
from tests.e2e.house import Json, SignedIn, open_house
from tests.integration.cli.program import cbc

UNKNOWN: Final = "00000000-0000-7000-8000-000000000000"


@attrs.frozen
class Day:
    """A day on which a long opened for one of three members, one was refused, and a stop ended it."""

    url: str
    signal: str
    still_open: str
    stopped: SignedIn
    poor: SignedIn
    idle: SignedIn
    position: Json
    order: UUID


@pytest.fixture
async def day(postgres_url: str) -> AsyncIterator[Day]:
    async with open_house(postgres_url) as house:
        stopped = await house.trader()
        poor = await house.trader(real=Money(1, BRL), wishes={"auto_trade_enabled": False})
        idle = await house.join()
        await house.market()
        opened = (await house.alert(house.body())).json()["signal_id"]
        await house.work()
        await house.price("57000.0")
        await house.market()
        still_open = (await house.alert(house.body(ticker="ETHUSDT", close="100"))).json()["signal_id"]
        await house.work()
        (position,) = (await house.client.get("/api/trading/history", headers=stopped.headers)).json()["items"]
        ((order,),) = await house.rows("SELECT id FROM orders WHERE leg = 's' AND filled > 0")
    yield Day(postgres_url, opened, still_open, stopped, poor, idle, position, order)


async def test_a_stranger_reads_what_became_of_a_signal(data: Path, day: Day) -> None:
    """rules: GEN-17, ELG-04, POS-06"""
    told = cbc(data, "explain", day.signal, CBC_DATABASE_URL=day.url)

    lines = told.out.splitlines()
    assert told.code == 0, told.err
    assert lines[0] == f"signal {day.signal}  OPEN_LONG_STRONG BTCUSDT at 60000  PROCESSED"
    assert {"2  refused: trading_disabled", "1  settled"} <= {line.strip() for line in lines}
    assert f"member {day.stopped.member.id}  settled  position {day.position['id']}" in lines
    refused = next(line for line in lines if line.split()[1:2] == ["refused"] and "live_key_not_valid" in line)
    assert "reasons=trading_disabled,mode_not_available" in refused
    assert [len([line for line in lines if f"  {step} " in line]) for step in ("received", "decided")] == [1, 1]
    assert any("closed" in line and "reason=SL" in line and "net=-" in line for line in lines)


async def test_a_stranger_reads_what_an_unfinished_part_waits_for(data: Path, day: Day) -> None:
    """rules: GEN-17"""
    email = day.stopped.member.email
    told = cbc(data, "explain", day.still_open, "--member", email, CBC_DATABASE_URL=day.url)

    assert told.code == 0, told.err
    assert [line for line in told.out.splitlines() if line.startswith("member ")] == [
        line for line in told.out.splitlines() if line.startswith(f"member {day.stopped.member.id}  open")
    ]
    assert "waits for its stop, its target or a close since 2026-03-02T12:01:" in told.out


async def test_a_program_reads_the_same(data: Path, day: Day) -> None:
    """rules: GEN-17"""
    whole = json.loads(cbc(data, "explain", day.signal, "--json", CBC_DATABASE_URL=day.url).out)
    first = json.loads(cbc(data, "explain", day.signal, "--first", "1", "--json", CBC_DATABASE_URL=day.url).out)

    assert (whole["signal"]["id"], whole["more"], whole["journal"]) == (day.signal, False, None)
    assert {(count["outcome"], count["reason"], count["members"]) for count in whole["counts"]} == {
        ("refused", "trading_disabled", 2),
        ("settled", None, 1),
    }
    assert [receipt["outcome"] for receipt in whole["receipts"]] == ["refused", "refused", "settled"]
    assert (first["receipts"], first["counts"], first["more"]) == (whole["receipts"][:1], whole["counts"], True)


async def test_an_order_and_a_position_tell_the_part_they_belong_to(data: Path, day: Day) -> None:
    """rules: GEN-17"""
    by_order, by_position = (
        json.loads(cbc(data, "explain", subject, "--json", CBC_DATABASE_URL=day.url).out)
        for subject in (str(day.order), day.position["id"])
    )

    assert by_order == by_position
    (receipt,) = by_order["receipts"]
    assert (by_order["signal"]["id"], receipt["position_id"]) == (day.signal, day.position["id"])
    assert [step["step"] for step in receipt["steps"]][-2:] == ["closed", "settled"]


@pytest.mark.parametrize("arguments", [(UNKNOWN,), ("a-withdrawal",), (UNKNOWN, "--member", "nobody@club.invalid")])
async def test_what_is_not_there_is_refused_in_one_line(data: Path, postgres_url: str, arguments: tuple[str, ...]) -> None:
    ended = cbc(data, "explain", *arguments, CBC_DATABASE_URL=postgres_url)

    assert (ended.code, ended.in_one_line, "not_found" in ended.err) == (1, True, True)
