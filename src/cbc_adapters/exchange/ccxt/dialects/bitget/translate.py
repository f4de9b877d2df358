"""Bitget's dictionaries made values, and tickets made its parameters."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from cbc_adapters.exchange.ccxt.translate import EARLIER, Vendor, instant, number
from cbc_domain.kernel.venues import Side, Symbol
from cbc_domain.ports.exchange import Holding, ReportState, Ticket, Travelled
from cbc_domain.trading.model import Fill, Leg
from cbc_domain.trading.orders import leg_of
from cbc_domain.trading.sizes import Bracket, Instrument

PRODUCT: Final = {"productType": "USDT-FUTURES"}
IN_USDT: Final = PRODUCT | {"marginCoin": "USDT"}
CONDITIONAL: Final = {Leg.STOP: "loss_plan", Leg.TARGET: "profit_plan"}
"""Stop and target, in the venue's words."""
TRAVELLING: Final = frozenset({"loss_plan", "pos_loss"})
"""What Bitget makes of a stop that came with an entry: the first was seen, and the second is told of (decision 19)."""
STATES: Final = {
    "init": ReportState.LIVE,
    "new": ReportState.LIVE,
    "live": ReportState.LIVE,
    "partially_filled": ReportState.PARTIALLY_FILLED,
    "filled": ReportState.FILLED,
    "canceled": ReportState.CANCELLED,
    "cancelled": ReportState.CANCELLED,
}
PLAN_STATES: Final = {
    "live": ReportState.LIVE,
    "not_trigger": ReportState.LIVE,
    "executing": ReportState.LIVE,
    # What became of it is told by the order that it became.
    "executed": ReportState.LIVE,
    "cancelled": ReportState.CANCELLED,
    "fail_trigger": ReportState.REJECTED,
    "fail_execute": ReportState.REJECTED,
}


def plain_order(ticket: Ticket, hedge: bool, attached: Sequence[Ticket] = ()) -> dict[str, str]:
    """In hedge mode `side` names the position's direction, opening and closing alike (EXC-06).

    The stop of an entry is made once that is done, under no id of ours.
    """
    enters, long = ticket.leg is Leg.ENTRY, ticket.side is Side.LONG
    stops = [{"presetStopLossPrice": format(stop.trigger or Decimal(0), "f")} for stop in attached]
    if hedge:
        direction = {"side": "buy" if long else "sell", "tradeSide": "open" if enters else "close"}
    else:
        direction = {"side": "buy" if ticket.buys else "sell", "reduceOnly": "NO" if enters else "YES"}
    return {
        **IN_USDT,
        "symbol": ticket.symbol,
        "marginMode": "isolated",
        "orderType": "market",
        "size": format(ticket.quantity, "f"),
        "clientOid": ticket.client_id,
        **direction,
        **(stops[0] if stops else {}),
    }


def plan_order(ticket: Ticket, hedge: bool) -> dict[str, str]:
    """A stop or target, executed at market; it can only reduce the position that `holdSide` names."""
    long = ticket.side is Side.LONG
    return {
        **IN_USDT,
        "symbol": ticket.symbol,
        "planType": CONDITIONAL[ticket.leg],
        "triggerPrice": format(ticket.trigger or Decimal(0), "f"),
        "triggerType": "mark_price",
        "executePrice": "0",
        "holdSide": hold_side(ticket.side) if hedge else ("buy" if long else "sell"),
        "size": format(ticket.quantity, "f"),
        "clientOid": ticket.client_id,
    }


def came_with_entry(plan: Vendor, travelled: Travelled) -> bool:
    """Whether a plan is the stop that an entry brought along, which the venue names itself.

    A long's stop waits below the price and a short's above it, so that the price tells the side, too.
    """
    own = plan["planType"] in TRAVELLING and leg_of(plan["clientOid"] or "") is None
    lately = instant(plan["cTime"]) >= travelled.since - EARLIER
    return bool(own and lately and number(plan["triggerPrice"]) == travelled.trigger)


def hold_side(side: Side) -> str:
    return "long" if side is Side.LONG else "short"


def instrument_of(told: Vendor) -> Instrument:
    largest = number(told.get("maxMarketOrderQty"))
    return Instrument(
        symbol=Symbol(told["symbol"]),
        tick=number(told["priceEndStep"]).scaleb(-int(told["pricePlace"])),
        step=number(told["sizeMultiplier"]),
        min_quantity=number(told["minTradeNum"]),
        min_notional=number(told["minTradeUSDT"]),
        brackets=(),
        max_market_quantity=largest or None,
        taker_fee=number(told["takerFeeRate"]),
        maker_fee=number(told["makerFeeRate"]),
        tradable=told["symbolStatus"] == "normal",
    )


def bracket_of(told: Vendor) -> Bracket:
    return Bracket(number(told["endUnit"]), int(told["leverage"]), number(told["keepMarginRate"]))


def holding_of(told: Vendor) -> Holding:
    side = Side.LONG if told["holdSide"] == "long" else Side.SHORT
    return Holding(Symbol(told["symbol"]), side, number(told["total"]))


def fill_of(told: Vendor, client_id: str) -> Fill:
    """Fees come as negative numbers."""
    paid = sum((number(part["totalFee"]) for part in told["feeDetail"]), start=Decimal(0))
    return Fill(
        str(told["tradeId"]),
        client_id,
        number(told["baseVolume"]),
        number(told["price"]),
        -paid,
        instant(told["cTime"]),
        told["tradeScope"] == "maker",
    )


def closes(trade: Vendor, side: Side) -> bool | None:
    """Whether a trade closes a side (True), opens it (False) or is about the other one (None).

    In one-way mode the other one's opening looks like a closing of this one.
    """
    buys, what = bool(trade["side"] == "buy"), str(trade["tradeSide"])
    if trade["posMode"] != "hedge_mode":
        return buys != (side is Side.LONG)
    # What the venue closes by itself is named "burst_close_long", what is ordered "close" with the side beside it.
    about_long = what.endswith("_long") or (buys and not what.endswith("_short"))
    return what != "open" if about_long == (side is Side.LONG) else None


def liquidates(trade: Vendor) -> bool:
    return str(trade["tradeSide"]).startswith(("burst_", "reduce_"))
