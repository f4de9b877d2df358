"""The stop that comes with an entry at Bitget: the venue makes a plan of it, under ids of its own, once the entry is done."""

from decimal import Decimal
from typing import Any, Final

import pytest

from cbc_adapters.exchange.simulated.venues.bitget import BitgetWire
from cbc_adapters.exchange.simulated.venues.house import House
from cbc_adapters.exchange.simulated.venues.wire import Json
from cbc_domain.kernel.venues import Side
from tests.strategies.exchange import BTC, FIRST, START
from tests.unit.exchange.bitget_venue import MIX, ORDER, STOP, call, code, house

PRESET: Final = {"presetStopLossPrice": "46000"}
PLANS: Final = "productType=USDT-FUTURES&planType=profit_loss&symbol=BTCUSDT"
LONG, SHORT = (Side.LONG, "46000"), (Side.SHORT, "48000")


@pytest.fixture(params=[False, True], ids=["one-way", "hedge"])
def venue(request: pytest.FixtureRequest) -> House:
    return house(hedge=request.param)


def hedged(venue: House) -> bool:
    return venue.account(FIRST).hedge


def opening(venue: House, side: Side = Side.LONG) -> Json:
    mode = {"tradeSide": "open"} if hedged(venue) else {"reduceOnly": "NO"}
    return {name: value for name, value in ORDER.items() if name != "reduceOnly"} | mode | _toward(side)


def closing(venue: House) -> Json:
    """In hedge mode a side is closed in its own direction."""
    mode = {"tradeSide": "close"} if hedged(venue) else {"reduceOnly": "YES", "side": "sell"}
    return {name: value for name, value in ORDER.items() if name != "reduceOnly"} | {"clientOid": "leave"} | mode


def _toward(side: Side) -> Json:
    return {"side": "buy" if side is Side.LONG else "sell"}


async def asked(venue: House, path: str, document: dict[str, Any] | None = None, query: str = "") -> Json:
    answer = await BitgetWire().answer(call(f"{MIX}/{path}", document, query), venue)
    venue.tell()
    return answer.body["data"]


async def enter(venue: House, order: Json | None = None) -> str:
    """The code of the answer to an entry that carries a stop."""
    answered = await code(call(f"{MIX}/order/place-order", (order or opening(venue)) | PRESET), venue)
    venue.tell()
    return answered


async def plans(venue: House, which: str = "pending", query: str = "") -> list[Json]:
    return list((await asked(venue, f"order/orders-plan-{which}", query=PLANS + query))["entrustedList"] or ())


async def preset(venue: House) -> str:
    told = await asked(venue, "order/detail", query="productType=USDT-FUTURES&symbol=BTCUSDT&clientOid=ours")
    return str(told["presetStopLossPrice"])


async def cancelled(venue: House, one: Json, kind: str = "loss_plan") -> Json:
    given = {"symbol": "BTCUSDT", "productType": "USDT-FUTURES", "planType": kind, "orderIdList": [one]}
    return await asked(venue, "order/cancel-plan-order", given)


def set_price(venue: House, price: int) -> None:
    venue.engine.set_price(BTC, Decimal(price), START)


@pytest.mark.parametrize(("side", "trigger"), [LONG, SHORT], ids=["long", "short"])
async def test_a_stop_that_came_with_an_entry_is_a_plan_under_the_venues_own_ids(
    venue: House, side: Side, trigger: str
) -> None:
    """rules: ORD-09, EXC-06"""
    await asked(venue, "order/place-order", opening(venue, side) | {"presetStopLossPrice": trigger})

    (plan,) = await plans(venue)

    waits = {"planType": "loss_plan", "triggerPrice": trigger, "triggerType": "mark_price", "size": "0.1", "planStatus": "live"}
    assert plan | waits == plan
    assert plan["clientOid"].isdigit()
    assert plan["clientOid"] != plan["orderId"]
    assert await preset(venue) == trigger


