"""OKX's wire by itself: who is meant, what a call is about, and how it says no."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import attrs
import ccxt as vendor
import pytest

from cbc_adapters.exchange.ccxt.dialects.okx.faults import DOUBTFUL, FAULTS
from cbc_adapters.exchange.ccxt.dialects.okx.translate import algo_order, plain_order
from cbc_adapters.exchange.ccxt.errors import translated
from cbc_adapters.exchange.simulated.engine import SimulatedVenue
from cbc_adapters.exchange.simulated.faults import Call
from cbc_adapters.exchange.simulated.venues.house import House, IssuedKey
from cbc_adapters.exchange.simulated.venues.okx import OkxWire, orders
from cbc_adapters.exchange.simulated.venues.okx.refusals import Wrong
from cbc_adapters.exchange.simulated.venues.wire import Purpose, WireCall
from cbc_adapters.system.stepped.clock import SteppedClock
from cbc_domain.kernel.venues import Environment, Side, Venue
from cbc_domain.ports.exchange import Ticket
from cbc_domain.ports.venue_faults import Fault
from cbc_domain.trading.model import Leg
from tests.strategies.exchange import BTC, FIRST, PRICE, START, entry, instrument, leave, stop, target

KEY = IssuedKey("key", "secret", "passphrase", FIRST)
ORDER, ALGO = "/api/v5/trade/order", "/api/v5/trade/order-algo"
MODE = [False, True]


def call(method: str, path: str, query: str = "", body: object = None, **headers: str) -> WireCall:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    written = json.dumps(body).encode() if body is not None else b""
    return WireCall(
        method, "www.okx.com", path, query, written, {"content-type": "application/json", **named}, "127.0.0.1", START
    )


def house(*, hedge: bool) -> House:
    engine = SimulatedVenue([instrument()])
    engine.open_account(FIRST, Decimal(10_000), START, hedge=hedge)
    engine.set_price(BTC, PRICE, START)
    venue = House(Venue.OKX, Environment.LIVE, engine, SteppedClock(START + timedelta(seconds=1)))
    venue.issue(KEY)
    return venue


def code_of(wrong: Wrong) -> str:
    body = wrong.answer.body
    return str(body["data"][0]["sCode"] if body["data"] else body["code"])


@pytest.mark.parametrize("hedge", MODE)
@pytest.mark.parametrize("side", list(Side))
def test_what_we_send_is_known_for_its_leg(hedge: bool, side: Side) -> None:
    """rules: EXC-06"""
    wire = OkxWire()
    plain = [plain_order(ticket, hedge) for ticket in (entry(side=side), leave(side=side))]
    algos = [algo_order(ticket, hedge) for ticket in (stop("1", side=side), target("1", side=side))]

    purposes = [wire.purpose(call("POST", ORDER, body=each)) for each in plain]
    purposes += [wire.purpose(call("POST", ALGO, body=each)) for each in algos]

    assert purposes == [Purpose(Call.PLACE, leg) for leg in (Leg.ENTRY, Leg.EXIT, Leg.STOP, Leg.TARGET)]


@pytest.mark.parametrize(
    ("asked", "purpose"),
    [
        (call("GET", ORDER, "instId=BTC-USDT-SWAP&clOrdId=e1"), Call.FIND),
        (call("GET", ALGO, "algoClOrdId=s1"), Call.FIND),
        (call("POST", "/api/v5/trade/cancel-order", body={}), Call.CANCEL),
        (call("POST", "/api/v5/trade/cancel-algos", body=[]), Call.CANCEL),
        (call("GET", "/api/v5/account/positions", "instType=SWAP&instId=BTC-USDT-SWAP"), Call.HOLDING),
        (call("GET", "/api/v5/account/positions-history"), Call.ENDING),
        (call("GET", "/api/v5/account/balance"), Call.READ),
    ],
)
def test_each_question_has_one_purpose(asked: WireCall, purpose: Call) -> None:
    """rules: EXC-02"""
    assert OkxWire().purpose(asked) == Purpose(purpose)


@pytest.mark.parametrize(
    "asked",
    [
        call("GET", ORDER, "instId=BTC-USDT-SWAP&ordId=1"),
        call("GET", "/api/v5/trade/fills"),
        call("GET", "/api/v5/account/positions", "instType=SWAP"),
        call("GET", "/api/v5/public/time"),
    ],
)
def test_what_follows_from_a_question_is_no_purpose(asked: WireCall) -> None:
    """rules: EXC-02"""
    assert OkxWire().purpose(asked) is None


def test_a_header_says_that_demo_trading_is_meant() -> None:
    """rules: EXC-03, EXC-10"""
    wire, live = OkxWire(), call("GET", ORDER)

    assert wire.environment(live) is Environment.LIVE
    assert wire.environment(call("GET", ORDER, x_simulated_trading="1")) is Environment.TESTNET
    assert wire.environment(attrs.evolve(live, host="wspap.okx.com")) is Environment.TESTNET


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        (call("GET", "/api/v5/trade/batch"), 404, "404"),
        (call("DELETE", ORDER), 405, "50115"),
        (call("GET", ORDER), 401, "50103"),
        (call("GET", ORDER, ok_access_key="key"), 401, "50104"),
        (call("GET", ORDER, ok_access_key="key", ok_access_passphrase="p"), 401, "50106"),
        (call("GET", ORDER, ok_access_key="key", ok_access_passphrase="p", ok_access_sign="s"), 401, "50107"),
        (
            call("GET", ORDER, ok_access_key="k", ok_access_passphrase="p", ok_access_sign="s", ok_access_timestamp="now"),
            401,
            "50112",
        ),
    ],
)
async def test_a_call_that_nobody_can_answer_is_refused_as_the_venue_does(asked: WireCall, status: int, code: str) -> None:
    """rules: EXC-03"""
    answer = await OkxWire().answer(asked, house(hedge=False))

    assert (answer.status, answer.body["code"]) == (status, code)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"clOrdId": "with-a-dash"}, "51000"),
        ({"clOrdId": "x" * 33}, "51000"),
        ({"tdMode": "cross"}, "51000"),
        ({"posSide": "long"}, "51000"),
        ({"sz": "many"}, "51000"),
        ({"ordType": "limit"}, "51000"),
        ({"instId": "BTC-USDT"}, "51001"),
    ],
)
def test_an_order_that_the_venue_cannot_read_is_refused_in_its_row(changed: dict[str, Any], code: str) -> None:
    """rules: EXC-03, EXC-05"""
    with pytest.raises(Wrong) as wrong:
        orders.place(house(hedge=False), KEY, plain_order(entry(), False) | changed)

    assert wrong.value.answer.body["code"] == "1"
    assert code_of(wrong.value) == code


def test_an_id_stays_used_when_its_order_is_over() -> None:
    """rules: ORD-04"""
    venue = house(hedge=False)
    orders.place(venue, KEY, plain_order(entry("e1"), False))

    with pytest.raises(Wrong) as plain:
        orders.place(venue, KEY, plain_order(entry("e1"), False))
    with pytest.raises(Wrong) as algo:
        orders.place_algo(venue, KEY, algo_order(stop("46000", "e1"), False))

    assert (code_of(plain.value), code_of(algo.value)) == ("51016", "51065")


def test_in_hedge_mode_nobody_closes_more_than_there_is() -> None:
    """rules: ORD-11, EXC-06"""
    venue = house(hedge=True)
    orders.place(venue, KEY, plain_order(entry("e1"), True))

    with pytest.raises(Wrong) as wrong:
        orders.place(venue, KEY, plain_order(leave("x1", quantity="0.2"), True))

    assert code_of(wrong.value) == "51112"


@pytest.mark.parametrize("unfit", [{"slTriggerPxType": "last"}, {"slOrdPx": "46000"}, {"tpTriggerPx": "48000"}])
def test_a_stop_waits_for_the_mark_price_and_sells_at_market(unfit: dict[str, Any]) -> None:
    """rules: ORD-09"""
    venue, ticket = house(hedge=False), Ticket("s1", BTC, Side.LONG, Leg.STOP, Decimal("0.1"), Decimal(46_000))
    orders.place(venue, KEY, plain_order(entry("e1"), False))

    with pytest.raises(Wrong) as wrong:
        orders.place_algo(venue, KEY, algo_order(ticket, False) | unfit)

    assert code_of(wrong.value) == "51000"


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault not in {Fault.LIVE_OFF, Fault.POSITION_MODE}])
def test_what_the_wire_says_no_with_is_understood_as_it_was_meant(fault: Fault) -> None:
    """rules: EXC-04"""
    answer = OkxWire().refusal(fault, "")

    with pytest.raises(vendor.BaseError) as raised:
        vendor.okx().handle_errors(answer.status, "", "", "POST", {}, json.dumps(answer.body), answer.body, {}, "")
    assert translated(raised.value, Venue.OKX, FAULTS, DOUBTFUL).fault is fault
