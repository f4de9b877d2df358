"""How OKX says no: HTTP status, code and text, as its documentation of errors lists them."""

from typing import Final

from cbc_adapters.exchange.simulated.venues.wire import Json, WireAnswer
from cbc_adapters.exchange.simulated.venues.wording import come_back, worded
from cbc_domain.ports.venue_faults import Fault

WORDING: Final = {
    Fault.AUTH: (401, "50113", "Invalid Sign"),
    Fault.PERMISSION: (200, "50120", "This API key doesn't have permission to use this function"),
    Fault.IP_NOT_ALLOWED: (401, "50110", "Your IP is not included in your API key's IP whitelist."),
    Fault.CLOCK: (401, "50102", "Timestamp request expired"),
    Fault.RATE_LIMIT: (429, "50011", "Too Many Requests"),
    Fault.INSUFFICIENT_MARGIN: (200, "51008", "Order failed. Insufficient USDT margin in account"),
    Fault.FILTER: (200, "51121", "Order quantity must be a multiple of the lot size."),
    Fault.PRICE_PASSED: (200, "51304", "SL trigger price cannot be higher than the mark price"),
    Fault.POSITION_MODE: (200, "51000", "Parameter posSide error"),
    Fault.SYMBOL_CLOSED: (200, "51001", "Instrument ID, Instrument ID code or Spread ID doesn't exist."),
    Fault.DUPLICATE_ID: (200, "51016", "Client order ID already exists."),
    Fault.NOT_FOUND: (200, "51603", "Order does not exist"),
    Fault.REDUCE_ONLY: (
        200,
        "51169",
        "Order failed because you don't have any positions in this direction for this contract to reduce or close.",
    ),
    Fault.MAINTENANCE: (503, "50001", "Service temporarily unavailable. Please try again later."),
    Fault.REGION_BLOCKED: (
        200,
        "51155",
        "Trading of this pair or contract is restricted due to local compliance requirements.",
    ),
    Fault.NETWORK: (500, "50026", "System error. Try again later"),
    Fault.UNKNOWN: (200, "51999", "A refusal that nobody has seen before."),
}
TOO_LARGE: Final = "Order failed. The order is larger than the maximum position amount under current leverage."
FILTERS: Final = (
    ("leverage", "51004", TOO_LARGE),
    ("brackets", "51004", TOO_LARGE),
    ("at least", "51020", "Your order should meet or exceed the minimum order amount."),
    ("on tick", "51000", "Parameter triggerPx error"),
    ("at most", "51202", "Market order amount exceeds the maximum amount."),
)
"""What the engine says of a filter, and how this venue says it."""
OF_THE_WHOLE: Final = frozenset({"51603"})
"""Codes of the trade class that an answer has as its own; the others stand in the row of the order that they refuse."""


class Wrong(Exception):
    """A refusal with a code of its own; `in_row` when it is said of an order, in an answer whose own code is 1."""

    def __init__(self, code: str, message: str, status: int = 200, *, in_row: bool = False) -> None:
        super().__init__(message)
        self.answer = WireAnswer(_in_row(code, message) if in_row else {"code": code, "data": [], "msg": message}, status)


def refusal(fault: Fault, detail: str, retry_after_s: int | None = None) -> WireAnswer:
    status, code, message = worded(fault, detail, WORDING, FILTERS)
    in_row = code.startswith("51") and code not in OF_THE_WHOLE
    answer = Wrong(code, message, status, in_row=in_row).answer
    return WireAnswer(answer.body, answer.status, come_back(retry_after_s))


def _in_row(code: str, message: str) -> Json:
    row = {"clOrdId": "", "ordId": "", "sCode": code, "sMsg": message, "tag": ""}
    return {"code": "1", "data": [row], "msg": "All operations failed"}
