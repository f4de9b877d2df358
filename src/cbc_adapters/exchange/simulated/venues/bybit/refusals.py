"""How Bybit says no: mostly with HTTP 200 and a `retCode`, as its documentation of v5 errors lists them."""

from typing import Final

from cbc_adapters.exchange.simulated.venues.wire import Json, WireAnswer
from cbc_adapters.exchange.simulated.venues.wording import come_back, worded
from cbc_domain.ports.venue_faults import Fault

WORDING: Final = {
    Fault.AUTH: (401, 10003, "API key is invalid."),
    Fault.PERMISSION: (200, 10005, "Permission denied, please check your API key permissions."),
    Fault.IP_NOT_ALLOWED: (200, 10010, "Unmatched IP, please check your API key's bound IP addresses."),
    Fault.CLOCK: (200, 10002, "invalid request, please check your server timestamp or recv_window param"),
    Fault.RATE_LIMIT: (200, 10006, "Too many visits. Exceeded the API Rate Limit."),
    Fault.INSUFFICIENT_MARGIN: (200, 110007, "ab not enough for new order"),
    Fault.FILTER: (200, 10001, "Qty invalid"),
    Fault.PRICE_PASSED: (200, 110093, "expect Falling, but trigger_price >= current"),
    Fault.POSITION_MODE: (200, 10001, "position idx not match position mode"),
    Fault.SYMBOL_CLOSED: (200, 110074, "This contract is not live"),
    Fault.DUPLICATE_ID: (200, 110072, "OrderLinkedID is duplicate"),
    Fault.NOT_FOUND: (200, 110001, "order not exists or too late to cancel"),
    Fault.REDUCE_ONLY: (200, 110017, "current position is zero, cannot fix reduce-only order qty"),
    Fault.MAINTENANCE: (200, 110066, "Trading is currently not allowed."),
    Fault.REGION_BLOCKED: (200, 10024, "Compliance rules triggered"),
    Fault.NETWORK: (200, 10000, "Server Timeout"),
    Fault.UNKNOWN: (200, 199999, "A refusal that nobody has seen before."),
}
FILTERS: Final = (
    ("notional of at least", 110094, "Order does not meet minimum order value 5USDT"),
    ("leverage", 110013, "cannot set leverage gt maxLeverage by risk limit"),
    ("at most", 10001, "The number of contracts exceeds maximum limit allowed: too large"),
    ("at least", 10001, "The number of contracts exceeds minimum limit allowed"),
)
"""What the engine says of a filter, and how this venue says it."""


def body(code: int, message: str, result: Json) -> Json:
    return {"retCode": code, "retMsg": message, "result": result, "retExtInfo": {}}


class Wrong(Exception):
    """A refusal with a code of its own."""

    def __init__(self, code: int, message: str, status: int = 200) -> None:
        super().__init__(message)
        self.answer = WireAnswer(body(code, message, {}), status)


def refusal(fault: Fault, detail: str, retry_after_s: int | None = None) -> WireAnswer:
    status, code, message = worded(fault, detail, WORDING, FILTERS)
    return WireAnswer(body(code, message, {}), status, come_back(retry_after_s))
