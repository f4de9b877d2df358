"""Orders on Bybit's wire, plain and conditional ones alike, over the engine's tickets."""

from datetime import timedelta
from decimal import Decimal
from typing import Final

from cbc_adapters.exchange.simulated.model import VenueOrder
from cbc_adapters.exchange.simulated.travelling import travels
from cbc_adapters.exchange.simulated.venues.bybit.bodies import FALLS, RISES, named, order_body, order_id
from cbc_adapters.exchange.simulated.venues.bybit.market import LINEAR, listed, page, positive
from cbc_adapters.exchange.simulated.venues.bybit.refusals import Wrong
from cbc_adapters.exchange.simulated.venues.bybit.stops import attached, replace_older
from cbc_adapters.exchange.simulated.venues.house import House, IssuedKey
from cbc_adapters.exchange.simulated.venues.wire import Json
from cbc_domain.kernel.venues import Side
from cbc_domain.ports.exchange import Ticket
from cbc_domain.trading.model import Leg
from cbc_domain.trading.sizes import Instrument

LONGEST_ID: Final = 36
"""Characters of a client id."""
RECENT: Final = 500
"""Closed orders that are still told as if they were open ones."""
UNFILLED_LAST: Final = timedelta(hours=24)
"""How long an order that ended without a fill stays in the history."""


def leg_of(given: Json) -> Leg:
    """Entry, exit, stop or target: told apart by what a trigger waits for and which side is closed."""
    buys = given.get("side") == "Buy"
    if given.get("triggerPrice"):
        return Leg.STOP if (given.get("triggerDirection") == FALLS) != buys else Leg.TARGET
    index = given.get("positionIdx", 0)
    reduces = bool(given.get("reduceOnly")) or (index == 1 and not buys) or (index == 2 and buys)
    return Leg.EXIT if reduces else Leg.ENTRY


def create(house: House, key: IssuedKey, given: Json) -> Json:
    """POST /v5/order/create: the answer names the order and says nothing of what became of it."""
    instrument, account = listed(house, given), house.account(key.account)
    if given.get("orderType") != "Market":
        raise Wrong(10001, "params error: the simulated venue takes market orders only")
    client_id = str(given.get("orderLinkId") or f"auto-{account.last_number + 1}")
    if len(client_id) > LONGEST_ID:
        raise Wrong(10001, "params error: orderLinkId is too long")
    if house.order(key.account, client_id=client_id) is not None:
        raise Wrong(110072, "OrderLinkedID is duplicate")
    ticket = _ticket(house, key, instrument, given, client_id)
    carried = attached(house, given, ticket)
    fraction = house.take_fraction() if ticket.trigger is None else None
    house.engine.place(key.account, ticket, house.now(), carried, fraction=fraction)
    for stop in carried:
        replace_older(house, key, stop)
    return named(account.orders[client_id])


def _ticket(house: House, key: IssuedKey, instrument: Instrument, given: Json, client_id: str) -> Ticket:
    leg, side = leg_of(given), _side(given, hedge=house.account(key.account).hedge)
    trigger = positive(given.get("triggerPrice"), "triggerPrice") if given.get("triggerPrice") else None
    if trigger is not None:
        _check_trigger(house, instrument, given, trigger)
    leverage = house.choices(key.account, instrument.symbol).leverage if leg is Leg.ENTRY else None
    return Ticket(client_id, instrument.symbol, side, leg, positive(given.get("qty"), "Qty"), trigger, leverage)


def _side(given: Json, *, hedge: bool) -> Side:
    """The side of the position that an order is about."""
    buys, index, reduces = given.get("side") == "Buy", given.get("positionIdx", 0), bool(given.get("reduceOnly"))
    if given.get("side") not in {"Buy", "Sell"}:
        raise Wrong(10001, "params error: side invalid")
    if index not in ((1, 2) if hedge else (0,)):
        raise Wrong(10001, "position idx not match position mode")
    if not hedge:
        return Side.LONG if buys != reduces else Side.SHORT
    side = Side.LONG if index == 1 else Side.SHORT
    if reduces and buys == (side is Side.LONG):
        raise Wrong(110017, "reduce-only order has same side with current position")
    return side


def _check_trigger(house: House, instrument: Instrument, given: Json, trigger: Decimal) -> None:
    direction, mark = given.get("triggerDirection"), house.engine.marks[instrument.symbol].price
    if not given.get("reduceOnly") or given.get("triggerBy") != "MarkPrice":
        raise Wrong(10001, "params error: the simulated venue triggers by mark price, and only to close")
    if direction not in {RISES, FALLS}:
        raise Wrong(10001, "params error: triggerDirection invalid")
    if direction == RISES and trigger <= mark:
        raise Wrong(110092, f"expect Rising, but trigger_price[{trigger}] <= current[{mark}]")
    if direction == FALLS and trigger >= mark:
        raise Wrong(110093, f"expect Falling, but trigger_price[{trigger}] >= current[{mark}]")


def cancel(house: House, key: IssuedKey, given: Json) -> Json:
    """POST /v5/order/cancel."""
    listed(house, given)
    order = next(iter(_asked_for(house, key, given)), None)
    if order is None or not order.open:
        raise Wrong(110001, "order not exists or too late to cancel")
    house.engine.cancel(key.account, order.ticket.client_id, house.now())
    return named(order)


def realtime(house: House, key: IssuedKey, given: Json) -> Json:
    """GET /v5/order/realtime: open orders, and by id or with `openOnly=1` the latest closed ones."""
    _check_scope(house, given)
    account, chosen = house.account(key.account), _asked_for(house, key, given)
    recent = [order for order in account.orders.values() if not order.open][-RECENT:]
    if not _by_id(given):
        chosen = [order for order in chosen if order.open != (str(given.get("openOnly", 0)) == "1")]
    told = [order for order in chosen if order.open or any(order is each for each in recent)]
    return page([order_body(account, order) for order in reversed(told)], given, 20, 50)


def history(house: House, key: IssuedKey, given: Json) -> Json:
    """GET /v5/order/history: closed orders; those that never filled are forgotten after a day."""
    _check_scope(house, given)
    since, account = house.now() - UNFILLED_LAST, house.account(key.account)
    told = [order for order in _asked_for(house, key, given) if not order.open and (order.fills or order.at >= since)]
    return page([order_body(account, order) for order in reversed(told)], given, 20, 50)


def _check_scope(house: House, given: Json) -> None:
    if "symbol" in given:
        listed(house, given)
    elif given.get("category") != LINEAR or given.get("settleCoin") != "USDT":
        raise Wrong(10001, "params error: symbol, baseCoin or settleCoin is required")


def _by_id(given: Json) -> bool:
    return bool(given.get("orderId") or given.get("orderLinkId"))


def _asked_for(house: House, key: IssuedKey, given: Json) -> list[VenueOrder]:
    """The orders that a question means: by the venue's id first, then by ours, then by symbol."""
    orders = house.account(key.account).orders
    if given.get("orderId"):
        return [order for order in orders.values() if order_id(order.venue_order_id) == given["orderId"]]
    if given.get("orderLinkId"):
        found = orders.get(given["orderLinkId"])
        return [found] if found is not None and not travels(found) else []
    return [order for order in orders.values() if given.get("symbol") in {None, order.ticket.symbol}]
