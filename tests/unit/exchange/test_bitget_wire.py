"""Whom the simulated Bitget lets in, what it is asked, and how it says no."""

import json
from datetime import timedelta

import attrs
import pytest

from cbc_adapters.exchange.simulated.faults import Call
from cbc_adapters.exchange.simulated.venues.bitget import BitgetWire
from cbc_adapters.exchange.simulated.venues.house import IssuedKey
from cbc_adapters.exchange.simulated.venues.wire import Purpose, WireCall, milliseconds
from cbc_domain.kernel.venues import Environment
from cbc_domain.trading.model import Leg
from tests.strategies.exchange import START
from tests.unit.exchange.bitget_venue import KEY, MIX, ORDER, STOP, call, code, house


@pytest.mark.parametrize(
    ("headers", "refusal"),
    [
        ({}, "00000"),
        ({"key": ""}, "40006"),
        ({"key": "another"}, "40037"),
        ({"passphrase": "another"}, "40012"),
        ({"sign": "bm90IG91cnM="}, "40009"),
        ({"timestamp": "soon"}, "40005"),
        ({"timestamp": str(milliseconds(START - timedelta(seconds=31)))}, "40008"),
        ({"timestamp": str(milliseconds(START + timedelta(seconds=31)))}, "40008"),
        ({"timestamp": str(milliseconds(START - timedelta(seconds=29)))}, "00000"),
    ],
)
async def test_only_a_signed_call_in_time_is_answered(headers: dict[str, str], refusal: str) -> None:
    """rules: EXC-03, EXC-04"""
    assert await code(call(f"{MIX}/account/accounts", query="productType=USDT-FUTURES", headers=headers), house()) == refusal


@pytest.mark.parametrize(
    ("key", "refusal"),
    [
        (attrs.evolve(KEY, expires_at=START), "40037"),
        (attrs.evolve(KEY, addresses=frozenset({"10.0.0.1"})), "40018"),
        (attrs.evolve(KEY, addresses=frozenset({"127.0.0.1"})), "00000"),
        (attrs.evolve(KEY, trades=False), "40014"),
    ],
)
async def test_a_key_does_what_it_was_given_out_for(key: IssuedKey, refusal: str) -> None:
    """rules: EXC-04, KEY-03"""
    assert await code(call(f"{MIX}/order/place-order", ORDER), house(key)) == refusal


async def test_a_changed_body_is_not_what_was_signed() -> None:
    """rules: EXC-03"""
    changed = attrs.evolve(call(f"{MIX}/order/place-order", ORDER), body=json.dumps(ORDER | {"size": "9"}).encode())

    assert await code(changed, house()) == "40009"


async def test_a_client_id_is_used_once_even_when_its_order_is_over() -> None:
    """rules: ORD-04"""
    venue = house()
    await code(call(f"{MIX}/order/place-order", ORDER), venue)

    assert await code(call(f"{MIX}/order/place-order", ORDER), venue) == "40786"


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"size": "0.0001"}, "40808"),
        ({"size": "0.001"}, "45110"),
        ({"size": "nothing"}, "40017"),
        ({"size": "-1"}, "40108"),
        ({"size": "10"}, "40762"),
        ({"symbol": "NOSUCHUSDT"}, "40034"),
        ({"productType": "SHARES"}, "40017"),
        ({"reduceOnly": "YES"}, "22002"),
        ({"tradeSide": "open"}, "40774"),
        ({"marginMode": "crossed"}, "40017"),
    ],
)
async def test_an_order_has_to_keep_the_venues_rules(changed: dict[str, str], refusal: str) -> None:
    """rules: EXC-04, SIZ-06"""
    assert await code(call(f"{MIX}/order/place-order", ORDER | changed), house()) == refusal


