"""Orders on Binance's wire: plain ones and the conditional ones of the algo service, over the engine's tickets."""

from decimal import Decimal
from typing import Final

from cbc_adapters.exchange.simulated.model import VenueAccount, VenueOrder
from cbc_adapters.exchange.simulated.venues.binance.market import listed
from cbc_adapters.exchange.simulated.venues.binance.refusals import Wrong
from cbc_adapters.exchange.simulated.venues.house import House, IssuedKey
from cbc_adapters.exchange.simulated.venues.order_numbers import numbered, order_number, plain_number
from cbc_adapters.exchange.simulated.venues.wire import Json, decimal_of, milliseconds, text
from cbc_domain.kernel.venues import Side
from cbc_domain.ports.exchange import ReportState, Ticket
from cbc_domain.trading.model import Leg

STATES: Final = {
    ReportState.LIVE: "NEW",
    ReportState.PARTIALLY_FILLED: "PARTIALLY_FILLED",
    ReportState.FILLED: "FILLED",
    ReportState.CANCELLED: "CANCELED",
    ReportState.REJECTED: "REJECTED",
}
ALGO_STATES: Final = STATES | {ReportState.FILLED: "FINISHED", ReportState.PARTIALLY_FILLED: "TRIGGERED"}
CONDITIONAL: Final = {"STOP_MARKET": Leg.STOP, "TAKE_PROFIT_MARKET": Leg.TARGET}
KIND_OF: Final = {leg: kind for kind, leg in CONDITIONAL.items()}

Parameters = dict[str, str]


def leg_of(parameters: Parameters) -> Leg:
    if (kind := parameters.get("type", "")) in CONDITIONAL:
        return CONDITIONAL[kind]
    reduces = parameters.get("reduceOnly") == "true" or (
        parameters.get("positionSide", "BOTH") != "BOTH"
        and (parameters.get("side") == "SELL") == (parameters.get("positionSide") == "LONG")
    )
    return Leg.EXIT if reduces else Leg.ENTRY


def place(house: House, key: IssuedKey, parameters: Parameters) -> Json:
    """POST /fapi/v1/order."""
    kind = parameters.get("type")
    if kind in CONDITIONAL:
        raise Wrong(-4120, "Order type not supported for this endpoint. Please use the Algo Order API endpoints instead.")
    if kind != "MARKET":
        raise Wrong(-1116, "Invalid orderType.")
    ticket = _ticket(house, key, parameters, parameters.get("newClientOrderId"))
    # As the venue does it: an id is unique among the orders that stand.
    house.forget_id(key.account, ticket.client_id)
    house.engine.place(key.account, ticket, house.now(), fraction=house.take_fraction())
    account = house.account(key.account)
    return order_body(account.orders[ticket.client_id], hedge=account.hedge)


def place_algo(house: House, key: IssuedKey, parameters: Parameters) -> Json:
    """POST /fapi/v1/algoOrder."""
    if parameters.get("algoType") != "CONDITIONAL" or parameters.get("type") not in CONDITIONAL:
        raise Wrong(-1116, "Invalid orderType.")
    ticket = _ticket(house, key, parameters, parameters.get("clientAlgoId"))
    house.engine.place(key.account, ticket, house.now())
    account = house.account(key.account)
    return algo_body(account.orders[ticket.client_id], hedge=account.hedge)


def _ticket(house: House, key: IssuedKey, parameters: Parameters, client_id: str | None) -> Ticket:
    instrument, account = listed(house, parameters.get("symbol")), house.account(key.account)
    position_side, reduce_only = parameters.get("positionSide", "BOTH"), parameters.get("reduceOnly") == "true"
    if account.hedge != (position_side != "BOTH"):
        raise Wrong(-4061, "Order's position side does not match user's setting.")
    if account.hedge and reduce_only:
        raise Wrong(-1106, "Parameter 'reduceonly' sent when not required.")
    leg, buys = leg_of(parameters), parameters.get("side") == "BUY"
    closes = leg is not Leg.ENTRY
    if leg in CONDITIONAL.values() and not account.hedge and not reduce_only and parameters.get("closePosition") != "true":
        raise Wrong(-1102, "Mandatory parameter 'reduceOnly' was not sent; the simulated venue opens nothing by a trigger.")
    side = Side.LONG if buys != closes else Side.SHORT
    if account.hedge and position_side != side:
        raise Wrong(-2022, "ReduceOnly Order is rejected.")
    choices = house.choices(key.account, instrument.symbol)
    trigger = parameters.get("triggerPrice")
    return Ticket(
        client_id or f"auto-{account.last_number + 1}",
        instrument.symbol,
        side,
        leg,
        _decimal(parameters.get("quantity")),
        _decimal(trigger) if trigger else None,
        choices.leverage if leg is Leg.ENTRY else None,
    )


def _decimal(value: str | None) -> Decimal:
    number = decimal_of(value)
    if number is None:
        raise Wrong(-1102, "Mandatory parameter 'quantity' was not sent, was empty/null, or malformed.")
    if number <= 0:
        raise Wrong(-4003, "Quantity less than or equal to zero.")
    return number


def show(house: House, key: IssuedKey, parameters: Parameters) -> Json:
    return order_body(_plain(house, key, parameters), hedge=house.account(key.account).hedge)


def cancel_plain(house: House, key: IssuedKey, parameters: Parameters) -> Json:
    _cancel(house, key, _plain(house, key, parameters, gone=-2011))
    return show(house, key, parameters)


