"""What Bybit writes of an order, on REST and on its stream alike."""

from decimal import Decimal
from typing import Final
from uuid import UUID

from cbc_adapters.exchange.simulated.model import VenueAccount, VenueOrder
from cbc_adapters.exchange.simulated.travelling import stop_of, travels
from cbc_adapters.exchange.simulated.venues.order_numbers import order_number
from cbc_adapters.exchange.simulated.venues.wire import Json, milliseconds, text
from cbc_domain.kernel.venues import Side
from cbc_domain.ports.exchange import ReportState, Ticket
from cbc_domain.trading.model import Leg

STATES: Final = {
    ReportState.LIVE: "New",
    ReportState.PARTIALLY_FILLED: "PartiallyFilled",
    ReportState.FILLED: "Filled",
    ReportState.CANCELLED: "Cancelled",
    ReportState.REJECTED: "Rejected",
}
UNTRIGGERED: Final = STATES | {ReportState.LIVE: "Untriggered", ReportState.CANCELLED: "Deactivated"}
RISES, FALLS = 1, 2
TRAVELLING: Final = {"orderLinkId": "", "stopOrderType": "StopLoss", "createType": "CreateByStopLoss"}
"""What tells the stop that came with an entry from a stop of our own, in an order and in an execution."""


def order_id(venue_order_id: str) -> str:
    """The engine's number as the text of a UUID, the same at every start."""
    return str(UUID(int=order_number(venue_order_id), version=4))


def named(order: VenueOrder) -> Json:
    return {"orderId": order_id(order.venue_order_id), "orderLinkId": "" if travels(order) else order.ticket.client_id}


def order_body(account: VenueAccount, order: VenueOrder) -> Json:
    body = _body(account, order)
    if travels(order):
        cleared = {"cancelType": "CancelByTpSlTsClear"} if order.state is ReportState.CANCELLED else {}
        return body | TRAVELLING | cleared | {"tpslMode": "Full"}
    stop = stop_of(account, order.ticket.client_id)
    return body | {"stopLoss": stop_loss(stop), "slTriggerBy": "MarkPrice", "tpslMode": "Full"} if stop is not None else body


def _body(account: VenueAccount, order: VenueOrder) -> Json:
    filled = sum((fill.quantity for fill in order.fills), start=Decimal(0))
    value = sum((fill.quantity * fill.price for fill in order.fills), start=Decimal(0))
    paid = sum((fill.fee for fill in order.fills), start=Decimal(0))
    ticket, conditional = order.ticket, order.ticket.trigger is not None
    waiting, quantity = conditional and not order.fills, _quantity(account, order)
    return {
        **named(order),
        "symbol": ticket.symbol,
        "side": side_of(ticket),
        "positionIdx": index_of(ticket, account.hedge),
        "orderType": "Market",
        "orderStatus": (UNTRIGGERED if waiting else STATES)[order.state],
        "price": "",
        "qty": text(quantity),
        "avgPrice": text(value / filled) if filled else "",
        "leavesQty": text(quantity - filled if order.open else Decimal(0)),
        "leavesValue": "0",
        "cumExecQty": text(filled),
        "cumExecValue": text(value),
        "cumExecFee": text(paid),
        "cumFeeDetail": {"USDT": text(paid)},
        "timeInForce": "IOC",
        "createType": "CreateByUser",
        "cancelType": "CancelByUser" if order.state is ReportState.CANCELLED else "UNKNOWN",
        "rejectReason": "EC_NoError",
        "stopOrderType": "Stop" if conditional else "",
        "triggerPrice": text(ticket.trigger) if ticket.trigger is not None else "",
        "triggerBy": "MarkPrice" if conditional else "",
        "triggerDirection": _direction(ticket) if conditional else 0,
        "reduceOnly": ticket.leg is not Leg.ENTRY,
        "closeOnTrigger": conditional,
        "takeProfit": "",
        "stopLoss": "",
        "tpslMode": "",
        "tpTriggerBy": "",
        "slTriggerBy": "",
        "orderIv": "",
        "isLeverage": "",
        "blockTradeId": "",
        "lastPriceOnCreated": "",
        "smpType": "None",
        "smpGroup": 0,
        "smpOrderId": "",
        "createdTime": str(milliseconds(order.at)),
        "updatedTime": str(milliseconds(order.at)),
    }


def _quantity(account: VenueAccount, order: VenueOrder) -> Decimal:
    """A stop of the whole position grows and shrinks with it."""
    held = account.positions.get((order.ticket.symbol, order.ticket.side))
    return held.quantity if held is not None and order.open and travels(order) else order.quantity


def stop_loss(stop: VenueOrder | None) -> str:
    """The price of the stop of a position or an entry, as both tell it; "" without one."""
    return text(stop.ticket.trigger) if stop is not None and stop.ticket.trigger is not None else ""


def side_of(ticket: Ticket) -> str:
    return "Buy" if ticket.buys else "Sell"


def index_of(ticket: Ticket, hedge: bool) -> int:
    return (1 if ticket.side is Side.LONG else 2) if hedge else 0


def _direction(ticket: Ticket) -> int:
    return FALLS if (ticket.leg is Leg.STOP) == (ticket.side is Side.LONG) else RISES
