"""Orders on OKX's wire: plain ones and the conditional algo orders, over the engine's tickets."""

import re
from decimal import Decimal
from typing import Final

from cbc_adapters.exchange.simulated.model import VenueOrder
from cbc_adapters.exchange.simulated.venues.house import House, IssuedKey
from cbc_adapters.exchange.simulated.venues.okx.bodies import algo_body, order_body
from cbc_adapters.exchange.simulated.venues.okx.market import listed
from cbc_adapters.exchange.simulated.venues.okx.refusals import WORDING, Wrong
from cbc_adapters.exchange.simulated.venues.order_numbers import numbered, order_number
from cbc_adapters.exchange.simulated.venues.wire import Json, decimal_of, milliseconds
from cbc_domain.kernel.venues import Side, Symbol
from cbc_domain.ports.exchange import Ticket
from cbc_domain.ports.venue_faults import Fault
from cbc_domain.trading.model import Leg

CLIENT_ID: Final = re.compile(r"[A-Za-z0-9]{1,32}", re.ASCII)
CONDITIONAL: Final = {"sl": Leg.STOP, "tp": Leg.TARGET}


def leg_of(given: Json) -> Leg:
    """Which leg an order is, by its parameters alone."""
    if given.get("ordType") == "conditional":
        return Leg.STOP if given.get("slTriggerPx") else Leg.TARGET
    side = given.get("posSide", "net")
    reduces = _true(given.get("reduceOnly")) if side == "net" else (given.get("side") == "sell") == (side == "long")
    return Leg.EXIT if reduces else Leg.ENTRY


def place(house: House, key: IssuedKey, given: Json) -> Json:
    """POST /api/v5/trade/order."""
    if given.get("ordType") != "market":
        raise _parameter("ordType")
    ticket = _ticket(house, key, given, given.get("clOrdId"))
    account = house.account(key.account)
    held = account.positions.get((ticket.symbol, ticket.side))
    if account.hedge and ticket.leg is Leg.EXIT and held is not None and ticket.quantity > held.quantity:
        raise Wrong("51112", "Close order size exceeds available size for this position.", in_row=True)
    house.place(key.account, ticket, _attached(house, key, given, ticket))
    order = account.orders[ticket.client_id]
    row = {"clOrdId": ticket.client_id, "ordId": str(order_number(order.venue_order_id)), "tag": ""}
    return [row | {"sCode": "0", "sMsg": "Order placed", "ts": str(milliseconds(order.at))}]


def _attached(house: House, key: IssuedKey, given: Json, entry: Ticket) -> list[Ticket]:
    """A stop by mark price; that a target beside it becomes one order with it is beyond the simulated venue."""
    carried = given.get("attachAlgoOrds") or []
    if len(carried) > 1 or (carried and entry.leg is not Leg.ENTRY):
        raise _parameter("attachAlgoOrds")
    return [_attached_stop(house, key, each, entry) for each in carried]


def _attached_stop(house: House, key: IssuedKey, carried: Json, entry: Ticket) -> Ticket:
    if carried.get("slOrdPx") != "-1" or carried.get("slTriggerPxType") != "mark" or "tpTriggerPx" in carried:
        raise _parameter("attachAlgoOrds")
    client_id = _unused(house, key, carried.get("attachAlgoClOrdId"), "attachAlgoClOrdId", algo=True)
    trigger = _decimal(carried.get("slTriggerPx"), "slTriggerPx")
    return Ticket(client_id, entry.symbol, entry.side, Leg.STOP, entry.quantity, trigger)


def place_algo(house: House, key: IssuedKey, given: Json) -> Json:
    """POST /api/v5/trade/order-algo: a stop or a target, by mark price and at market."""
    kinds = [kind for kind in CONDITIONAL if given.get(f"{kind}TriggerPx")]
    if given.get("ordType") != "conditional" or len(kinds) != 1:
        raise _parameter("ordType")
    if given.get(f"{kinds[0]}OrdPx") != "-1":
        raise _parameter(f"{kinds[0]}OrdPx")
    if given.get(f"{kinds[0]}TriggerPxType") != "mark":
        raise _parameter(f"{kinds[0]}TriggerPxType")
    ticket = _ticket(house, key, given, given.get("algoClOrdId"), trigger=given[f"{kinds[0]}TriggerPx"])
    house.engine.place(key.account, ticket, house.now())
    order = house.account(key.account).orders[ticket.client_id]
    row = {"algoId": str(order_number(order.venue_order_id)), "algoClOrdId": ticket.client_id, "clOrdId": ""}
    return [row | {"sCode": "0", "sMsg": "", "tag": ""}]


def _ticket(house: House, key: IssuedKey, given: Json, client_id: str | None, trigger: str | None = None) -> Ticket:
    instrument, account = listed(house, given.get("instId"), in_row=True), house.account(key.account)
    name = _unused(house, key, client_id, "algoClOrdId" if trigger else "clOrdId", algo=trigger is not None)
    leg, side = leg_of(given), _position_side(given, hedge=account.hedge)
    if trigger and not account.hedge and not _true(given.get("reduceOnly")):
        # What opens a position by a trigger is beyond the simulated venue.
        raise _parameter("reduceOnly")
    return Ticket(
        name,
        instrument.symbol,
        side,
        leg,
        _decimal(given.get("sz"), "sz"),
        _decimal(trigger, f"{'sl' if leg is Leg.STOP else 'tp'}TriggerPx") if trigger else None,
        house.choices(key.account, instrument.symbol).leverage if leg is Leg.ENTRY else None,
    )


