"""Bybit's dictionaries made values, and tickets made its parameters."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from cbc_adapters.exchange.ccxt.dialect import Balance, Closed
from cbc_adapters.exchange.ccxt.translate import EARLIER, EPOCH, Vendor, ending_of, instant, number
from cbc_domain.kernel.rounding import EXACT
from cbc_domain.kernel.venues import Side, Symbol
from cbc_domain.ports.exchange import Holding, ReportState, Ticket, Travelled
from cbc_domain.ports.venue_keys import KeyFindings
from cbc_domain.trading.model import Fill, Leg
from cbc_domain.trading.sizes import Bracket, Instrument

LINEAR: Final = "linear"
STATES: Final = {
    "Created": ReportState.LIVE,
    "New": ReportState.LIVE,
    "Untriggered": ReportState.LIVE,
    "Triggered": ReportState.LIVE,
    "PartiallyFilled": ReportState.PARTIALLY_FILLED,
    "Filled": ReportState.FILLED,
    "PartiallyFilledCanceled": ReportState.CANCELLED,
    "Cancelled": ReportState.CANCELLED,
    "Deactivated": ReportState.CANCELLED,
    "Rejected": ReportState.REJECTED,
}
NO_NEWS: Final = frozenset({"Created", "New", "Untriggered", "Triggered"})
"""An order that was placed stands; what was triggered tells its fills next."""
RISES, FALLS = 1, 2
"""Which way the price has to go to trigger."""
FUNDING: Final = "Funding"
WHOLE: Final = "Full"
"""A stop for the whole position, whatever its size."""
TAKEN_OVER: Final = "BustTrade"
LEAVES_THE_ACCOUNT: Final = frozenset({"Withdraw", "SubMemberTransfer"})
"""Wallet permissions that move money to somebody else (KEY-03); AccountTransfer stays with the member."""


def side_word(*, buys: bool) -> str:
    return "Buy" if buys else "Sell"


def order_of(ticket: Ticket, hedge: bool, attached: Sequence[Ticket] = ()) -> dict[str, object]:
    """In hedge mode an order names its side by `positionIdx`; whatever closes is reduce-only in both (EXC-06, ORD-11).

    The stop of an entry stands for the whole position from its first fill on, under no id of ours.
    """
    opens, long = ticket.leg is Leg.ENTRY, ticket.side is Side.LONG
    order: dict[str, object] = {
        "category": LINEAR,
        "symbol": ticket.symbol,
        "side": side_word(buys=ticket.buys),
        "orderType": "Market",
        "qty": format(ticket.quantity, "f"),
        "orderLinkId": ticket.client_id,
        "positionIdx": (1 if long else 2) if hedge else 0,
    }
    if not opens:
        order["reduceOnly"] = True
    if ticket.trigger is not None:
        order |= {
            "triggerPrice": format(ticket.trigger, "f"),
            "triggerBy": "MarkPrice",
            "triggerDirection": FALLS if (ticket.leg is Leg.STOP) == long else RISES,
            "closeOnTrigger": True,
        }
    for stop in attached:
        order |= {"stopLoss": format(stop.trigger or Decimal(0), "f"), "slTriggerBy": "MarkPrice", "tpslMode": WHOLE}
    return order


def came_with_entry(told: Vendor, travelled: Travelled) -> bool:
    """Whether an order is the stop that an entry brought along, which the venue names itself."""
    own = told["stopOrderType"] == "StopLoss" and not told["orderLinkId"]
    closes = told["side"] == side_word(buys=travelled.side is Side.SHORT)
    lately = instant(told["createdTime"]) >= travelled.since - EARLIER
    return bool(own and closes and lately and number(told["triggerPrice"]) == travelled.trigger)


def is_linear_perpetual(told: Vendor) -> bool:
    return bool(told["contractType"] == "LinearPerpetual" and told["settleCoin"] == "USDT")


def instrument_of(told: Vendor) -> Instrument:
    lot = told["lotSizeFilter"]
    return Instrument(
        symbol=Symbol(told["symbol"]),
        tick=number(told["priceFilter"]["tickSize"]),
        step=number(lot["qtyStep"]),
        min_quantity=number(lot["minOrderQty"]),
        min_notional=number(lot.get("minNotionalValue")),
        brackets=(),
        max_market_quantity=number(lot.get("maxMktOrderQty") or lot["maxOrderQty"]),
        tradable=told["status"] == "Trading",
    )


def bracket_of(told: Vendor) -> Bracket:
    """Rates have been told as fractions and as percent: with the initial margin, 1 / leverage, it is known which."""
    rate, leverage = number(told["maintenanceMargin"]), number(told["maxLeverage"])
    in_percent = number(told["initialMargin"]) * leverage > 10
    return Bracket(number(told["riskLimitValue"]), int(leverage), rate / 100 if in_percent else rate)


def balance_of(account: Vendor) -> Balance:
    """USDT alone; what is told of the whole account, in USD, is empty while margin is isolated."""
    coin: Vendor = next((one for one in account["coin"] if one["coin"] == "USDT"), {})
    in_use = number(coin.get("totalPositionIM")) + number(coin.get("totalOrderIM"))
    free = number(coin.get("walletBalance")) - in_use - number(coin.get("locked")) - number(coin.get("bonus"))
    if account["totalAvailableBalance"]:
        free = min(free, number(account["totalAvailableBalance"]))
    return Balance(number(coin.get("equity")), max(free, Decimal(0)), in_use)


def holding_of(told: Vendor) -> Holding:
    """The side is told even of a one-way position; it is empty where nothing is held."""
    return Holding(Symbol(told["symbol"]), Side.SHORT if told["side"] == "Sell" else Side.LONG, number(told["size"]))


def fill_of(told: Vendor, client_id: str) -> Fill:
    return Fill(
        str(told["execId"]),
        client_id,
        number(told["execQty"]),
        number(told["execPrice"]),
        number(told["execFee"]),
        instant(told["execTime"]),
        bool(told["isMaker"]),
    )


def closings_of(executions: Sequence[Vendor], profits: Sequence[Vendor], side: Side) -> Sequence[Closed]:
    """Join what was executed with the venue's own results (net of fees and funding), order by order.

    A closing whose result the venue has not written yet is left out.
    """
    net: dict[str, Decimal] = defaultdict(Decimal)
    for row in profits:
        net[row["orderId"]] += number(row["closedPnl"])
    fundings = [one for one in executions if one["execType"] == FUNDING and one["side"] == side_word(buys=side is Side.LONG)]
    orders: dict[str, list[Vendor]] = {}
    for one in sorted(executions, key=lambda one: (int(one["execTime"]), one["execId"])):
        if _closes(one, side):
            orders.setdefault(one["orderId"], []).append(one)
    told = []
    for order_id, group in orders.items():
        until = int(group[-1]["execTime"])
        paid = sum((number(one["execFee"]) for one in fundings if int(one["execTime"]) <= until), start=Decimal(0))
        fundings = [one for one in fundings if int(one["execTime"]) > until]
        if order_id in net:
            liquidated = any(one["execType"] == TAKEN_OVER for one in group)
            ending = ending_of([_closing_part(one) for one in group], liquidated=liquidated, funding=paid)
            told.append(Closed(ending, net[order_id]))
    return told


def _closes(told: Vendor, side: Side) -> bool:
    closing = side_word(buys=side is Side.SHORT)
    return bool(told["execType"] != FUNDING and told["side"] == closing and number(told["closedSize"]))


def _closing_part(told: Vendor) -> Fill:
    """An order that turns a one-way position around closes with a part of its execution only."""
    whole, closed, fee = number(told["execQty"]), number(told["closedSize"]), number(told["execFee"])
    share = fee if closed == whole else EXACT.divide(EXACT.multiply(fee, closed), whole)
    return Fill(str(told["execId"]), "", closed, number(told["execPrice"]), share, instant(told["execTime"]))


def findings_of(told: Vendor, positions: Sequence[Vendor]) -> KeyFindings:
    may = told["permissions"]
    trades = {"Order", "Position"} <= set(may["ContractTrade"]) or "DerivativesTrade" in may["Derivatives"]
    return KeyFindings(
        reads=True,
        trades=trades and not int(told["readOnly"]),
        withdraws=bool(LEAVES_THE_ACCOUNT & set(may["Wallet"])),
        hedge=any(int(one["positionIdx"]) for one in positions),
        restricted=bool(set(told["ips"]) - {"*"}),
        expires_at=_expiry(told.get("expiredAt")),
    )


def _expiry(text: str | None) -> datetime | None:
    """A key that is bound to addresses does not expire, and the venue then tells the beginning of time."""
    at = datetime.fromisoformat(text) if text else EPOCH
    return at if at > EPOCH else None
