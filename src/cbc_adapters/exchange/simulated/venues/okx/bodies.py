"""What OKX writes of an order and of its trades, on REST and on its streams alike."""

from decimal import Decimal
from typing import Final

from cbc_adapters.exchange.simulated.model import VenueAccount, VenueOrder
from cbc_adapters.exchange.simulated.moves import LIQUIDATION
from cbc_adapters.exchange.simulated.venues.okx.account import position_side
from cbc_adapters.exchange.simulated.venues.okx.market import instrument_id
from cbc_adapters.exchange.simulated.venues.order_numbers import order_number, plain_number
from cbc_adapters.exchange.simulated.venues.wire import Json, milliseconds, text
from cbc_domain.ports.exchange import ReportState, Ticket
from cbc_domain.trading.model import Leg

STATES: Final = {
    ReportState.LIVE: "live",
    ReportState.PARTIALLY_FILLED: "partially_filled",
    ReportState.FILLED: "filled",
    ReportState.CANCELLED: "canceled",
    ReportState.REJECTED: "canceled",
}
ALGO_STATES: Final = STATES | {
    ReportState.FILLED: "effective",
    ReportState.PARTIALLY_FILLED: "effective",
    ReportState.REJECTED: "order_failed",
}


def side_of(ticket: Ticket) -> str:
    return "buy" if ticket.buys else "sell"


def order_body(account: VenueAccount, order: VenueOrder) -> Json:
    ticket, at, last = order.ticket, str(milliseconds(order.at)), order.fills[-1] if order.fills else None
    filled = sum((fill.quantity for fill in order.fills), start=Decimal(0))
    value = sum((fill.quantity * fill.price for fill in order.fills), start=Decimal(0))
    algo = order.ticket.trigger is not None
    return {
        "accFillSz": text(filled),
        "algoClOrdId": ticket.client_id if algo else "",
        "algoId": str(order_number(order.venue_order_id)) if algo else "",
        "avgPx": text(value / filled) if filled else "",
        "cTime": at,
        "category": "full_liquidation" if order.code == LIQUIDATION else "normal",
        "clOrdId": "" if algo else ticket.client_id,
        "fee": text(-sum((fill.fee for fill in order.fills), start=Decimal(0))),
        "feeCcy": "USDT",
        "fillPx": text(last.price) if last else "",
        "fillSz": text(last.quantity) if last else "0",
        "fillTime": str(milliseconds(last.at)) if last else "",
        "instId": instrument_id(ticket.symbol),
        "instType": "SWAP",
        "lever": str(account.leverage.get(ticket.symbol, 1)),
        "ordId": str(plain_number(order)),
        "ordType": "market",
        "pnl": "0",
        "posSide": position_side(account, ticket.side),
        "reduceOnly": "false" if ticket.leg is Leg.ENTRY else "true",
        "side": side_of(ticket),
        "slOrdPx": "",
        "slTriggerPx": "",
        "state": STATES[order.state],
        "sz": text(order.quantity),
        "tdMode": "isolated",
        "tpOrdPx": "",
        "tpTriggerPx": "",
        "tradeId": str(order_number(last.id)) if last else "",
        "uTime": at,
    }


def algo_body(account: VenueAccount, order: VenueOrder) -> Json:
    ticket, at, stop = order.ticket, str(milliseconds(order.at)), order.ticket.leg is Leg.STOP
    trigger, fired = text(ticket.trigger or Decimal(0)), bool(order.fills)
    return {
        "actualPx": text(order.fills[-1].price) if fired else "",
        "actualSide": ("sl" if stop else "tp") if fired else "",
        "actualSz": text(order.quantity) if fired else "0",
        "algoClOrdId": ticket.client_id,
        "algoId": str(order_number(order.venue_order_id)),
        "attachAlgoOrds": [],
        "cTime": at,
        "ccy": "",
        "clOrdId": "",
        "closeFraction": "",
        "failCode": "",
        "instId": instrument_id(ticket.symbol),
        "instType": "SWAP",
        "last": "",
        "lever": str(account.leverage.get(ticket.symbol, 1)),
        "ordId": str(plain_number(order)) if fired else "",
        "ordIdList": [str(plain_number(order))] if fired else [],
        "ordPx": "",
        "ordType": "conditional",
        "posSide": position_side(account, ticket.side),
        "reduceOnly": "true",
        "side": side_of(ticket),
        "slOrdPx": "-1" if stop else "",
        "slTriggerPx": trigger if stop else "",
        "slTriggerPxType": "mark" if stop else "",
        "state": ALGO_STATES[order.state],
        "sz": text(order.quantity),
        "tag": "",
        "tdMode": "isolated",
        "tpOrdPx": "" if stop else "-1",
        "tpTriggerPx": "" if stop else trigger,
        "tpTriggerPxType": "" if stop else "mark",
        "triggerPx": "",
        "triggerTime": at if fired else "",
        "uTime": at,
    }
