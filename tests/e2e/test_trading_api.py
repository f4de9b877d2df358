"""Signals, orders, positions, market, performance and preview of the signed-in member (contract 2.2)."""

import asyncio
from datetime import timedelta
from typing import Final

import httpx
import pytest

from cbc_domain.identity.model import Role
from tests.e2e.house import House, Json, SignedIn
from tests.e2e.problems import fields, problem

INJECTED: Final = {"symbol": "BTCUSDT", "kind": "OPEN_LONG_STRONG", "price": "60000", "reason": "by hand, for a test"}


async def get(house: House, path: str, who: SignedIn, **query: str) -> httpx.Response:
    return await house.client.get(f"/api/trading/{path}", headers=who.headers, params=query)


async def post(house: House, path: str, who: SignedIn, body: Json | None = None, key: str | None = None) -> httpx.Response:
    headers = who.headers | ({"Idempotency-Key": key} if key is not None else {})
    return await house.client.post(f"/api/trading/{path}", json=body, headers=headers)


async def opened(house: House) -> SignedIn:
    """A trader with an open long of BTC."""
    trader = await house.trader()
    await house.market()
    (await house.alert(house.body())).raise_for_status()
    await house.work()
    return trader


async def test_a_signal_shows_the_market_and_my_own_decision(house: House) -> None:
    """rules: SIG-32, ROL-06, GEN-06"""
    other = await house.join()
    trader = await opened(house)

    mine = (await get(house, "signals", trader)).json()["items"][0]
    theirs = (await get(house, f"signals/{mine['id']}", other)).json()

    assert (mine["kind"], mine["symbol"], mine["price"], mine["status"]) == (
        "OPEN_LONG_STRONG",
        "BTCUSDT",
        "60000",
        "PROCESSED",
    )
    assert mine["market"]["fear_greed"] == 55
    assert mine["received_at"] == "2026-03-02T12:00:00.000000Z"
    assert (mine["decision"]["outcome"], mine["decision"]["reasons"]) == ("ordered", [])
    assert (theirs["decision"]["outcome"], theirs["decision"]["order_ids"]) == ("skipped", [])
    assert theirs["decision"]["reasons"]


async def test_orders_positions_and_history_are_ones_own(house: House) -> None:
    """rules: ROL-06, API-03"""
    other = await house.join()
    trader = await opened(house)

    (position,) = (await get(house, "positions", trader)).json()["items"]
    orders = (await get(house, "orders", trader)).json()["items"]

    assert {order["leg"] for order in orders} >= {"entry", "stop", "target"}
    assert {order["position_id"] for order in orders} == {position["id"]}
    assert (await get(house, "history", trader)).json() == {"items": [], "next_cursor": None}
    assert (await get(house, f"positions/{position['id']}", trader)).json() == position
    for path in ("positions", "orders", "history"):
        assert (await get(house, path, other)).json() == {"items": [], "next_cursor": None}
    problem(await get(house, f"positions/{position['id']}", other), 404, "not_found")
    problem(await post(house, f"positions/{position['id']}/close", other, key="k"), 404, "not_found")


@pytest.mark.parametrize("path", ["positions/x", "positions/%00", "signals/1", f"signals/{'0' * 400}", "positions/é"])
async def test_what_cannot_be_an_id_is_not_there(house: House, member: SignedIn, path: str) -> None:
    """rules: ROL-06"""
    problem(await get(house, path, member), 404, "not_found")


@pytest.mark.parametrize("path", ["signals", "orders", "positions", "history"])
@pytest.mark.parametrize(
    "query",
    [{"limit": "0"}, {"limit": "201"}, {"limit": "-1"}, {"limit": "x"}, {"cursor": "x"}, {"cursor": "é" * 300}],
)
async def test_a_list_has_bounds(house: House, member: SignedIn, path: str, query: dict[str, str]) -> None:
    """rules: API-03"""
    answer = await get(house, path, member, **query)

    problem(answer, 422, "validation_error")
    assert set(fields(answer)) <= query.keys()


async def test_a_list_is_walked_newest_first_to_its_end(house: House, member: SignedIn) -> None:
    """rules: API-03"""
    symbols = [f"C{number}USDT" for number in range(5)]
    for symbol in symbols:
        await house.alert(house.body("FECHE LONG", symbol))
    seen: list[str] = []
    cursor: str | None = None

    for _ in range(3):
        page = (await get(house, "signals", member, limit="2", **({"cursor": cursor} if cursor else {}))).json()
        seen += [signal["symbol"] for signal in page["items"]]
        cursor = page["next_cursor"]

    assert (seen, cursor) == (symbols[::-1], None)
    kinds = (await get(house, "signals", member, kind="OPEN_LONG_WEAK")).json()
    assert kinds == {"items": [], "next_cursor": None}
    assert len((await get(house, "signals", member, symbol="C3USDT")).json()["items"]) == 1
    problem(await get(house, "signals", member, kind="BUY"), 422, "validation_error")