def open_plain(house: House, key: IssuedKey, parameters: Parameters) -> Json:
    account, symbol = house.account(key.account), parameters.get("symbol")
    standing = [order for order in account.orders.values() if order.open and order.ticket.trigger is None]
    return [order_body(each, hedge=account.hedge) for each in standing if symbol in {None, each.ticket.symbol}]


def show_algo(house: House, key: IssuedKey, parameters: Parameters) -> Json:
    return algo_body(_algo(house, key, parameters), hedge=house.account(key.account).hedge)


def cancel_algo(house: House, key: IssuedKey, parameters: Parameters) -> Json:
    order = _algo(house, key, parameters, gone=-2011)
    _cancel(house, key, order)
    number = order_number(order.venue_order_id)
    return {"algoId": number, "clientAlgoId": order.ticket.client_id, "code": "200", "msg": "success"}


def open_algo(house: House, key: IssuedKey, parameters: Parameters) -> Json:
    account, symbol = house.account(key.account), parameters.get("symbol")
    standing = [order for order in account.orders.values() if order.open and order.ticket.trigger is not None]
    return [algo_body(each, hedge=account.hedge) for each in standing if symbol in {None, each.ticket.symbol}]


def _plain(house: House, key: IssuedKey, parameters: Parameters, gone: int = -2013) -> VenueOrder:
    """A plain order, or the plain order that an algo order became."""
    number = parameters.get("orderId")
    if number is not None:
        order = house.order(key.account, number=numbered(int(number))[0])
    else:
        order = house.order(key.account, client_id=parameters.get("origClientOrderId", ""))
    if order is None or (order.ticket.trigger is not None and not order.fills):
        raise Wrong(gone, "Order does not exist." if gone == -2013 else "Unknown order sent.")
    return order


def _algo(house: House, key: IssuedKey, parameters: Parameters, gone: int = -2013) -> VenueOrder:
    number = parameters.get("algoId")
    order = house.order(
        key.account, client_id=parameters.get("clientAlgoId"), number=int(number) if number is not None else None
    )
    if order is None or order.ticket.trigger is None:
        raise Wrong(gone, "Order does not exist." if gone == -2013 else "Unknown order sent.")
    return order


def _cancel(house: House, key: IssuedKey, order: VenueOrder) -> None:
    if not order.open:
        raise Wrong(-2011, "Unknown order sent.")
    house.engine.cancel(key.account, order.ticket.client_id, house.now())


def order_body(order: VenueOrder, *, hedge: bool) -> Json:
    filled = sum((fill.quantity for fill in order.fills), start=Decimal(0))
    value = sum((fill.quantity * fill.price for fill in order.fills), start=Decimal(0))
    ticket = order.ticket
    return {
        "orderId": plain_number(order),
        "symbol": ticket.symbol,
        "status": STATES[order.state],
        "clientOrderId": ticket.client_id,
        "price": "0.00",
        "avgPrice": text(value / filled) if filled else "0.00",
        "origQty": text(order.quantity),
        "executedQty": text(filled),
        "cumQty": text(filled),
        "cumQuote": text(value),
        "timeInForce": "GTC",
        "type": "MARKET",
        "reduceOnly": ticket.leg is not Leg.ENTRY,
        "closePosition": False,
        "side": side_of(ticket),
        "positionSide": position_side(order.ticket, hedge),
        "stopPrice": "0.00",
        "workingType": "CONTRACT_PRICE",
        "priceProtect": False,
        "origType": "MARKET",
        "time": milliseconds(order.at),
        "updateTime": milliseconds(order.at),
    }


def algo_body(order: VenueOrder, *, hedge: bool) -> Json:
    ticket, at = order.ticket, milliseconds(order.at)
    return {
        "algoId": order_number(order.venue_order_id),
        "clientAlgoId": ticket.client_id,
        "algoType": "CONDITIONAL",
        "orderType": KIND_OF[ticket.leg],
        "symbol": ticket.symbol,
        "side": side_of(ticket),
        "positionSide": position_side(order.ticket, hedge),
        "timeInForce": "GTC",
        "quantity": text(order.quantity),
        "algoStatus": ALGO_STATES[order.state],
        "triggerPrice": text(ticket.trigger or Decimal(0)),
        "price": "0.00",
        "workingType": "MARK_PRICE",
        "closePosition": False,
        "priceProtect": False,
        "reduceOnly": True,
        "createTime": at,
        "updateTime": at,
        "triggerTime": at if order.fills else 0,
        "actualOrderId": str(plain_number(order)) if order.fills else "",
        "actualPrice": text(order.fills[-1].price) if order.fills else "0.00",
        "goodTillDate": 0,
    }


def position_side(ticket: Ticket, hedge: bool) -> str:
    return ticket.side.value if hedge else "BOTH"


def side_of(ticket: Ticket) -> str:
    return "BUY" if ticket.buys else "SELL"


def trade_bodies(account: VenueAccount, order: VenueOrder) -> list[Json]:
    realised = {closing.fill: closing.realised for closing in account.closings}
    return [
        {
            "symbol": order.ticket.symbol,
            "id": order_number(fill.id),
            "orderId": plain_number(order),
            "side": side_of(order.ticket),
            "price": text(fill.price),
            "qty": text(fill.quantity),
            "realizedPnl": text(realised.get(fill.id, Decimal(0))),
            "quoteQty": text(fill.price * fill.quantity),
            "commission": text(fill.fee),
            "commissionAsset": "USDT",
            "time": milliseconds(fill.at),
            "buyer": side_of(order.ticket) == "BUY",
            "maker": fill.maker,
            "positionSide": position_side(order.ticket, account.hedge),
        }
        for fill in order.fills
    ]
