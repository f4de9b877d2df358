"""The stop that comes with an entry at Bybit, named by the venue: it stands from the first fill, for the whole position."""

from decimal import Decimal
from typing import Final

import ccxt as vendor
import pytest

from cbc_adapters.exchange.ccxt.dialects.bybit.translate import order_of
from cbc_adapters.exchange.ccxt.errors import code_of
from cbc_adapters.exchange.simulated.faults import Call
from cbc_adapters.exchange.simulated.venues.wire import Json, Purpose
from cbc_domain.kernel.venues import Side
from cbc_domain.ports.exchange import Ticket
from cbc_domain.trading.model import Leg
from tests.strategies.exchange import BTC, FIRST, START, entry, leave, stop
from tests.unit.exchange.bybit_venue import Bench, bybit_bench

CARRIED: Final = {"stopLoss": "46000", "slTriggerBy": "MarkPrice", "tpslMode": "Full"}
ASKED: Final = {"category": "linear", "symbol": BTC}
BELOW, ABOVE = "46000", "48000"
SIDES: Final = [(Side.LONG, BELOW, "Sell", 2), (Side.SHORT, ABOVE, "Buy", 1)]
"""A side, where its stop waits, what that does when it is struck, and whether the price rises or falls to it."""


@pytest.fixture(params=[False, True], ids=["one-way", "hedge"])
def bench(request: pytest.FixtureRequest) -> Bench:
    return bybit_bench(hedge=request.param)


def hedged(bench: Bench) -> bool:
    return bench.house.account(FIRST).hedge


async def enter(bench: Bench, ticket: Ticket | None = None, trigger: str = BELOW) -> None:
    order = order_of(ticket or entry(), hedge=hedged(bench))
    await bench.client.privatePostV5OrderCreate(order | CARRIED | {"stopLoss": trigger})


async def standing(bench: Bench) -> list[Json]:
    told = await bench.client.privateGetV5OrderRealtime(ASKED)
    return [order for order in told["result"]["list"] if order["stopOrderType"] == "StopLoss"]


async def ended(bench: Bench) -> Json:
    told = await bench.client.privateGetV5OrderHistory(ASKED)
    (order,) = [order for order in told["result"]["list"] if order["stopOrderType"] == "StopLoss"]
    return order


async def stop_of_position(bench: Bench, side: Side = Side.LONG) -> str:
    told = await bench.client.privateGetV5PositionList(ASKED)
    index = (1 if side is Side.LONG else 2) if hedged(bench) else 0
    (position,) = [each for each in told["result"]["list"] if each["positionIdx"] == index]
    return str(position["stopLoss"])


def removal(bench: Bench, side: Side = Side.LONG) -> Json:
    index = (1 if side is Side.LONG else 2) if hedged(bench) else 0
    return {**ASKED, "tpslMode": "Full", "positionIdx": index, "stopLoss": "0"}


async def take_away(bench: Bench, changed: Json | None = None) -> str | None:
    """Take the stop of the position away; the code of the refusal, None when it was done."""
    try:
        await bench.client.privatePostV5PositionTradingStop(removal(bench) | (changed or {}))
    except vendor.BaseError as refused:
        return code_of(refused)
    return None


def told_of_stop(bench: Bench) -> list[Json]:
    messages = [each for report in bench.house.engine.unread for each in bench.client.wire.told(report, bench.house)]
    orders = [order for message in messages for order in message["data"]]
    return [order for order in orders if order["stopOrderType"] == "StopLoss"]


def set_price(bench: Bench, price: int) -> None:
    bench.house.engine.set_price(BTC, Decimal(price), START)


@pytest.mark.parametrize(("side", "trigger", "does", "direction"), SIDES)
async def test_a_stop_that_came_with_an_entry_is_the_venues_own(
    bench: Bench, side: Side, trigger: str, does: str, direction: int
) -> None:
    """rules: ORD-09, EXC-06"""
    await enter(bench, entry(side=side), trigger)

    (order,) = await standing(bench)

    named = {"orderLinkId": "", "stopOrderType": "StopLoss", "createType": "CreateByStopLoss", "tpslMode": "Full"}
    waits = {"orderStatus": "Untriggered", "triggerPrice": trigger, "triggerBy": "MarkPrice", "triggerDirection": direction}
    closes = {"side": does, "qty": "0.1", "reduceOnly": True, "closeOnTrigger": True, "cancelType": "UNKNOWN"}
    assert order | named | waits | closes == order
    assert await stop_of_position(bench, side) == trigger


