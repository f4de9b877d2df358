"""Plan orders on Bitget's wire: stops and targets that wait for a trigger and then become plain orders."""

from typing import Final

from cbc_adapters.exchange.simulated.model import VenueOrder
from cbc_adapters.exchange.simulated.venues.bitget.bodies import named_ids, position_side, side_of, trade_side
from cbc_adapters.exchange.simulated.venues.bitget.market import check_product, listed
from cbc_adapters.exchange.simulated.venues.bitget.orders import decimal, mode_differs
from cbc_adapters.exchange.simulated.venues.bitget.presets import client_oid, with_client_oid
from cbc_adapters.exchange.simulated.venues.bitget.refusals import Wrong
from cbc_adapters.exchange.simulated.venues.house import House, IssuedKey
from cbc_adapters.exchange.simulated.venues.order_numbers import order_number, plain_number
from cbc_adapters.exchange.simulated.venues.wire import Json, milliseconds, text
from cbc_domain.kernel.venues import Side
from cbc_domain.ports.exchange import ReportState, Ticket
from cbc_domain.trading.model import Leg

CONDITIONAL: Final = {"loss_plan": Leg.STOP, "profit_plan": Leg.TARGET}
KIND_OF: Final = {leg: kind for kind, leg in CONDITIONAL.items()}
STATES: Final = {
    ReportState.LIVE: "live",
    ReportState.PARTIALLY_FILLED: "executed",
    ReportState.FILLED: "executed",
    ReportState.CANCELLED: "cancelled",
    ReportState.REJECTED: "fail_execute",
}
HOLD_SIDES: Final = {
    True: {"long": Side.LONG, "short": Side.SHORT},
    False: {"buy": Side.LONG, "sell": Side.SHORT},
}
"""The words for a position's side, by position mode."""

Parameters = dict[str, str]


def leg_of(given: Parameters) -> Leg | None:
    return CONDITIONAL.get(given.get("planType", ""))


def place(house: House, key: IssuedKey, given: Parameters) -> Json:
    """POST /api/v2/mix/order/place-tpsl-order."""
    instrument, account, leg = listed(house, given), house.account(key.account), leg_of(given)
    if leg is None or given.get("triggerType") != "mark_price" or given.get("executePrice", "0") not in {"0", ""}:
        raise Wrong("40017", "Parameter verification failed: the simulated venue takes market orders at the mark price only")
    side = HOLD_SIDES[account.hedge].get(given.get("holdSide", ""))
    if side is None:
        raise mode_differs()
    ticket = Ticket(
        given.get("clientOid") or f"auto-{account.last_number + 1}",
        instrument.symbol,
        side,
        leg,
        decimal(given.get("size")),
        decimal(given.get("triggerPrice")),
    )
    house.engine.place(key.account, ticket, house.now())
    return named_ids(account.orders[ticket.client_id])


def pending(house: House, key: IssuedKey, given: Parameters) -> Json:
    """GET /api/v2/mix/order/orders-plan-pending."""
    return _list(house, key, given, open_ones=True)


def history(house: House, key: IssuedKey, given: Parameters) -> Json:
    """GET /api/v2/mix/order/orders-plan-history."""
    return _list(house, key, given, open_ones=False)


def _list(house: House, key: IssuedKey, given: Parameters, *, open_ones: bool) -> Json:
    check_product(given)
    if given.get("planType") != "profit_loss":
        return {"entrustedList": None, "endId": None}
    account, wanted = house.account(key.account), given.get("clientOid")
    known = account.orders.values() if not wanted else filter(None, [with_client_oid(house, key.account, wanted)])
    chosen = [
        order
        for order in known
        if order.ticket.trigger is not None
        and order.open == open_ones
        and given.get("symbol") in {None, order.ticket.symbol}
        and given.get("orderId") in {None, str(order_number(order.venue_order_id))}
    ]
    page = chosen[::-1][: int(given.get("limit", 100))]
    told = [plan_body(order, hedge=account.hedge) for order in page]
    return {"entrustedList": told or None, "endId": told[-1]["orderId"] if told else None}


def cancel(house: House, key: IssuedKey, given: Json) -> Json:
    """POST /api/v2/mix/order/cancel-plan-order; each failure is told inside an answer that says success."""
    listed(house, given)
    done, failed = [], []
    for one in given.get("orderIdList") or ():
        number, client_id = str(one.get("orderId") or ""), one.get("clientOid") or ""
        order = _meant(house, key, number, client_id)
        if order is None or not order.open or leg_of(given) is not order.ticket.leg:
            failed.append({"orderId": number, "clientOid": client_id, "errorMsg": "notExistend"})
            continue
        house.engine.cancel(key.account, order.ticket.client_id, house.now())
        done.append(named_ids(order))
    return {"successList": done, "failureList": failed}


def _meant(house: House, key: IssuedKey, number: str, client_id: str) -> VenueOrder | None:
    if client_id:
        return with_client_oid(house, key.account, client_id)
    return house.order(key.account, number=int(number)) if number.isdecimal() else None


def plan_body(order: VenueOrder, *, hedge: bool) -> Json:
    ticket, at, fills = order.ticket, str(milliseconds(order.at)), order.fills
    body: Json = {
        "planType": KIND_OF[ticket.leg],
        "symbol": ticket.symbol,
        "size": text(order.quantity),
        "orderId": str(order_number(order.venue_order_id)),
        "clientOid": client_oid(order),
        "planStatus": STATES[order.state],
        "price": "",
        "executePrice": "0",
        "callbackRatio": "",
        "triggerPrice": text(ticket.trigger or order.quantity * 0),
        "triggerType": "mark_price",
        "side": side_of(ticket, hedge),
        "posSide": position_side(ticket, hedge),
        "marginCoin": "USDT",
        "marginMode": "isolated",
        "enterPointSource": "API",
        "tradeSide": trade_side(order, hedge),
        "posMode": "hedge_mode" if hedge else "one_way_mode",
        "orderType": "market",
        "cTime": at,
        "uTime": at,
    }
    if order.open:
        return body
    became = {"executeOrderId": str(plain_number(order)) if fills else "", "priceAvg": text(fills[-1].price) if fills else ""}
    return body | became | {"baseVolume": text(order.quantity if fills else order.quantity * 0)}
