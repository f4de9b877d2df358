"""Binance's private stream: what an account's order reports look like to its listener."""

import json

from cbc_adapters.exchange.simulated.model import VenueOrder
from cbc_adapters.exchange.simulated.venues.binance.orders import ALGO_STATES, KIND_OF, STATES, position_side, side_of
from cbc_adapters.exchange.simulated.venues.house import House, IssuedKey
from cbc_adapters.exchange.simulated.venues.order_numbers import order_number, plain_number
from cbc_adapters.exchange.simulated.venues.tellers import pass_on, tellers
from cbc_adapters.exchange.simulated.venues.wire import Json, Socket, milliseconds, text
from cbc_domain.ports.exchange import Report
from cbc_domain.trading.model import Leg


async def converse(socket: Socket, house: House, listen_keys: dict[str, IssuedKey]) -> None:
    """Tell the account behind the listen key of the path what happens to its orders, until it goes."""
    key = next((key for listen_key, key in listen_keys.items() if listen_key in socket.path), None)
    if key is None:
        return

    async def say(report: Report) -> None:
        for message in told(report, house):
            await socket.send(json.dumps(message))

    async with tellers() as begin:
        begin(pass_on(house, key.account, say))
        async for message in socket.messages():
            await _obey(socket, message)


async def _obey(socket: Socket, message: str) -> None:
    wish = json.loads(message)
    if "id" in wish:
        await socket.send(json.dumps({"result": None, "id": wish["id"]}))


def told(report: Report, house: House) -> list[Json]:
    account = house.account(report.account)
    order = account.orders[report.client_id]
    if order.ticket.trigger is not None and not report.fills:
        return [_algo_update(house, order, report, account.hedge)]
    if not report.fills:
        return [_order_update(house, order, report, account.hedge, None)]
    updates = [_order_update(house, order, report, account.hedge, number) for number in range(len(report.fills))]
    return ([_algo_update(house, order, report, account.hedge)] if order.ticket.trigger is not None else []) + updates


def _algo_update(house: House, order: VenueOrder, report: Report, hedge: bool) -> Json:
    ticket, at = order.ticket, milliseconds(report.at)
    return {
        "e": "ALGO_UPDATE",
        "T": at,
        "E": milliseconds(house.now()),
        "o": {
            "caid": ticket.client_id,
            "aid": order_number(order.venue_order_id),
            "at": "CONDITIONAL",
            "o": KIND_OF[ticket.leg],
            "s": ticket.symbol,
            "S": side_of(ticket),
            "ps": position_side(ticket, hedge),
            "f": "GTC",
            "q": text(order.quantity),
            "X": ALGO_STATES[report.state],
            "ai": str(plain_number(order)) if report.fills else "",
            "ap": text(report.fills[-1].price) if report.fills else "0",
            "aq": text(sum((fill.quantity for fill in report.fills), start=order.quantity * 0)),
            "act": "MARKET",
            "tp": text(ticket.trigger or order.quantity * 0),
            "p": "0",
            "wt": "MARK_PRICE",
            "cp": False,
            "pP": False,
            "R": True,
            "tt": at if report.fills else 0,
            "gtd": 0,
        },
    }


def _order_update(house: House, order: VenueOrder, report: Report, hedge: bool, number: int | None) -> Json:
    ticket, at = order.ticket, milliseconds(report.at)
    fills = report.fills[: number + 1] if number is not None else ()
    last = fills[-1] if fills else None
    filled = sum((fill.quantity for fill in fills), start=order.quantity * 0)
    value = sum((fill.quantity * fill.price for fill in fills), start=order.quantity * 0)
    final = number is None or number + 1 == len(report.fills)
    return {
        "e": "ORDER_TRADE_UPDATE",
        "E": milliseconds(house.now()),
        "T": at,
        "o": {
            "s": ticket.symbol,
            "c": ticket.client_id,
            "S": side_of(ticket),
            "o": "MARKET",
            "f": "GTC",
            "q": text(order.quantity),
            "p": "0",
            "ap": text(value / filled) if filled else "0",
            "sp": "0",
            "x": "TRADE" if last else ("CANCELED" if report.state.value == "CANCELLED" else "NEW"),
            "X": STATES[report.state] if final else "PARTIALLY_FILLED",
            "i": plain_number(order),
            "l": text(last.quantity) if last else "0",
            "z": text(filled),
            "L": text(last.price) if last else "0",
            "N": "USDT",
            "n": text(last.fee) if last else "0",
            "T": milliseconds(last.at) if last else at,
            "t": order_number(last.id) if last else 0,
            "m": bool(last and last.maker),
            "R": ticket.leg is not Leg.ENTRY,
            "wt": "CONTRACT_PRICE",
            "ot": "MARKET",
            "ps": position_side(ticket, hedge),
            "cp": False,
            "rp": "0",
        },
    }
