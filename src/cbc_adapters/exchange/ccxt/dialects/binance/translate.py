"""Binance's dictionaries made values, and tickets made its parameters."""

from decimal import Decimal
from typing import Final

from cbc_adapters.exchange.ccxt.translate import Vendor, instant, number
from cbc_domain.kernel.venues import Side, Symbol
from cbc_domain.ports.exchange import Holding, ReportState, Ticket
from cbc_domain.trading.model import Fill, Leg
from cbc_domain.trading.sizes import Bracket, Instrument

STATES: Final = {
    "NEW": ReportState.LIVE,
    "PARTIALLY_FILLED": ReportState.PARTIALLY_FILLED,
    "FILLED": ReportState.FILLED,
    "CANCELED": ReportState.CANCELLED,
    "EXPIRED": ReportState.CANCELLED,
    "EXPIRED_IN_MATCH": ReportState.CANCELLED,
    "REJECTED": ReportState.REJECTED,
    "TRIGGERING": ReportState.LIVE,
    "TRIGGERED": ReportState.LIVE,
    "FINISHED": ReportState.FILLED,
}
STANDS: Final = "NEW"
"""Whoever placed an order knows this already: of a stream it is no news."""
CONDITIONAL: Final = {Leg.STOP: "STOP_MARKET", Leg.TARGET: "TAKE_PROFIT_MARKET"}
"""Stop and target, in the venue's words."""


def _side(ticket: Ticket) -> str:
    return "BUY" if ticket.buys else "SELL"


def _mode(ticket: Ticket, hedge: bool) -> dict[str, str]:
    """In hedge mode an order names its side and reduces by that; elsewhere it says that it reduces (EXC-06)."""
    if hedge:
        return {"positionSide": ticket.side.value}
    return {"reduceOnly": "true"} if ticket.leg is not Leg.ENTRY else {}


def plain_order(ticket: Ticket, hedge: bool) -> dict[str, str]:
    return {
        "symbol": ticket.symbol,
        "side": _side(ticket),
        "type": "MARKET",
        "quantity": format(ticket.quantity, "f"),
        "newClientOrderId": ticket.client_id,
        "newOrderRespType": "RESULT",
        **_mode(ticket, hedge),
    }


def algo_order(ticket: Ticket, hedge: bool) -> dict[str, str]:
    return {
        "algoType": "CONDITIONAL",
        "symbol": ticket.symbol,
        "side": _side(ticket),
        "type": CONDITIONAL[ticket.leg],
        "quantity": format(ticket.quantity, "f"),
        "triggerPrice": format(ticket.trigger or Decimal(0), "f"),
        "workingType": "MARK_PRICE",
        "clientAlgoId": ticket.client_id,
        **_mode(ticket, hedge),
    }


def instrument_of(told: Vendor) -> Instrument:
    filters = {one["filterType"]: one for one in told["filters"]}
    lot = filters.get("MARKET_LOT_SIZE", filters["LOT_SIZE"])
    return Instrument(
        symbol=Symbol(told["symbol"]),
        tick=number(filters["PRICE_FILTER"]["tickSize"]),
        step=number(filters["LOT_SIZE"]["stepSize"]),
        min_quantity=number(lot["minQty"]),
        min_notional=number(filters["MIN_NOTIONAL"]["notional"]),
        brackets=(),
        max_market_quantity=number(lot["maxQty"]),
        tradable=told["status"] == "TRADING",
    )


def bracket_of(told: Vendor) -> Bracket:
    cap = number(told["notionalCap"])
    return Bracket(cap if cap < 2**60 else None, int(told["initialLeverage"]), number(told["maintMarginRatio"]))


def holding_of(told: Vendor) -> Holding:
    amount = number(told["positionAmt"])
    one_way = Side.LONG if amount > 0 else Side.SHORT
    side = one_way if told["positionSide"] == "BOTH" else Side(told["positionSide"])
    return Holding(Symbol(told["symbol"]), side, abs(amount))


def fill_of(told: Vendor, client_id: str) -> Fill:
    return Fill(
        str(told["id"]),
        client_id,
        number(told["qty"]),
        number(told["price"]),
        number(told["commission"]),
        instant(told["time"]),
        bool(told["maker"]),
    )