async def test_the_entry_tells_of_the_stop_that_came_with_it(bench: Bench) -> None:
    """rules: ORD-09"""
    await enter(bench)
    await bench.place(entry("e2"))

    found = [await bench.client.privateGetV5OrderRealtime({**ASKED, "orderLinkId": each}) for each in ("e1", "e2")]

    carrying, bare = (one["result"]["list"][0] for one in found)
    assert carrying | CARRIED == carrying
    assert [bare[name] for name in CARRIED] == ["", "", ""]


async def test_it_stands_from_the_first_fill_for_what_is_held(bench: Bench) -> None:
    """rules: ORD-08, ORD-09"""
    bench.house.fraction_of_next = Decimal("0.4")
    await enter(bench)
    (first,) = await standing(bench)

    bench.house.fill_rest(FIRST, "e1")

    (rest,) = await standing(bench)
    assert (Decimal(first["qty"]), Decimal(rest["qty"])) == (Decimal("0.04"), Decimal("0.1"))
    assert first["orderId"] == rest["orderId"]


async def test_it_covers_what_was_filled_when_the_rest_of_the_entry_is_cancelled(bench: Bench) -> None:
    """rules: ORD-08, ORD-09"""
    bench.house.fraction_of_next = Decimal("0.4")
    await enter(bench)

    await bench.client.privatePostV5OrderCancel({**ASKED, "orderLinkId": "e1"})

    assert [order["qty"] for order in await standing(bench)] == ["0.04"]


async def test_nobody_finds_it_by_an_id_of_ours(bench: Bench) -> None:
    """rules: ORD-04"""
    await enter(bench)

    found = await bench.client.privateGetV5OrderRealtime({**ASKED, "orderLinkId": "attached-e1"})

    assert found["result"]["list"] == []


async def test_it_sells_the_whole_position_and_is_in_the_history_and_the_executions(bench: Bench) -> None:
    """rules: ORD-09, POS-10"""
    await enter(bench)
    await bench.place(entry("e2"))
    (waiting,) = await standing(bench)
    set_price(bench, 45_900)

    fired = await ended(bench)
    found = await bench.client.privateGetV5ExecutionList({**ASKED, "orderId": waiting["orderId"]})

    (execution,) = found["result"]["list"]
    assert not bench.house.account(FIRST).positions
    assert (waiting["qty"], fired["qty"], fired["cumExecQty"]) == ("0.2", "0.2", "0.2")
    assert (fired["orderId"], fired["orderStatus"], fired["orderLinkId"]) == (waiting["orderId"], "Filled", "")
    assert (execution["orderLinkId"], execution["execQty"], execution["closedSize"]) == ("", "0.2", "0.2")
    assert (execution["stopOrderType"], execution["createType"]) == ("StopLoss", "CreateByStopLoss")


async def test_the_stream_tells_of_it_when_it_stands_and_when_it_is_struck(bench: Bench) -> None:
    """rules: POS-10, ORD-09"""
    await enter(bench)
    waiting = told_of_stop(bench)
    bench.house.engine.unread.clear()
    set_price(bench, 45_900)

    struck = told_of_stop(bench)

    assert [(order["orderStatus"], order["orderLinkId"]) for order in waiting] == [("Untriggered", "")]
    assert [(order["orderStatus"], order["createType"]) for order in struck] == [
        ("Triggered", "CreateByStopLoss"),
        ("Filled", "CreateByStopLoss"),
    ]


async def test_it_is_cleared_when_the_position_ends_otherwise(bench: Bench) -> None:
    """rules: ORD-09, POS-11"""
    await enter(bench)

    await bench.place(leave())

    cleared = await ended(bench)
    assert (cleared["orderStatus"], cleared["cancelType"]) == ("Deactivated", "CancelByTpSlTsClear")
    assert await stop_of_position(bench) == ""


async def test_it_can_be_taken_away_once(bench: Bench) -> None:
    """rules: ORD-09, POS-11"""
    await enter(bench)

    first, again = await take_away(bench), await take_away(bench)

    cleared = await ended(bench)
    assert (first, again) == (None, "34040")
    assert (cleared["orderStatus"], cleared["cancelType"]) == ("Deactivated", "CancelByTpSlTsClear")
    assert await stop_of_position(bench) == ""
    assert bench.house.account(FIRST).positions


