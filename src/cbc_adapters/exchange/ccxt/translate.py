"""Text of the venues made values: numbers exact, times in UTC, orders and fills."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from cbc_adapters.exchange.ccxt.dialect import Booked
from cbc_domain.kernel.rounding import EXACT
from cbc_domain.kernel.venues import Symbol
from cbc_domain.ports.exchange import Ending, ReportState
from cbc_domain.trading.model import Fill
from cbc_domain.trading.sizes import Quote

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
EARLIER: Final = timedelta(seconds=5)
"""So much earlier than by our clock a venue may say that something was made."""
Vendor = Mapping[str, Any]
"""A dictionary as a venue sent it."""


def number(value: object) -> Decimal:
    """A number of the wire; an empty text is zero, as venues write what they do not know yet."""
    return Decimal(str(value)) if value not in {"", None} else Decimal(0)


def instant(milliseconds: object) -> datetime:
    return EPOCH + timedelta(milliseconds=int(str(milliseconds)))


def milliseconds(at: datetime) -> int:
    return (at - EPOCH) // timedelta(milliseconds=1)


def quote_of(symbol: Symbol, mark: object, at_ms: object, bid: object, ask: object) -> Quote:
    """A mark price with the spread of the book; None as spread where nobody asks."""
    bids, asks = number(bid), number(ask)
    return Quote(symbol, number(mark), instant(at_ms), (asks - bids) / asks if asks else None)


def filled(fills: Iterable[Fill]) -> Decimal:
    return sum((fill.quantity for fill in fills), start=Decimal(0))


def booked(
    client_id: str,
    order_id: object,
    state: ReportState,
    fills: Iterable[Fill],
    at: datetime,
    executed: Decimal = Decimal(0),
) -> Booked:
    """An order with its fills oldest first; it is at least as late as the last of them.

    `executed` is the quantity that the venue says was filled: an order is not FILLED before its fills add up to that.
    """
    in_order = tuple(sorted(fills, key=lambda fill: (fill.at, fill.id)))
    latest = max([at, *(fill.at for fill in in_order)])
    if state is ReportState.FILLED and filled(in_order) < executed:
        # The trades of an order may be listed a moment after the order itself.
        state = ReportState.PARTIALLY_FILLED if in_order else ReportState.LIVE
    return Booked(client_id, str(order_id), state, in_order, latest)


def ending_of(fills: Iterable[Fill], *, liquidated: bool, funding: Decimal = Decimal(0)) -> Ending:
    """How the fills of one closing order ended a holding."""
    closed = list(fills)
    quantity = filled(closed)
    value = sum((EXACT.multiply(fill.quantity, fill.price) for fill in closed), start=Decimal(0))
    paid = sum((fill.fee for fill in closed), start=Decimal(0))
    at = max(fill.at for fill in closed)
    return Ending(quantity, EXACT.divide(value, quantity), paid, at, liquidated=liquidated, funding=funding)
