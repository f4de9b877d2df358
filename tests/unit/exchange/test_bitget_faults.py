"""Bitget's refusals, as unmodified ccxt raises them, have one set of causes."""

from typing import Final

import ccxt as vendor
import msgspec
import pytest

from cbc_adapters.exchange.ccxt.dialects.bitget.faults import DOUBTFUL, FAULTS
from cbc_adapters.exchange.ccxt.errors import translated
from cbc_adapters.exchange.simulated.venues.bitget import BitgetWire
from cbc_adapters.exchange.simulated.venues.wire import WireAnswer
from cbc_domain.kernel.venues import Venue
from cbc_domain.ports.venue_faults import Fault, OutcomeUnknown, VenueRefused

CLIENT: Final = vendor.bitget()
URL: Final = "https://api.bitget.com/api/v2/mix/order/place-order"


def meant_by(answer: WireAnswer) -> VenueRefused | OutcomeUnknown:
    """What the adapter makes of an answer, read by ccxt as it reads the venue's."""
    body = msgspec.json.encode(answer.body).decode()
    with pytest.raises(vendor.BaseError) as raised:
        CLIENT.handle_errors(answer.status, "", URL, "POST", {}, body, answer.body, {}, None)
        CLIENT.handle_http_status_code(answer.status, "", URL, "POST", body)
    return translated(raised.value, Venue.BITGET, FAULTS, DOUBTFUL)


def told(code: str, message: str = "in the venue's words") -> WireAnswer:
    return WireAnswer({"code": code, "msg": message, "requestTime": 1716572156622, "data": None}, 400)


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("40009", Fault.AUTH),
        ("40006", Fault.AUTH),
        ("40012", Fault.AUTH),
        ("40036", Fault.AUTH),
        ("40037", Fault.AUTH),
        ("40099", Fault.AUTH),
        ("40014", Fault.PERMISSION),
        ("40018", Fault.IP_NOT_ALLOWED),
        ("40005", Fault.CLOCK),
        ("40008", Fault.CLOCK),
        ("40762", Fault.INSUFFICIENT_MARGIN),
        ("43012", Fault.INSUFFICIENT_MARGIN),
        ("40808", Fault.FILTER),
        ("40917", Fault.PRICE_PASSED),
        ("45110", Fault.FILTER),
        ("45122", Fault.PRICE_PASSED),
        ("40774", Fault.POSITION_MODE),
        ("40309", Fault.SYMBOL_CLOSED),
        ("41114", Fault.SYMBOL_CLOSED),
        ("40786", Fault.DUPLICATE_ID),
        ("40109", Fault.NOT_FOUND),
        ("40768", Fault.NOT_FOUND),
        ("43001", Fault.NOT_FOUND),
        ("43025", Fault.NOT_FOUND),
        ("22002", Fault.REDUCE_ONLY),
        ("40200", Fault.MAINTENANCE),
        ("99999", Fault.UNKNOWN),
    ],
)
def test_a_code_of_the_venue_has_one_cause(code: str, fault: Fault) -> None:
    """rules: EXC-04"""
    refusal = meant_by(told(code))

    assert isinstance(refusal, VenueRefused)
    assert refusal.fault is fault


@pytest.mark.parametrize("code", ["429", "40010", "40015", "40725", "45001"])
def test_an_order_may_stand_after_an_error_of_the_venues_own_making(code: str) -> None:
    """rules: EXC-04, ORD-04"""
    assert isinstance(meant_by(told(code)), OutcomeUnknown)


def test_an_answer_of_status_200_is_no_success_by_itself() -> None:
    """rules: EXC-05"""
    refusal = meant_by(WireAnswer(told("40762").body, 200))

    assert refusal.fault is Fault.INSUFFICIENT_MARGIN


def test_a_refusal_names_code_and_words_and_no_address() -> None:
    """rules: EXC-04, KEY-08"""
    refusal = meant_by(told("43012", "Insufficient balance"))

    assert refusal.detail.lower().endswith("bitget 43012: insufficient balance")
    assert "https://" not in refusal.detail


@pytest.mark.parametrize("fault", sorted(set(Fault) - {Fault.LIVE_OFF, Fault.RATE_LIMIT, Fault.NETWORK}))
def test_what_the_simulated_venue_refuses_is_understood(fault: Fault) -> None:
    """rules: EXC-04"""
    refusal = meant_by(BitgetWire().refusal(fault, "for a reason"))

    assert isinstance(refusal, VenueRefused)
    assert refusal.fault is fault


@pytest.mark.parametrize("fault", [Fault.RATE_LIMIT, Fault.NETWORK])
def test_what_the_simulated_venue_cannot_answer_leaves_the_outcome_open(fault: Fault) -> None:
    """rules: ORD-04"""
    assert isinstance(meant_by(BitgetWire().refusal(fault, "for a reason", 3)), OutcomeUnknown)


@pytest.mark.parametrize("reason", ["a notional of 5", "leverage of at most 50", "a trigger on tick 0.1"])
def test_a_filter_is_a_filter_in_whatever_words(reason: str) -> None:
    """rules: EXC-04, SIZ-07"""
    assert meant_by(BitgetWire().refusal(Fault.FILTER, reason)).fault is Fault.FILTER