@pytest.mark.parametrize("name", ["orderId", "clientOid"])
async def test_it_is_found_by_either_of_them_and_keeps_them(venue: House, name: str) -> None:
    """rules: ORD-04, ORD-09"""
    await enter(venue)
    (plan,) = await plans(venue)
    await asked(venue, "order/place-tpsl-order", STOP | {"holdSide": "long" if hedged(venue) else "buy"})

    found = await plans(venue, query=f"&{name}={plan[name]}")
    set_price(venue, 45_900)
    later = await plans(venue, "history", query=f"&{name}={plan[name]}")

    assert found == [plan]
    assert [(each["orderId"], each["clientOid"]) for each in later] == [(plan["orderId"], plan["clientOid"])]


@pytest.mark.parametrize("ours", ["attached-ours", "ours", "1000000000000000009"])
async def test_nobody_finds_it_by_an_id_that_is_not_its_own(venue: House, ours: str) -> None:
    """rules: ORD-04"""
    await enter(venue)

    assert await plans(venue, query=f"&clientOid={ours}") == []
    assert [each["clientOid"] for each in (await cancelled(venue, {"clientOid": ours}))["failureList"]] == [ours]


async def test_it_waits_until_all_of_the_entry_has_filled(venue: House) -> None:
    """rules: ORD-08, ORD-09"""
    venue.fraction_of_next = Decimal("0.4")
    await enter(venue)
    before, told = await plans(venue), await preset(venue)

    venue.fill_rest(FIRST, "ours")

    assert (before, told) == ([], "46000")
    assert [Decimal(plan["size"]) for plan in await plans(venue)] == [Decimal("0.1")]


async def test_it_covers_what_was_filled_when_the_rest_of_the_entry_is_cancelled(venue: House) -> None:
    """rules: ORD-08, ORD-09"""
    venue.fraction_of_next = Decimal("0.4")
    await enter(venue)

    await asked(venue, "order/cancel-order", {"symbol": "BTCUSDT", "productType": "USDT-FUTURES", "clientOid": "ours"})

    assert [plan["size"] for plan in await plans(venue)] == ["0.04"]


async def test_it_becomes_a_plain_order_that_its_plan_names(venue: House) -> None:
    """rules: ORD-09, POS-10"""
    await enter(venue)
    (waiting,) = await plans(venue)
    set_price(venue, 45_900)

    (plan,) = await plans(venue, "history")
    query = f"productType=USDT-FUTURES&symbol=BTCUSDT&orderId={plan['executeOrderId']}"
    became, fills = await asked(venue, "order/detail", query=query), await asked(venue, "order/fills", query=query)

    (fill,) = fills["fillList"]
    assert not venue.account(FIRST).positions
    assert (plan["orderId"], plan["planStatus"], plan["baseVolume"]) == (waiting["orderId"], "executed", "0.1")
    assert (became["state"], became["baseVolume"], became["clientOid"]) == ("filled", "0.1", plan["orderId"])
    assert (fill["orderId"], fill["baseVolume"]) == (plan["executeOrderId"], "0.1")


async def test_the_stream_tells_of_it_when_it_stands_and_when_it_is_struck(venue: House) -> None:
    """rules: POS-10, ORD-09"""
    with venue.listening(FIRST) as reports:
        await enter(venue)
        (plan,) = await plans(venue)
        set_price(venue, 45_900)
        venue.tell()

        heard = [BitgetWire().told(reports.get_nowait(), venue) for _ in range(reports.qsize())]

    told = [(each["arg"]["channel"], each["data"][0]["orderId"]) for messages in heard[1:] for each in messages]
    struck = heard[-1][0]["data"][0]
    (fired,) = await plans(venue, "history")
    assert told[0] == ("orders-algo", plan["orderId"])
    assert told[-2:] == [("orders-algo", plan["orderId"]), ("orders", fired["executeOrderId"])]
    assert (struck["clientOid"], struck["planType"], struck["status"]) == (plan["clientOid"], "sl", "executed")


