"""How Bitget says no: HTTP status, code and text, as its documentation of contract errors lists them."""

from typing import Final

from cbc_adapters.exchange.simulated.venues.wire import Json, WireAnswer
from cbc_adapters.exchange.simulated.venues.wording import come_back, worded
from cbc_domain.ports.venue_faults import Fault

WORDING: Final = {
    Fault.AUTH: (400, "40009", "sign signature error"),
    Fault.PERMISSION: (400, "40014", "Incorrect permissions, need future order write permissions"),
    Fault.IP_NOT_ALLOWED: (400, "40018", "Invalid IP"),
    Fault.CLOCK: (400, "40008", "Request timestamp expired"),
    Fault.RATE_LIMIT: (429, "429", "Too Many Requests"),
    Fault.INSUFFICIENT_MARGIN: (400, "40762", "The order amount exceeds the balance"),
    Fault.FILTER: (400, "40808", "Parameter verification exception size checkBDScale error"),
    Fault.PRICE_PASSED: (400, "40917", "Stop price for long positions please < mark price {0}"),
    Fault.POSITION_MODE: (
        *(400, "40774"),
        "The order type for unilateral position must also be the unilateral position type.",
    ),
    Fault.SYMBOL_CLOSED: (400, "40309", "The contract has been removed"),
    Fault.DUPLICATE_ID: (400, "40786", "Duplicate clientOid"),
    Fault.NOT_FOUND: (400, "40109", "The data of the order cannot be found, please confirm the order number"),
    Fault.REDUCE_ONLY: (400, "22002", "No position to close"),
    Fault.MAINTENANCE: (503, "40200", "Server upgrade, please try again later"),
    Fault.NETWORK: (500, "40725", "service return an error"),
    Fault.UNKNOWN: (400, "49999", "A refusal that nobody has seen before"),
}
FILTERS: Final = (
    ("notional", "45110", "less than the minimum amount 5 USDT"),
    ("leverage", "40797", "Exceeded the maximum settable leverage"),
)
"""What the engine says of a filter, and how this venue says it."""


class Wrong(Exception):
    """A refusal with a code of its own."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status

    def answer(self, now_ms: int) -> WireAnswer:
        return WireAnswer(enveloped(None, now_ms, self.code, self.message), self.status)


def enveloped(data: Json, now_ms: int, code: str = "00000", message: str = "success") -> Json:
    """Every answer has this shape; the code alone says whether it is a success (EXC-05)."""
    return {"code": code, "msg": message, "requestTime": now_ms, "data": data}


def refusal(fault: Fault, detail: str, retry_after_s: int | None = None, now_ms: int = 0) -> WireAnswer:
    if fault is Fault.REGION_BLOCKED:
        # What stands before the venue says so, not the venue: without its envelope.
        return WireAnswer({"message": "Service unavailable from a restricted location"}, 403)
    status, code, message = worded(fault, detail, WORDING, FILTERS)
    return WireAnswer(enveloped(None, now_ms, code, message), status, come_back(retry_after_s))