@pytest.mark.parametrize("query", [{"symbol": "\x00"}, {"status": "\x00"}, {"symbol": "x" * 5_000}])
async def test_a_filter_that_matches_nothing_never_breaks(house: House, member: SignedIn, query: dict[str, str]) -> None:
    """rules: API-03, API-06"""
    assert (await get(house, "orders", member, **query)).status_code in (200, 422)


async def test_a_position_is_closed_once_however_often_it_is_asked(house: House) -> None:
    """rules: POS-05, GEN-10"""
    trader = await opened(house)
    (position,) = (await get(house, "positions", trader)).json()["items"]
    path = f"positions/{position['id']}/close"

    missing = await post(house, path, trader)
    first = await post(house, path, trader, key="one")
    again = await post(house, path, trader, key="one")
    await house.work()

    problem(missing, 400, "idempotency_key_required")
    assert (first.status_code, first.json()) == (202, {"position_id": position["id"], "status": "closing"})
    assert "idempotent-replay" not in first.headers
    assert (again.status_code, again.content, again.headers["idempotent-replay"]) == (202, first.content, "true")
    (closed,) = (await get(house, "history", trader)).json()["items"]
    assert (closed["close_reason"], closed["status"]) == ("MANUAL", "CLOSED")
    problem(await post(house, path, trader, key="two"), 409, "state_conflict")
    problem(await post(house, path, trader, key="two"), 409, "state_conflict")


async def test_of_sixteen_injections_with_one_key_one_is_done(house: House) -> None:
    """rules: GEN-10"""
    operator = await house.join(Role.OPERADOR)

    answers = await asyncio.gather(*(post(house, "signals", operator, INJECTED, "same") for _ in range(16)))

    assert {answer.status_code for answer in answers} <= {202, 409}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"request_in_progress"}
    assert len(await house.rows("SELECT 1 FROM signals")) == 1


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "x" * 256, "\x7f"])
async def test_a_key_is_visible_and_not_too_long(house: House, key: str) -> None:
    """rules: GEN-10"""
    operator = await house.join(Role.OPERADOR)
    headers = {name.encode(): value.encode() for name, value in {**operator.headers, "Idempotency-Key": key}.items()}

    answer = await house.client.post("/api/trading/signals", json=INJECTED, headers=headers)

    problem(answer, 400, "idempotency_key_required")


async def test_a_key_belongs_to_one_request_of_one_member(house: House) -> None:
    """rules: GEN-10"""
    operator, other = await house.join(Role.OPERADOR), await house.join(Role.ADMIN)
    await post(house, "signals", operator, INJECTED, "key")

    reused = await post(house, "signals", operator, INJECTED | {"symbol": "ETHUSDT"}, "key")
    theirs = await post(house, "signals", other, INJECTED | {"symbol": "ETHUSDT"}, "key")

    problem(reused, 409, "idempotency_key_reused")
    assert theirs.status_code == 202


async def test_a_refused_request_leaves_its_key_free(house: House) -> None:
    """rules: GEN-10"""
    operator = await house.join(Role.OPERADOR)

    problem(await post(house, "signals", operator, INJECTED | {"reason": "short"}, "key"), 422, "reason_required")

    assert (await post(house, "signals", operator, INJECTED, "key")).status_code == 202


@pytest.mark.parametrize(
    ("kind", "stored"),
    [
        ("OPEN_LONG_STRONG", ("OPEN_LONG_STRONG", "LONG", "symbol")),
        ("OPEN_SHORT_WEAK", ("OPEN_SHORT_WEAK", "SHORT", "symbol")),
        ("CLOSE_SHORT", ("CLOSE_SHORT", "SHORT", "symbol")),
        ("CLOSE_ALL", ("CLOSE_ALL", None, "strategy")),
        ("FECHE LONG AGORA", ("CLOSE_LONG", "LONG", "symbol")),
    ],
)
async def test_a_signal_by_hand_names_its_kind_or_a_text(house: House, kind: str, stored: tuple[object, ...]) -> None:
    """rules: SIG-01, SIG-10, DEC-07"""
    operator = await house.join(Role.OPERADOR)

    answer = await post(house, "signals", operator, INJECTED | {"kind": kind, "strategy": "house-strategy"}, "key")

    assert (answer.status_code, answer.json()["status"]) == (202, "accepted")
    assert await house.rows("SELECT kind, side, scope FROM signals") == [stored]


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"kind": "HOLD"}, 422, "signal_kind_unknown"),
        ({"kind": ""}, 422, "signal_kind_missing"),
        ({"symbol": "BTCEUR"}, 422, "symbol_invalid"),
        ({"symbol": ""}, 422, "symbol_missing"),
        ({"price": "0"}, 422, "signal_bad_price"),
        ({"price": "1e5"}, 422, "validation_error"),
        ({"price": "NaN"}, 422, "validation_error"),
        ({"price": 60000}, 422, "validation_error"),
        ({"price": "-1"}, 422, "validation_error"),
        ({"strategy": "nobodys"}, 404, "not_found"),
        ({"reason": "too short"}, 422, "reason_required"),
        ({"reason": "x" * 501}, 422, "validation_error"),
        ({"reason": "two\nlines of it"}, 422, "validation_error"),
        ({"quantity": "1"}, 422, "validation_error"),
    ],
)
async def test_a_bad_signal_by_hand_is_refused(house: House, changes: Json, status: int, code: str) -> None:
    """rules: SIG-10, SIG-12, SIG-13, ROL-07, GEN-04"""
    operator = await house.join(Role.OPERADOR)

    problem(await post(house, "signals", operator, INJECTED | changes, "key"), status, code)

    assert await house.rows("SELECT 1 FROM signals") == []