@pytest.mark.parametrize("name", ["orderId", "clientOid"])
async def test_it_is_cancelled_by_either_of_its_ids(venue: House, name: str) -> None:
    """rules: ORD-09, POS-11"""
    await enter(venue)
    (plan,) = await plans(venue)

    done = await cancelled(venue, {name: plan[name]})

    ids = {"orderId": plan["orderId"], "clientOid": plan["clientOid"]}
    assert done == {"successList": [ids], "failureList": []}
    assert await plans(venue) == []
    assert [each["planStatus"] for each in await plans(venue, "history")] == ["cancelled"]
    assert await preset(venue) == "46000"


async def test_it_is_no_plan_of_another_kind_and_cancelled_once(venue: House) -> None:
    """rules: EXC-05"""
    await enter(venue)
    one = {"orderId": (await plans(venue))[0]["orderId"]}

    as_target = await cancelled(venue, one, "profit_plan")
    await cancelled(venue, one)
    again = await cancelled(venue, one)

    failed = [each["errorMsg"] for told in (as_target, again) for each in told["failureList"]]
    assert failed == ["notExistend", "notExistend"]


async def test_it_is_cleared_when_the_position_ends_otherwise(venue: House) -> None:
    """rules: ORD-09, POS-11"""
    await enter(venue)

    await asked(venue, "order/place-order", closing(venue))

    assert not venue.account(FIRST).positions
    assert [plan["planStatus"] for plan in await plans(venue, "history")] == ["cancelled"]


@pytest.mark.parametrize("fraction", [None, Decimal("0.4")], ids=["whole", "part"])
@pytest.mark.parametrize(("side", "trigger"), [(Side.LONG, "47000"), (Side.SHORT, "46000")], ids=["long", "short"])
async def test_a_stop_that_the_price_has_passed_refuses_the_entry_with_it(
    venue: House, side: Side, trigger: str, fraction: Decimal | None
) -> None:
    """rules: ORD-09, EXC-04"""
    venue.fraction_of_next = fraction

    passed = call(f"{MIX}/order/place-order", opening(venue, side) | {"presetStopLossPrice": trigger})

    assert await code(passed, venue) == "40917"
    assert not venue.account(FIRST).orders


@pytest.mark.parametrize(
    "changed",
    [
        {"presetStopLossPrice": "soon"},
        {"presetStopLossPrice": "-1"},
        {"presetStopSurplusPrice": "48000"},
        {"presetStopLossExecutePrice": "45900"},
    ],
)
async def test_what_is_not_simulated_of_it_is_refused(venue: House, changed: dict[str, str]) -> None:
    """rules: EXC-04"""
    assert await code(call(f"{MIX}/order/place-order", opening(venue) | PRESET | changed), venue) == "40017"
    assert not venue.account(FIRST).orders


async def test_an_order_that_closes_carries_no_stop(venue: House) -> None:
    """rules: EXC-04"""
    await enter(venue)

    assert await enter(venue, closing(venue)) == "40017"
    assert venue.account(FIRST).positions


async def test_an_entry_without_one_tells_of_none(venue: House) -> None:
    """rules: ORD-09"""
    await asked(venue, "order/place-order", opening(venue))

    assert (await preset(venue), await plans(venue)) == ("", [])


async def test_each_side_has_its_own_in_hedge_mode() -> None:
    """rules: EXC-06"""
    venue = house(hedge=True)
    await enter(venue)
    await asked(venue, "order/place-order", opening(venue, Side.SHORT) | {"clientOid": "e2", "presetStopLossPrice": "48000"})

    set_price(venue, 48_100)

    assert [(plan["posSide"], plan["triggerPrice"]) for plan in await plans(venue)] == [("long", "46000")]
    assert [(plan["posSide"], plan["triggerPrice"]) for plan in await plans(venue, "history")] == [("short", "48000")]
