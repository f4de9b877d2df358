"""Plain orders on Bitget's wire, over the engine's tickets."""

from decimal import Decimal

from cbc_adapters.exchange.simulated.model import VenueOrder
from cbc_adapters.exchange.simulated.venues.bitget.bodies import named_ids, order_body, trades
from cbc_adapters.exchange.simulated.venues.bitget.market import check_product, listed
from cbc_adapters.exchange.simulated.venues.bitget.presets import attached, preset_of
from cbc_adapters.exchange.simulated.venues.bitget.refusals import WORDING, Wrong
from cbc_adapters.exchange.simulated.venues.house import House, IssuedKey
from cbc_adapters.exchange.simulated.venues.order_numbers import numbered, plain_number
from cbc_adapters.exchange.simulated.venues.wire import Json, decimal_of
from cbc_domain.kernel.venues import Side
from cbc_domain.ports.exchange import Ticket
from cbc_domain.ports.venue_faults import Fault
from cbc_domain.trading.model import Leg

Parameters = dict[str, str]


def leg_of(given: Parameters) -> Leg:
    return Leg.EXIT if given.get("tradeSide") == "close" or given.get("reduceOnly") == "YES" else Leg.ENTRY


def place(house: House, key: IssuedKey, given: Parameters) -> Json:
    """POST /api/v2/mix/order/place-order."""
    instrument, account = listed(house, given), house.account(key.account)
    if given.get("orderType") != "market" or given.get("marginMode") != "isolated" or given.get("marginCoin") != "USDT":
        raise Wrong("40017", "Parameter verification failed: the simulated venue takes market orders on isolated margin only")
    leg, named = leg_of(given), given.get("tradeSide")
    if (named in {"open", "close"}) != account.hedge:
        raise mode_differs()
    # In hedge mode `side` names the position's direction, closing included.
    buys = given.get("side") == "buy"
    long = buys if account.hedge else buys == (leg is Leg.ENTRY)
    ticket = Ticket(
        given.get("clientOid") or f"auto-{account.last_number + 1}",
        instrument.symbol,
        Side.LONG if long else Side.SHORT,
        leg,
        decimal(given.get("size")),
        leverage=house.choices(key.account, instrument.symbol).leverage if leg is Leg.ENTRY else None,
    )
    house.place(key.account, ticket, attached(given, ticket))
    return named_ids(account.orders[ticket.client_id])


def mode_differs() -> Wrong:
    _, code, message = WORDING[Fault.POSITION_MODE]
    return Wrong(code, message)


def decimal(value: object) -> Decimal:
    number = decimal_of(value)
    if number is None:
        raise Wrong("40017", "Parameter verification failed size")
    if number <= 0:
        raise Wrong("40108", "Wrong order quantity")
    return number


def detail(house: House, key: IssuedKey, given: Parameters) -> Json:
    """GET /api/v2/mix/order/detail."""
    return _told(house, key, _plain(house, key, given))


def cancel(house: House, key: IssuedKey, given: Parameters) -> Json:
    """POST /api/v2/mix/order/cancel-order."""
    order = _plain(house, key, given, gone=("40768", "Order does not exist"))
    if not order.open:
        raise Wrong("22001", "No order to cancel")
    house.engine.cancel(key.account, order.ticket.client_id, house.now())
    return named_ids(order)


def pending(house: House, key: IssuedKey, given: Parameters) -> Json:
    """GET /api/v2/mix/order/orders-pending."""
    check_product(given)
    account = house.account(key.account)
    standing = [
        order
        for order in account.orders.values()
        if order.open and order.ticket.trigger is None and given.get("symbol") in {None, order.ticket.symbol}
    ]
    told = [_told(house, key, order) for order in reversed(standing)]
    return {"entrustedList": [each | {"status": each.pop("state")} for each in told] or None, "endId": None}


def fills(house: House, key: IssuedKey, given: Parameters) -> Json:
    """GET /api/v2/mix/order/fills, newest first."""
    check_product(given)
    account = house.account(key.account)
    since, until = int(given.get("startTime", 0)), int(given.get("endTime", 2**53))
    told = [
        trade
        for order in account.orders.values()
        if order.fills
        and given.get("symbol") in {None, order.ticket.symbol}
        and given.get("orderId") in {None, str(plain_number(order))}
        for trade in trades(account, order)
        if since <= int(trade["cTime"]) <= until and int(trade["tradeId"]) < int(given.get("idLessThan", 2**63))
    ]
    page = sorted(told, key=lambda trade: int(trade["tradeId"]), reverse=True)[: int(given.get("limit", 100))]
    return {"fillList": page or None, "endId": page[-1]["tradeId"] if page else None}


def _told(house: House, key: IssuedKey, order: VenueOrder) -> Json:
    preset = preset_of(house, key.account, order.ticket.client_id)
    return order_body(house.account(key.account), order) | {"presetStopLossPrice": preset}


def _plain(
    house: House,
    key: IssuedKey,
    given: Parameters,
    gone: tuple[str, str] = ("40109", "The data of the order cannot be found, please confirm the order number"),
) -> VenueOrder:
    """A plain order, or the plain order that a plan order became: that one has the plan's number as its client id."""
    listed(house, given)
    number, client_id = given.get("orderId"), given.get("clientOid", "")
    if number:
        order = house.order(key.account, number=numbered(int(number))[0])
    else:
        order = house.order(key.account, client_id=client_id)
        if order is None and client_id.isdigit():
            order = house.order(key.account, number=int(client_id))
        elif order is not None and order.ticket.trigger is not None:
            order = None
    if order is None or (order.ticket.trigger is not None and not order.fills):
        raise Wrong(*gone)
    return order
