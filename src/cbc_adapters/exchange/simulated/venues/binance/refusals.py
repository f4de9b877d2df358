"""How Binance says no: HTTP status, code and text, as its documentation of USDS-M errors lists them."""

from typing import Final

from cbc_adapters.exchange.simulated.venues.wire import WireAnswer
from cbc_adapters.exchange.simulated.venues.wording import come_back, worded
from cbc_domain.ports.venue_faults import Fault

WORDING: Final = {
    Fault.AUTH: (401, -2015, "Invalid API-key, IP, or permissions for action"),
    Fault.PERMISSION: (401, -2015, "Invalid API-key, IP, or permissions for action"),
    Fault.IP_NOT_ALLOWED: (401, -2015, "Invalid API-key, IP, or permissions for action"),
    Fault.CLOCK: (400, -1021, "Timestamp for this request is outside of the recvWindow."),
    Fault.RATE_LIMIT: (429, -1003, "Too many requests; current limit of IP is 2400 requests per minute."),
    Fault.INSUFFICIENT_MARGIN: (400, -2019, "Margin is insufficient."),
    Fault.FILTER: (400, -1111, "Precision is over the maximum defined for this asset."),
    Fault.PRICE_PASSED: (400, -2021, "Order would immediately trigger."),
    Fault.POSITION_MODE: (400, -4061, "Order's position side does not match user's setting."),
    Fault.SYMBOL_CLOSED: (400, -1121, "Invalid symbol."),
    Fault.DUPLICATE_ID: (400, -4116, "ClientOrderId is duplicated."),
    Fault.NOT_FOUND: (400, -2013, "Order does not exist."),
    Fault.REDUCE_ONLY: (400, -2022, "ReduceOnly Order is rejected."),
    Fault.MAINTENANCE: (503, -1008, "Server is currently overloaded with other requests. Please try again in a few minutes."),
    Fault.REGION_BLOCKED: (451, 0, "Service unavailable from a restricted location."),
    Fault.NETWORK: (500, -1001, "Internal error; unable to process your request. Please try again."),
    Fault.UNKNOWN: (400, -4999, "A refusal that nobody has seen before."),
}
FILTERS: Final = (
    ("notional", -4164, "Order's notional must be no smaller than 5 (unless you choose reduce only)."),
    ("leverage", -4028, "Leverage is not valid"),
)
"""What the engine says of a filter, and how this venue says it."""


class Wrong(Exception):
    """A refusal with a code of its own."""

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.answer = WireAnswer({"code": code, "msg": message}, status)


def refusal(fault: Fault, detail: str, retry_after_s: int | None = None) -> WireAnswer:
    status, code, message = worded(fault, detail, WORDING, FILTERS)
    return WireAnswer({"code": code, "msg": message}, status, come_back(retry_after_s))