def _unused(house: House, key: IssuedKey, client_id: str | None, parameter: str, *, algo: bool) -> str:
    """The id of a new order, the venue's own where none is given. Raises Wrong for one that is malformed or was used."""
    account = house.account(key.account)
    if client_id is None:
        return f"auto{account.last_number + 1}"
    if not CLIENT_ID.fullmatch(client_id):
        raise _parameter(parameter)
    if client_id in account.orders or house.holds_back(key.account, client_id):
        code, message = ("51065", "algoClOrdId already exists.") if algo else WORDING[Fault.DUPLICATE_ID][1:]
        raise Wrong(code, message, in_row=True)
    return client_id


def _position_side(given: Json, *, hedge: bool) -> Side:
    """The side of the position that an order opens or reduces. Raises Wrong where order and position mode do not fit."""
    named, direction = given.get("posSide", "net"), given.get("side")
    if given.get("tdMode") != "isolated":
        raise _parameter("tdMode")
    if direction not in {"buy", "sell"}:
        raise _parameter("side")
    if named not in ({"long", "short"} if hedge else {"net"}):
        raise _parameter("posSide")
    closes = leg_of(given) is not Leg.ENTRY
    side = Side.LONG if (direction == "buy") != closes else Side.SHORT
    if hedge and named != side.value.lower():
        raise Wrong(*WORDING[Fault.REDUCE_ONLY][1:], in_row=True)
    return side


def show(house: House, key: IssuedKey, given: Json) -> Json:
    """GET /api/v5/trade/order: a plain order, or the plain order that an algo order became."""
    return [order_body(house.account(key.account), _plain(house, key, given))]


def show_algo(house: House, key: IssuedKey, given: Json) -> Json:
    return [algo_body(house.account(key.account), _algo(house, key, given))]


def cancel(house: House, key: IssuedKey, given: Json) -> Json:
    """POST /api/v5/trade/cancel-order."""
    try:
        order = _plain(house, key, given)
    except Wrong:
        raise _gone() from None
    _cancel(house, key, order)
    number = str(order_number(order.venue_order_id))
    return [{"clOrdId": order.ticket.client_id, "ordId": number, "sCode": "0", "sMsg": "", "ts": _now(house)}]


def cancel_algos(house: House, key: IssuedKey, given: Json) -> Json:
    """POST /api/v5/trade/cancel-algos: one order, as one that is refused decides what the whole answer is."""
    if not isinstance(given, list) or len(given) != 1:
        raise Wrong("51000", "Parameter algoId error", 400)
    try:
        order = _algo(house, key, given[0])
    except Wrong:
        raise _gone() from None
    _cancel(house, key, order)
    number = str(order_number(order.venue_order_id))
    return [{"algoClOrdId": order.ticket.client_id, "algoId": number, "clOrdId": "", "sCode": "0", "sMsg": "", "tag": ""}]


def pending(house: House, key: IssuedKey, given: Json) -> Json:
    account = house.account(key.account)
    return [order_body(account, order) for order in _open(house, key, given) if order.ticket.trigger is None]


def pending_algos(house: House, key: IssuedKey, given: Json) -> Json:
    if given.get("ordType") != "conditional":
        raise Wrong("51000", "Parameter ordType error", 400)
    account = house.account(key.account)
    return [algo_body(account, order) for order in _open(house, key, given) if order.ticket.trigger is not None]


def _open(house: House, key: IssuedKey, given: Json) -> list[VenueOrder]:
    only: Symbol | None = listed(house, given["instId"]).symbol if "instId" in given else None
    standing = [order for order in house.account(key.account).orders.values() if order.open]
    return [order for order in standing if only in {None, order.ticket.symbol}]


def _plain(house: House, key: IssuedKey, given: Json) -> VenueOrder:
    symbol = listed(house, given.get("instId")).symbol
    number = _number(given.get("ordId"))
    if number is not None:
        number, triggered = numbered(number)
        order = house.order(key.account, number=number)
    else:
        triggered, order = False, house.order(key.account, client_id=given.get("clOrdId", ""))
    if order is None or order.ticket.symbol != symbol or triggered != (order.ticket.trigger is not None):
        raise Wrong("51603", "Order does not exist")
    if triggered and not order.fills:
        raise Wrong("51603", "Order does not exist")
    return order


def _algo(house: House, key: IssuedKey, given: Json) -> VenueOrder:
    number = _number(given.get("algoId"))
    order = house.order(key.account, client_id=given.get("algoClOrdId") if number is None else None, number=number)
    if order is None or order.ticket.trigger is None:
        raise Wrong("51603", "Order does not exist")
    return order


def _cancel(house: House, key: IssuedKey, order: VenueOrder) -> None:
    if not order.open:
        raise _gone()
    house.engine.cancel(key.account, order.ticket.client_id, house.now())


def _gone() -> Wrong:
    return Wrong("51400", "Order cancellation failed as the order has been filled, canceled or does not exist.", in_row=True)


def _parameter(name: str) -> Wrong:
    return Wrong("51000", f"Parameter {name} error ", in_row=True)


def _number(value: str | None) -> int | None:
    return int(value) if value and value.isdigit() else None


def _decimal(value: object, name: str) -> Decimal:
    number = decimal_of(value)
    if number is None or number <= 0:
        raise _parameter(name)
    return number


def _true(value: object) -> bool:
    return value in {True, "true"}


def _now(house: House) -> str:
    return str(milliseconds(house.now()))
