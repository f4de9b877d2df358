"""Binance's dictionaries made values, and tickets made its parameters."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from cbc_adapters.exchange.ccxt.dialect import Closed
from cbc_adapters.exchange.ccxt.translate import Vendor, ending_of, instant, number
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
KINDS: Final = {Leg.STOP: "STOP_MARKET", Leg.TARGET: "TAKE_PROFIT_MARKET"}


def _side(ticket: Ticket) -> str:
    return "BUY" if (ticket.side is Side.LONG) == (ticket.leg is Leg.ENTRY) else "SELL"


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
        "type": KINDS[ticket.leg],
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


def closings_of(trades: Sequence[Vendor], fundings: Sequence[Vendor], side: Side) -> Sequence[Closed]:
    """Walk the trades of a symbol: what was opened first gives its fees to what closes it."""
    held = opening_fees = Decimal(0)
    orders: dict[str, list[Vendor]] = {}
    told: list[Closed] = []
    for trade in trades:
        orders.setdefault(str(trade["orderId"]), []).append(trade)
    for group in orders.values():
        sells = group[0]["side"] == "SELL"
        if group[0]["positionSide"] not in {"BOTH", side.value}:
            continue
        closes = sells == (side is Side.LONG)
        quantity = sum((number(one["qty"]) for one in group), start=Decimal(0))
        if not closes:
            held += quantity
            opening_fees += sum((number(one["commission"]) for one in group), start=Decimal(0))
            continue
        told.append(_closed(group, quantity, held, opening_fees))
        share = min(quantity / held, Decimal(1)) if held else Decimal(0)
        opening_fees -= opening_fees * share
        held = max(held - quantity, Decimal(0))
    return told


def _closed(group: Sequence[Vendor], quantity: Decimal, held: Decimal, opening_fees: Decimal) -> Closed:
    fills = [fill_of(one, "") for one in group]
    share = min(quantity / held, Decimal(1)) if held else Decimal(0)
    realised = sum((number(one["realizedPnl"]) for one in group), start=Decimal(0))
    paid = sum((fill.fee for fill in fills), start=Decimal(0))
    return Closed(ending_of(fills, liquidated=False), realised - paid - opening_fees * share)
