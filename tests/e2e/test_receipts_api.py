"""Receipts over HTTP: one's own whole story for a member, everybody's for staff, and the money only for who may see it."""

from typing import Final

import httpx
import pytest

from cbc_domain.identity.model import AffiliateTier, Role
from tests.e2e.house import House, Json, SignedIn
from tests.e2e.problems import problem

UNKNOWN: Final = "00000000-0000-7000-8000-000000000000"


async def get(house: House, path: str, who: SignedIn, **query: str) -> httpx.Response:
    return await house.client.get(f"/api/{path}", headers=who.headers, params=query)


def steps(receipt: Json) -> list[str]:
    return [step["step"] for step in receipt["steps"]]


def facts(receipt: Json, step: str) -> Json:
    found: Json = next(one["facts"] for one in receipt["steps"] if one["step"] == step)
    return found


async def a_won_trade(house: House) -> tuple[SignedIn, SignedIn, str]:
    """A trader who won and pays a commission that is shared, somebody who was refused, and the signal."""
    affiliate = await house.join(tier=AffiliateTier.NORMAL)
    trader = await house.trader(referred_by=affiliate.member.id)
    position = await house.won_trade(trader)
    return trader, affiliate, position["signal_id"]


async def test_a_member_reads_the_whole_story_of_his_own_part(house: House) -> None:
    """rules: COM-11, GEN-17, GEN-04, ROL-06"""
    trader, affiliate, signal = await a_won_trade(house)

    own = (await get(house, f"trading/signals/{signal}/receipts", trader)).json()
    detail = (await get(house, f"trading/signals/{signal}", trader)).json()

    (receipt,) = own["items"]
    assert (own["next_cursor"], detail["receipts"]) == (None, [receipt])
    assert (receipt["outcome"], receipt["waits_for"], receipt["reasons"]) == ("settled", None, [])
    assert steps(receipt)[:3] == ["received", "decided", "planned"]
    assert steps(receipt)[-2:] == ["closed", "settled"]
    closed, settled = facts(receipt, "closed"), facts(receipt, "settled")
    assert closed.keys() >= {"gross", "fees", "funding", "net"}
    assert settled["commission"]["currency"] == "BRL"
    assert (settled["rate"], settled["exchange_rate"], settled["reason"]) == ("0.1", "5.25", "charged")
    assert [source["account"] for source in settled["sources"]] == ["member_real"]
    assert settled["sources"][0]["amount"] == settled["commission"]
    assert settled["debt"] == {"amount": "0.00", "currency": "BRL"}
    assert (await get(house, f"financial/transactions/{settled['journal']}", trader)).status_code == 200
    assert settled.keys().isdisjoint({"affiliate", "company"})
    assert str(affiliate.member.id) not in str(own)


async def test_nobody_reads_the_part_of_another_member(house: House) -> None:
    """rules: ROL-03, ROL-06"""
    trader, affiliate, signal = await a_won_trade(house)

    theirs = (await get(house, f"trading/signals/{signal}/receipts", affiliate)).json()

    (receipt,) = theirs["items"]
    assert (receipt["member_id"], receipt["outcome"]) == (str(affiliate.member.id), "refused")
    assert receipt["reasons"] == facts(receipt, "refused")["reasons"] != []
    assert str(trader.member.id) not in str(theirs)
    for path in (f"admin/signals/{signal}/receipts", f"admin/signals/{signal}/receipts/{trader.member.id}"):
        problem(await get(house, path, affiliate), 403, "forbidden")


async def test_staff_reads_everybodys_part_a_page_at_a_time(house: House, admin: SignedIn) -> None:
    """rules: ROL-03, API-03"""
    trader, affiliate, signal = await a_won_trade(house)
    path = f"admin/signals/{signal}/receipts"

    whole = (await get(house, path, admin)).json()
    first = (await get(house, path, admin, limit="1")).json()
    second = (await get(house, path, admin, limit="1", cursor=first["next_cursor"])).json()

    counts = {(count["outcome"], count["members"]) for count in whole["counts"]}
    assert counts == {("settled", 1), ("refused", 1)}
    assert [one["member_id"] for one in whole["items"]] == [str(trader.member.id), str(affiliate.member.id)]
    assert [*first["items"], *second["items"]] == whole["items"]
    assert (first["counts"], second["next_cursor"]) == (whole["counts"], None)
    assert facts(whole["items"][0], "settled")["affiliate"]["currency"] == "BRL"
    one = (await get(house, f"{path}/{trader.member.id}", admin)).json()
    assert one["items"] == whole["items"][:1]
    own = (await get(house, f"trading/signals/{signal}/receipts", admin)).json()
    assert [(one["member_id"], one["reasons"]) for one in own["items"]] == [(str(admin.member.id), ["not_planned"])]


async def test_an_operator_sees_trades_and_no_money(house: House) -> None:
    """rules: ROL-03"""
    operator = await house.join(Role.OPERADOR)
    trader, _, signal = await a_won_trade(house)

    (receipt,) = (await get(house, f"admin/signals/{signal}/receipts/{trader.member.id}", operator)).json()["items"]

    assert facts(receipt, "closed")["reason"] == "TP"
    assert facts(receipt, "settled").keys() <= {"state", "reason", "plan"}


async def test_a_close_tells_each_position_that_it_reached(house: House) -> None:
    """rules: SIG-22, POS-04"""
    trader = await house.trader()
    await house.market()
    for symbol, price in (("BTCUSDT", "60000"), ("ETHUSDT", "100")):
        (await house.alert(house.body(ticker=symbol, close=price))).raise_for_status()
        await house.work()
    await house.price("60100.0")
    close = (await house.alert(house.body("FECHE TODAS AS POSICOES", scope="strategy"))).json()
    await house.work()
    idle = await house.join()

    mine = (await get(house, f"trading/signals/{close['signal_id']}/receipts", trader)).json()["items"]
    nothing = (await get(house, f"trading/signals/{close['signal_id']}/receipts", idle)).json()["items"]

    assert [one["outcome"] for one in mine] == ["settled", "settled"]
    assert {facts(one, "closed")["reason"] for one in mine} == {"SIGNAL"}
    assert {steps(one)[2] for one in mine} == {"close_asked"}
    assert [one["reasons"] for one in nothing] == [["nothing_to_close"]]


@pytest.mark.parametrize("signal", [UNKNOWN, "x", "%00"])
async def test_a_signal_that_is_not_there_has_no_receipts(house: House, admin: SignedIn, signal: str) -> None:
    """rules: ROL-06"""
    problem(await get(house, f"trading/signals/{signal}/receipts", admin), 404, "not_found")
    problem(await get(house, f"admin/signals/{signal}/receipts", admin), 404, "not_found")


async def test_a_member_that_is_not_there_has_none_either(house: House, admin: SignedIn) -> None:
    """rules: ROL-06, API-03"""
    _, _, signal = await a_won_trade(house)

    problem(await get(house, f"admin/signals/{signal}/receipts/{UNKNOWN}", admin), 404, "not_found")
    problem(await get(house, f"admin/signals/{signal}/receipts", admin, cursor="x"), 422, "validation_error")
    problem(await get(house, f"admin/signals/{signal}/receipts", admin, limit="201"), 422, "validation_error")
