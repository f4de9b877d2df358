"""What Bybit's refusals mean to us, through the errors that ccxt makes of them."""

import json

import ccxt as vendor
import pytest

from cbc_adapters.exchange.ccxt.dialects.bybit.faults import DOUBTFUL, FAULTS, worded
from cbc_adapters.exchange.ccxt.errors import translated
from cbc_domain.kernel.venues import Venue
from cbc_domain.ports.venue_faults import Fault, OutcomeUnknown, VenueRefused


@pytest.fixture(scope="module")
def venue() -> vendor.bybit:
    return vendor.bybit()


def refused(venue: vendor.bybit, code: int, words: str) -> VenueRefused | OutcomeUnknown:
    """What an answer with this code and these words becomes."""
    return answered(venue, {"retCode": code, "retMsg": words, "result": {}, "retExtInfo": {}, "time": 1668838414793})


def answered(venue: vendor.bybit, body: dict[str, object]) -> VenueRefused | OutcomeUnknown:
    """What an answer becomes that ccxt takes for an error."""
    url, text = "https://api.bybit.com/v5/order/create", json.dumps(body)
    with pytest.raises(vendor.BaseError) as raised:
        venue.handle_errors(200, "OK", url, "POST", {}, text, body, {}, "")
    meant = worded(raised.value)
    if isinstance(meant, (VenueRefused, OutcomeUnknown)):
        return meant
    return translated(raised.value, Venue.BYBIT, FAULTS, DOUBTFUL)


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (10002, Fault.CLOCK),
        (10003, Fault.AUTH),
        (10004, Fault.AUTH),
        (33004, Fault.AUTH),
        (10005, Fault.PERMISSION),
        (10027, Fault.PERMISSION),
        (10006, Fault.RATE_LIMIT),
        (10018, Fault.RATE_LIMIT),
        (10010, Fault.IP_NOT_ALLOWED),
        (10024, Fault.REGION_BLOCKED),
        (110007, Fault.INSUFFICIENT_MARGIN),
        (110012, Fault.INSUFFICIENT_MARGIN),
        (110045, Fault.INSUFFICIENT_MARGIN),
        (110013, Fault.FILTER),
        (110092, Fault.PRICE_PASSED),
        (110093, Fault.PRICE_PASSED),
        (110094, Fault.FILTER),
        (110025, Fault.POSITION_MODE),
        (110028, Fault.POSITION_MODE),
        (110074, Fault.SYMBOL_CLOSED),
        (110072, Fault.DUPLICATE_ID),
        (110001, Fault.NOT_FOUND),
        (110010, Fault.NOT_FOUND),
        (110017, Fault.REDUCE_ONLY),
        (110063, Fault.MAINTENANCE),
        (110020, Fault.FILTER),
        (199999, Fault.UNKNOWN),
    ],
)
def test_a_code_of_bybit_has_one_meaning(venue: vendor.bybit, code: int, fault: Fault) -> None:
    """rules: EXC-04, EXC-05"""
    meant = refused(venue, code, "said for a person to read")

    assert isinstance(meant, VenueRefused)
    assert meant.fault is fault


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("position idx not match position mode", Fault.POSITION_MODE),
        ("Qty invalid", Fault.FILTER),
        ("The number of contracts exceeds maximum limit allowed: too large", Fault.FILTER),
        ("buy leverage invalid", Fault.FILTER),
        ("params error: Symbol Is Invalid", Fault.SYMBOL_CLOSED),
        ("Not supported symbols", Fault.SYMBOL_CLOSED),
        ("params error: side invalid", Fault.UNKNOWN),
    ],
)
def test_of_a_wrong_parameter_the_words_tell_the_cause(venue: vendor.bybit, words: str, fault: Fault) -> None:
    """rules: EXC-04, EXC-06"""
    meant = refused(venue, 10001, words)

    assert isinstance(meant, VenueRefused)
    assert meant.fault is fault


@pytest.mark.parametrize("code", [5004, 10000, 10014, 10016])
def test_after_an_error_of_the_venue_itself_the_order_may_stand(venue: vendor.bybit, code: int) -> None:
    """rules: ORD-04"""
    assert isinstance(refused(venue, code, "Server error."), OutcomeUnknown)
    assert isinstance(refused(venue, code, "Request timeout, please try again later"), OutcomeUnknown)


def test_an_answer_without_a_code_decides_nothing(venue: vendor.bybit) -> None:
    """rules: EXC-05, ORD-04"""
    assert isinstance(answered(venue, {"error": "upstream timed out"}), OutcomeUnknown)
