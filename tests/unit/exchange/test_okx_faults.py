"""What OKX's codes mean to us, whether the whole answer or only the row of an order has them."""

import json
from typing import Any

import ccxt as vendor
import pytest

from cbc_adapters.exchange.ccxt.dialects.okx.answers import ordered, rows
from cbc_adapters.exchange.ccxt.dialects.okx.faults import DOUBTFUL, FAULTS
from cbc_adapters.exchange.ccxt.errors import translated
from cbc_domain.kernel.venues import Venue
from cbc_domain.ports.venue_faults import Fault, OutcomeUnknown, VenueRefused

ADDRESS = "https://www.okx.com/api/v5/trade/order"


def told(body: dict[str, Any], status: int = 200) -> VenueRefused | OutcomeUnknown:
    """What an answer becomes on its way through ccxt."""
    with pytest.raises(vendor.BaseError) as raised:
        vendor.okx().handle_errors(status, "", ADDRESS, "POST", {}, json.dumps(body), body, {}, "")
    return translated(raised.value, Venue.OKX, FAULTS, DOUBTFUL)


def refused_row(code: str, message: str = "") -> dict[str, Any]:
    return {"clOrdId": "", "ordId": "", "sCode": code, "sMsg": message, "tag": ""}


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("50011", Fault.RATE_LIMIT),
        ("50102", Fault.CLOCK),
        ("50101", Fault.AUTH),
        ("50105", Fault.AUTH),
        ("50111", Fault.AUTH),
        ("50113", Fault.AUTH),
        ("50114", Fault.AUTH),
        ("50119", Fault.AUTH),
        ("50110", Fault.IP_NOT_ALLOWED),
        ("50120", Fault.PERMISSION),
        ("50001", Fault.MAINTENANCE),
        ("50051", Fault.REGION_BLOCKED),
        ("51001", Fault.SYMBOL_CLOSED),
        ("51603", Fault.NOT_FOUND),
        ("59102", Fault.FILTER),
        ("59000", Fault.POSITION_MODE),
        ("59999", Fault.UNKNOWN),
    ],
)
def test_a_code_of_the_whole_answer_is_a_cause(code: str, fault: Fault) -> None:
    """rules: EXC-04"""
    outcome = told({"code": code, "data": [], "msg": "words"}, 401)

    assert outcome.fault is fault
    assert isinstance(outcome, VenueRefused)
    assert code in outcome.detail


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("51008", Fault.INSUFFICIENT_MARGIN),
        ("51119", Fault.INSUFFICIENT_MARGIN),
        ("51000", Fault.FILTER),
        ("51004", Fault.FILTER),
        ("51020", Fault.FILTER),
        ("51121", Fault.FILTER),
        ("51202", Fault.FILTER),
        ("51304", Fault.PRICE_PASSED),
        ("51001", Fault.SYMBOL_CLOSED),
        ("51010", Fault.POSITION_MODE),
        ("51039", Fault.POSITION_MODE),
        ("51016", Fault.DUPLICATE_ID),
        ("51065", Fault.DUPLICATE_ID),
        ("51023", Fault.REDUCE_ONLY),
        ("51112", Fault.REDUCE_ONLY),
        ("51169", Fault.REDUCE_ONLY),
        ("51170", Fault.REDUCE_ONLY),
        ("51400", Fault.NOT_FOUND),
        ("51155", Fault.REGION_BLOCKED),
        ("51999", Fault.UNKNOWN),
    ],
)
def test_a_code_of_an_orders_row_is_a_cause_under_a_200(code: str, fault: Fault) -> None:
    """rules: EXC-04, EXC-05"""
    outcome = told({"code": "1", "data": [refused_row(code, "Order failed.")], "msg": "All operations failed"})

    assert outcome.fault is fault
    assert outcome.detail == f"{fault}: okx {code}: Order failed."


@pytest.mark.parametrize(
    "body",
    [
        {"code": "50004", "data": [], "msg": "API endpoint request timeout."},
        {"code": "50013", "data": [], "msg": "Systems are busy. Please try again later."},
        {"code": "50026", "data": [], "msg": "System error. Try again later"},
        {"code": "1", "data": [refused_row("51149", "Order timed out.")], "msg": ""},
        {
            "code": 500,
            "data": {},
            "error_code": "500",
            "error_message": "Internal Server Error",
            "msg": "Internal Server Error",
        },
    ],
)
def test_a_venue_that_lost_its_way_may_have_taken_the_order(body: dict[str, Any]) -> None:
    """rules: ORD-04"""
    assert isinstance(told(body, 500), OutcomeUnknown)


@pytest.mark.parametrize("code", ["0", "2"])
def test_a_row_can_be_refused_in_an_answer_that_says_success(code: str) -> None:
    """rules: EXC-05"""
    with pytest.raises(vendor.ExchangeError) as raised:
        rows({"code": code, "data": [refused_row("51008", "Insufficient USDT")], "msg": ""})

    assert translated(raised.value, Venue.OKX, FAULTS, DOUBTFUL).fault is Fault.INSUFFICIENT_MARGIN


async def test_a_position_side_that_does_not_fit_is_a_matter_of_the_mode() -> None:
    """rules: EXC-04, EXC-06"""

    async def refuse(order: object) -> dict[str, Any]:
        raise vendor.BadRequest(f"okx {json.dumps({'code': '1', 'data': [refused_row('51000', 'Parameter posSide error ')]})}")

    with pytest.raises(VenueRefused) as refusal:
        await ordered(refuse, {"posSide": "net"})

    assert refusal.value.fault is Fault.POSITION_MODE