async def test_hedge_mode_wants_to_know_whether_a_side_is_opened_or_closed() -> None:
    """rules: EXC-06"""
    venue = house(hedge=True)

    assert await code(call(f"{MIX}/order/place-order", ORDER), venue) == "40774"
    assert await code(call(f"{MIX}/order/place-order", ORDER | {"tradeSide": "open"}), venue) == "00000"
    assert await code(call(f"{MIX}/order/place-tpsl-order", STOP), venue) == "40774"
    assert await code(call(f"{MIX}/order/place-tpsl-order", STOP | {"holdSide": "long"}), venue) == "00000"


@pytest.mark.parametrize("path", ["/api/v2/mix/order/place", "/api/mix/v1/order/placeOrder", "/"])
async def test_a_path_that_the_venue_does_not_have_is_not_found(path: str) -> None:
    """rules: EXC-03"""
    answer = await BitgetWire().answer(call(path), house())

    assert (answer.status, answer.body["code"]) == (404, "40404")


async def test_a_plan_order_that_cannot_be_cancelled_is_told_inside_a_success() -> None:
    """rules: EXC-05"""
    asked = {"symbol": "BTCUSDT", "productType": "USDT-FUTURES", "planType": "loss_plan", "orderIdList": [{"clientOid": "no"}]}

    answer = await BitgetWire().answer(call(f"{MIX}/order/cancel-plan-order", asked), house())

    assert answer.body["code"] == "00000"
    assert [failure["clientOid"] for failure in answer.body["data"]["failureList"]] == ["no"]


async def test_margin_mode_stays_while_a_position_is_open() -> None:
    """rules: SIZ-04"""
    venue = house()
    asked = {"symbol": "BTCUSDT", "productType": "USDT-FUTURES", "marginCoin": "USDT", "marginMode": "isolated"}
    before = await code(call(f"{MIX}/account/set-margin-mode", asked), venue)
    await code(call(f"{MIX}/order/place-order", ORDER), venue)

    assert before == "00000"
    assert await code(call(f"{MIX}/account/set-margin-mode", asked), venue) == "45117"


def test_demo_trading_is_told_by_a_header_and_by_the_streams_host() -> None:
    """rules: EXC-10"""
    live = call(f"{MIX}/account/accounts")
    demo = attrs.evolve(live, headers={**live.headers, "paptrading": "1"})

    assert BitgetWire().environment(live) is Environment.LIVE
    assert BitgetWire().environment(demo) is Environment.TESTNET
    assert BitgetWire().environment(attrs.evolve(live, host="wspap.bitget.com")) is Environment.TESTNET


@pytest.mark.parametrize(
    ("asked", "purpose"),
    [
        (call(f"{MIX}/order/place-order", ORDER), Purpose(Call.PLACE, Leg.ENTRY)),
        (call(f"{MIX}/order/place-order", ORDER | {"reduceOnly": "YES"}), Purpose(Call.PLACE, Leg.EXIT)),
        (call(f"{MIX}/order/place-order", ORDER | {"tradeSide": "close"}), Purpose(Call.PLACE, Leg.EXIT)),
        (call(f"{MIX}/order/place-tpsl-order", STOP), Purpose(Call.PLACE, Leg.STOP)),
        (call(f"{MIX}/order/place-tpsl-order", STOP | {"planType": "profit_plan"}), Purpose(Call.PLACE, Leg.TARGET)),
        (call(f"{MIX}/order/detail"), Purpose(Call.FIND)),
        (call(f"{MIX}/order/orders-plan-pending"), Purpose(Call.FIND)),
        (call(f"{MIX}/order/fills", query="orderId=1"), Purpose(Call.FIND)),
        (call(f"{MIX}/order/fills", query="startTime=1"), Purpose(Call.ENDING)),
        (call(f"{MIX}/order/cancel-plan-order", {}), Purpose(Call.CANCEL)),
        (call(f"{MIX}/position/single-position"), Purpose(Call.HOLDING)),
        (call(f"{MIX}/account/accounts"), Purpose(Call.READ)),
        (call(f"{MIX}/market/ticker"), None),
    ],
)
def test_a_fault_plan_can_tell_what_a_call_is_about(asked: WireCall, purpose: Purpose | None) -> None:
    """rules: EXC-01"""
    assert BitgetWire().purpose(asked) == purpose