async def test_a_preview_is_what_a_trade_would_be(house: House) -> None:
    """rules: CFG-09, GEN-04"""
    trader = await house.trader()

    answer = await post(house, "preview", trader, {"symbol": "BTCUSDT", "side": "LONG", "price": "60000.0"})

    shown = answer.json()
    assert (answer.status_code, shown["refusals"], shown["environment"]) == (200, [], "live")
    assert (shown["margin"], shown["notional"], shown["quantity"], shown["leverage"]) == ("300", "1500", "0.025", 5)
    assert (shown["stop_loss"], shown["take_profit"]) == ("58800", "61800")
    assert (shown["loss_at_stop"], shown["gain_at_target"]) == ("30", "45")
    assert shown["fee_at_target"]["currency"] == "BRL"
    assert await house.rows("SELECT 1 FROM positions") == []


async def test_a_preview_says_why_not(house: House, member: SignedIn) -> None:
    """rules: CFG-09, ELG-04"""
    shown = (await post(house, "preview", member, {"symbol": "BTCUSDT", "side": "SHORT", "price": "60000"})).json()

    assert shown["refusals"]
    assert shown["margin"] is None


@pytest.mark.parametrize(
    "changes",
    [{"side": "UP"}, {"side": None}, {"price": 60000.5}, {"price": "NaN"}, {"price": "1e3"}, {"extra": 1}, {"symbol": 5}],
)
async def test_a_preview_takes_decimal_text_and_no_other_field(house: House, member: SignedIn, changes: Json) -> None:
    """rules: GEN-02, GEN-04, GEN-11"""
    answer = await post(house, "preview", member, {"symbol": "BTCUSDT", "side": "LONG", "price": "60000"} | changes)

    problem(answer, 422, "validation_error")


async def test_a_member_pauses_and_resumes_his_trading(house: House) -> None:
    """rules: RSK-20"""
    trader = await house.trader()

    paused = await post(house, "pause", trader, {"reason": "holidays"})
    preview = await post(house, "preview", trader, {"symbol": "BTCUSDT", "side": "LONG", "price": "60000"})
    resumed = await house.client.post("/api/trading/resume", headers=trader.headers)

    assert (paused.status_code, paused.json()) == (200, {"trading": "paused"})
    assert preview.json()["refusals"] == ["emergency_stop"]
    assert (resumed.status_code, resumed.json()) == (200, {"trading": "running"})


async def test_an_unknown_market_is_shown_as_unknown(house: House, member: SignedIn) -> None:
    """rules: GEN-12, MKT-10"""
    unknown = (await get(house, "market", member)).json()
    await house.market()
    known = (await get(house, "market", member)).json()

    assert (unknown["fear_greed"], unknown["code"], unknown["allowed_directions"]) == (None, "fg_unknown", "NENHUMA")
    assert (known["fear_greed"], known["pulse"]["pm_plus"], known["allowed_directions"]) == (55, "70", "SOMENTE_LONG")


async def test_performance_is_counted_from_recorded_trades_of_one_environment(house: House) -> None:
    """rules: API-10, GEN-12, GEN-13"""
    trader = await house.trader()
    empty = (await get(house, "performance", trader)).json()
    position = await house.won_trade(trader)

    live = (await get(house, "performance", trader)).json()
    paper = (await get(house, "performance", trader, environment="paper")).json()
    later = (await get(house, "performance", trader, **{"from": position["closed_at"]})).json()
    until = (await get(house, "performance", trader, to=position["closed_at"])).json()

    assert (empty["trades"], empty["win_rate"], empty["profit_factor"], empty["equity"]) == (0, None, None, [])
    assert (live["trades"], live["realised_pnl"], live["simulated"]) == (1, position["realised_pnl"], False)
    assert position["commission"] in live["commission"]
    assert (paper["trades"], paper["simulated"]) == (0, True)
    assert (later["trades"], until["trades"]) == (1, 0)
    problem(await get(house, "performance", trader, environment="moon"), 422, "validation_error")
    bad = await get(house, "performance", trader, **{"from": "yesterday"})
    problem(bad, 422, "validation_error")
    assert fields(bad) == {"from": "setting_invalid"}


async def test_an_alert_that_is_decided_too_late_opens_nothing(house: House) -> None:
    """rules: SIG-21"""
    trader = await house.trader()
    await house.market()
    await house.alert(house.body())
    house.clock.advance(by=timedelta(seconds=31))

    await house.work()

    assert (await get(house, "positions", trader)).json()["items"] == []
    assert await house.rows("SELECT status FROM signals") == [("EXPIRED",)]