async def test_without_a_position_there_is_no_stop_to_take_away(bench: Bench) -> None:
    """rules: EXC-04"""
    with pytest.raises(vendor.BaseError, match="can not set tp/sl/ts for zero position") as refused:
        await bench.client.privatePostV5PositionTradingStop(removal(bench))

    assert code_of(refused.value) == "10001"


@pytest.mark.parametrize("changed", [{"stopLoss": "45000"}, {"tpslMode": "Partial"}, {"takeProfit": "0"}, {"positionIdx": 3}])
async def test_nothing_else_is_done_to_the_stop_of_a_position(bench: Bench, changed: Json) -> None:
    """rules: EXC-04, EXC-06"""
    await enter(bench)

    assert await take_away(bench, changed) == "10001"
    assert [order["triggerPrice"] for order in await standing(bench)] == [BELOW]


async def test_taking_it_away_leaves_a_stop_under_our_own_id(bench: Bench) -> None:
    """rules: ORD-09, POS-11"""
    await enter(bench)
    await bench.place(stop("45500", "s1"))

    await take_away(bench)

    assert bench.house.account(FIRST).orders["s1"].open


async def test_a_position_has_one_stop_for_all_of_it_and_the_last_one_counts(bench: Bench) -> None:
    """rules: ORD-09"""
    await enter(bench)

    await enter(bench, entry("e2"), "45000")

    assert [(order["triggerPrice"], order["qty"]) for order in await standing(bench)] == [("45000", "0.2")]
    assert await stop_of_position(bench) == "45000"


async def test_each_side_has_its_own_in_hedge_mode() -> None:
    """rules: EXC-06"""
    bench = bybit_bench(hedge=True)
    await enter(bench)
    await enter(bench, entry("e2", side=Side.SHORT), ABOVE)

    await take_away(bench, removal(bench, Side.SHORT))

    assert [(order["positionIdx"], order["triggerPrice"]) for order in await standing(bench)] == [(1, BELOW)]


@pytest.mark.parametrize(
    ("side", "trigger", "words"),
    [
        (Side.LONG, "47000", "StopLoss:47000 set for Buy position should lower than base_price:47000"),
        (Side.SHORT, "46500", "StopLoss:46500 set for Sell position should greater base_price:47000"),
    ],
)
async def test_a_stop_that_the_price_has_passed_refuses_the_entry_with_it(
    bench: Bench, side: Side, trigger: str, words: str
) -> None:
    """rules: ORD-09, EXC-04"""
    with pytest.raises(vendor.BaseError, match=words) as refused:
        await enter(bench, entry(side=side), trigger)

    assert code_of(refused.value) == "10001"
    assert not bench.house.account(FIRST).orders


@pytest.mark.parametrize(
    "changed",
    [
        {"slTriggerBy": "LastPrice"},
        {"slTriggerBy": ""},
        {"tpslMode": "Partial"},
        {"slOrderType": "Limit"},
        {"takeProfit": "48000"},
    ],
)
async def test_what_is_not_simulated_of_it_is_refused(bench: Bench, changed: Json) -> None:
    """rules: EXC-04"""
    with pytest.raises(vendor.BaseError) as refused:
        await bench.client.privatePostV5OrderCreate(order_of(entry(), hedge=hedged(bench)) | CARRIED | changed)

    assert code_of(refused.value) == "10001"
    assert not bench.house.account(FIRST).orders


@pytest.mark.parametrize("ticket", [leave(), stop("45000")], ids=["exit", "stop"])
async def test_an_order_that_closes_carries_no_stop(bench: Bench, ticket: Ticket) -> None:
    """rules: EXC-04"""
    await enter(bench)

    with pytest.raises(vendor.BaseError, match="an order that only closes") as refused:
        await enter(bench, ticket)

    assert code_of(refused.value) == "10001"
    assert [order["triggerPrice"] for order in await standing(bench)] == [BELOW]


async def test_a_fault_plan_can_tell_what_its_calls_are_about(bench: Bench) -> None:
    """rules: EXC-01"""
    await enter(bench)
    await take_away(bench)

    purposes = [bench.client.wire.purpose(call) for call in bench.client.sent]
    assert purposes == [Purpose(Call.PLACE, Leg.ENTRY), Purpose(Call.CANCEL)]
