"""What Bybit keeps of the past: executions with the funding that was paid, and the results of closings."""

from decimal import Decimal
from typing import Final

from cbc_adapters.exchange.simulated.model import Closing, VenueAccount, VenueOrder
from cbc_adapters.exchange.simulated.moves import LIQUIDATION
from cbc_adapters.exchange.simulated.travelling import travels
from cbc_adapters.exchange.simulated.venues.bybit.bodies import TRAVELLING, order_id, side_of
from cbc_adapters.exchange.simulated.venues.bybit.market import LINEAR, listed, page
from cbc_adapters.exchange.simulated.venues.bybit.refusals import Wrong
from cbc_adapters.exchange.simulated.venues.house import House, IssuedKey
from cbc_adapters.exchange.simulated.venues.order_numbers import NUMBERS, order_number
from cbc_adapters.exchange.simulated.venues.wire import Json, milliseconds, text
from cbc_domain.kernel.venues import Side
from cbc_domain.trading.model import Fill

WEEK_MS: Final = 7 * 24 * 3_600_000
FUNDED: Final = NUMBERS // 2
"""The engine books funding with the fill that closes; its row here has a number of its own."""


def executions(house: House, key: IssuedKey, given: Json) -> Json:
    """GET /v5/execution/list: of one order whenever it was, or of at most seven days; newest first."""
    account = house.account(key.account)
    closed = {closing.fill: closing for closing in account.closings}
    rows = [row for order in account.orders.values() for row in _rows(order, closed)]
    name, wanted = ("orderId", given.get("orderId")) if given.get("orderId") else ("orderLinkId", given.get("orderLinkId"))
    if wanted:
        return page([row for row in reversed(rows) if row[name] == wanted], given, 50, 100)
    since, until = _window(house, given)
    symbol = listed(house, given).symbol if "symbol" in given else None
    told = [row for row in rows if since <= int(row["execTime"]) <= until and symbol in {None, row["symbol"]}]
    told.sort(key=lambda row: (int(row["execTime"]), row["execId"]), reverse=True)
    return page(told, given, 50, 100)


def closed_pnl(house: House, key: IssuedKey, given: Json) -> Json:
    """GET /v5/position/closed-pnl: one row for each order that closed something, net of fees and funding; newest first."""
    symbol, (since, until) = listed(house, given).symbol if "symbol" in given else None, _window(house, given)
    account = house.account(key.account)
    rows = [_profit(account, order) for order in account.orders.values() if symbol in {None, order.ticket.symbol}]
    told = [row for row in rows if row is not None and since <= int(row["createdTime"]) <= until]
    return page(told[::-1], given, 50, 100)


def _window(house: House, given: Json) -> tuple[int, int]:
    if given.get("category") != LINEAR:
        raise Wrong(10001, "params error: category only supports linear here")
    start, end = given.get("startTime"), given.get("endTime")
    until = int(end) if end else (int(start) + WEEK_MS if start else milliseconds(house.now()))
    since = int(start) if start else until - WEEK_MS
    if until - since > WEEK_MS:
        raise Wrong(10001, "The time range between startTime and endTime cannot exceed 7 days")
    return since, until


def _rows(order: VenueOrder, closed: dict[str, Closing]) -> list[Json]:
    told = []
    for fill in order.fills:
        told.append(_execution(order, fill, closed.get(fill.id)))
        if fill.funding:
            told.append(_funding(order, fill))
    return told


def _execution(order: VenueOrder, fill: Fill, closing: Closing | None) -> Json:
    liquidated = order.code == LIQUIDATION
    row = {
        "symbol": order.ticket.symbol,
        "orderId": order_id(order.venue_order_id),
        "orderLinkId": "" if liquidated else order.ticket.client_id,
        "side": side_of(order.ticket),
        "orderType": "Market",
        "stopOrderType": "Stop" if order.ticket.trigger is not None else "UNKNOWN",
        "createType": "CreateByLiq" if liquidated else "CreateByUser",
        "orderPrice": text(fill.price),
        "orderQty": text(order.quantity),
        "leavesQty": "0",
        "execId": order_id(fill.id),
        "execType": "BustTrade" if liquidated else "Trade",
        "execPrice": text(fill.price),
        "execQty": text(fill.quantity),
        "execValue": text(fill.price * fill.quantity),
        "execFee": text(fill.fee),
        "execTime": str(milliseconds(fill.at)),
        "execPnl": text(closing.realised) if closing else "0",
        "feeCurrency": "USDT",
        "feeRate": "0.0006",
        "isMaker": fill.maker,
        "closedSize": text(closing.quantity) if closing else "0",
        "markPrice": text(fill.price),
        "tradeIv": "",
        "markIv": "",
        "indexPrice": "",
        "underlyingPrice": "",
        "blockTradeId": "",
        "extraFees": "",
        "seq": order_number(fill.id),
    }
    return row | TRAVELLING if travels(order) else row


def _funding(order: VenueOrder, fill: Fill) -> Json:
    held, row = "Buy" if order.ticket.side is Side.LONG else "Sell", _execution(order, fill, None)
    number = str(order_number(fill.id) + FUNDED)
    ids = {"orderId": number, "orderLinkId": "", "execId": order_id(f"SIM-0-{number}")}
    kind = {"execType": "Funding", "orderType": "UNKNOWN", "createType": "", "orderQty": "0", "orderPrice": "0"}
    return row | ids | kind | {"side": held, "execFee": text(fill.funding), "execPnl": "0", "seq": int(number)}


def _profit(account: VenueAccount, order: VenueOrder) -> Json | None:
    fills = {fill.id: fill for fill in order.fills}
    closings = [closing for closing in account.closings if closing.fill in fills]
    if not closings:
        return None
    closed = sum((closing.quantity for closing in closings), start=Decimal(0))
    net = sum((closing.net for closing in closings), start=Decimal(0))
    realised = sum((closing.realised for closing in closings), start=Decimal(0))
    parts = [fills[closing.fill] for closing in closings]
    exit_value = sum((fill.price * fill.quantity for fill in parts), start=Decimal(0))
    close_fee = sum((fill.fee for fill in parts), start=Decimal(0))
    funding = sum((fill.funding for fill in parts), start=Decimal(0))
    entry_value = exit_value - realised if closings[0].side is Side.LONG else exit_value + realised
    at = str(milliseconds(parts[-1].at))
    return {
        "symbol": order.ticket.symbol,
        "orderId": order_id(order.venue_order_id),
        "side": side_of(order.ticket),
        "qty": text(order.quantity),
        "orderPrice": text(parts[-1].price),
        "orderType": "Market",
        "execType": "BustTrade" if order.code == LIQUIDATION else "Trade",
        "closedSize": text(closed),
        "cumEntryValue": text(entry_value),
        "avgEntryPrice": text(entry_value / closed),
        "cumExitValue": text(exit_value),
        "avgExitPrice": text(exit_value / closed),
        "closedPnl": text(net),
        "openFee": text(realised - net - close_fee - funding),
        "closeFee": text(close_fee),
        "fillCount": str(len(parts)),
        "leverage": str(account.leverage.get(order.ticket.symbol, 1)),
        "createdTime": at,
        "updatedTime": at,
    }
