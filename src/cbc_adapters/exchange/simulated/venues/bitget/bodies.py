"""What Bitget writes of a plain order and of its trades, on REST and on its stream alike."""

from decimal import Decimal
from typing import Final

from cbc_adapters.exchange.simulated.model import VenueAccount, VenueOrder
from cbc_adapters.exchange.simulated.moves import LIQUIDATION
from cbc_adapters.exchange.simulated.venues.bitget.presets import client_oid
from cbc_adapters.exchange.simulated.venues.order_numbers import order_number, plain_number
from cbc_adapters.exchange.simulated.venues.wire import Json, milliseconds, text
from cbc_domain.kernel.venues import Side
from cbc_domain.ports.exchange import ReportState, Ticket
from cbc_domain.trading.model import Leg

STATES: Final = {
    ReportState.LIVE: "live",
    ReportState.PARTIALLY_FILLED: "partially_filled",
    ReportState.FILLED: "filled",
    ReportState.CANCELLED: "canceled",
    ReportState.REJECTED: "canceled",
}


def named_ids(order: VenueOrder) -> Json:
    return {"orderId": str(order_number(order.venue_order_id)), "clientOid": client_oid(order)}


def plain_client_id(order: VenueOrder) -> str:
    return order.ticket.client_id if order.ticket.trigger is None else str(order_number(order.venue_order_id))


def side_of(ticket: Ticket, hedge: bool) -> str:
    """In hedge mode the direction of the position, opening and closing alike."""
    return "buy" if (ticket.side is Side.LONG if hedge else ticket.buys) else "sell"


def trade_side(order: VenueOrder, hedge: bool) -> str:
    ticket = order.ticket
    if order.code == LIQUIDATION:
        named = "close_long" if ticket.side is Side.LONG else "close_short"
        return f"burst_{named}" if hedge else f"burst_{side_of(ticket, hedge)}_single"
    if hedge:
        return "open" if ticket.leg is Leg.ENTRY else "close"
    return f"{side_of(ticket, hedge)}_single"


def position_side(ticket: Ticket, hedge: bool) -> str:
    return ("long" if ticket.side is Side.LONG else "short") if hedge else "net"


def order_body(account: VenueAccount, order: VenueOrder) -> Json:
    filled = sum((fill.quantity for fill in order.fills), start=Decimal(0))
    value = sum((fill.quantity * fill.price for fill in order.fills), start=Decimal(0))
    ticket, at = order.ticket, str(milliseconds(order.at))
    return {
        "symbol": ticket.symbol,
        "size": text(order.quantity),
        "orderId": str(plain_number(order)),
        "clientOid": plain_client_id(order),
        "baseVolume": text(filled),
        "fee": text(-sum((fill.fee for fill in order.fills), start=Decimal(0))),
        "price": "",
        "priceAvg": text(value / filled) if filled else "",
        "state": STATES[order.state],
        "side": side_of(ticket, account.hedge),
        "force": "gtc",
        "totalProfits": "0",
        "posSide": position_side(ticket, account.hedge),
        "marginCoin": "USDT",
        "presetStopSurplusPrice": "",
        "presetStopLossPrice": "",
        "quoteVolume": text(value),
        "orderType": "market",
        "leverage": str(account.leverage.get(ticket.symbol, 1)),
        "marginMode": "isolated",
        "reduceOnly": "NO" if ticket.leg is Leg.ENTRY or account.hedge else "YES",
        "enterPointSource": "SYS" if order.code == LIQUIDATION else "API",
        "tradeSide": trade_side(order, account.hedge),
        "posMode": "hedge_mode" if account.hedge else "one_way_mode",
        "orderSource": "normal",
        "cTime": at,
        "uTime": at,
    }


def trades(account: VenueAccount, order: VenueOrder) -> list[Json]:
    realised = {closing.fill: closing.realised for closing in account.closings}
    return [
        {
            "tradeId": str(order_number(fill.id)),
            "symbol": order.ticket.symbol,
            "orderId": str(plain_number(order)),
            "price": text(fill.price),
            "baseVolume": text(fill.quantity),
            "feeDetail": [{"deduction": "no", "feeCoin": "USDT", "totalDeductionFee": None, "totalFee": text(-fill.fee)}],
            "side": side_of(order.ticket, account.hedge),
            "quoteVolume": text(fill.price * fill.quantity),
            "profit": text(realised.get(fill.id, Decimal(0))),
            "enterPointSource": "SYS" if order.code == LIQUIDATION else "API",
            "tradeSide": trade_side(order, account.hedge),
            "posMode": "hedge_mode" if account.hedge else "one_way_mode",
            "tradeScope": "maker" if fill.maker else "taker",
            "cTime": str(milliseconds(fill.at)),
        }
        for fill in order.fills
    ]
