"""Orders at Bybit: sent, the entry with its stop, looked for with their fills, cancelled."""

import asyncio
from typing import Final

from cbc_adapters.exchange.ccxt.dialect import Booked, Client, Placing, Sought
from cbc_adapters.exchange.ccxt.dialects.bybit.answers import LARGEST, ordered, pages
from cbc_adapters.exchange.ccxt.dialects.bybit.faults import GONE, NOT_MODIFIED
from cbc_adapters.exchange.ccxt.dialects.bybit.translate import (
    FUNDING,
    LINEAR,
    STATES,
    WHOLE,
    came_with_entry,
    fill_of,
    order_of,
)
from cbc_adapters.exchange.ccxt.translate import EARLIER, Vendor, booked, instant, milliseconds, number
from cbc_domain.ports.exchange import Travelled
from cbc_domain.trading.model import Fill

BOOKED_AFTER_S: Final = (0.0, 0.2, 0.5)
"""An order that was taken is listed a moment later: the waits before it is looked for."""
ENDED: Final = 1
"""Asks for the orders that ended last, at most 500 of an account, instead of the open ones."""


async def place(client: Client, placing: Placing) -> Booked | None:
    ticket = placing.ticket
    await ordered(client.privatePostV5OrderCreate(order_of(ticket, placing.hedge, placing.attached)))
    sought = Sought(ticket.client_id, placing.instrument, ticket.leg)
    for wait in BOOKED_AFTER_S:
        await asyncio.sleep(wait)
        if (known := await find(client, sought)) is not None:
            return known
    return None


async def find(client: Client, sought: Sought) -> Booked | None:
    told = await (_travelled(client, sought, sought.travelled) if sought.travelled else _named(client, sought))
    return await _with_fills(client, sought.client_id, told) if told else None


async def cancel(client: Client, sought: Sought) -> bool:
    """Cancel what bears our id, and take away the stop of the whole position if it is what came with the entry.

    Of an order the answer says that the wish was taken, and no more.
    """
    standing = [] if sought.travelled is None else await pages(client.privateGetV5OrderRealtime, _of(sought), LARGEST["orders"])
    along = [one for one in standing if sought.travelled is not None and came_with_entry(one, sought.travelled)]
    own = any(one["orderLinkId"] == sought.client_id for one in standing)
    if own or not along:
        asked = {**_of(sought), "orderLinkId": sought.client_id}
        await ordered(client.privatePostV5OrderCancel(asked), GONE)
    return all([await _taken_away(client, sought, stop) for stop in along]) and bool(along) and not own


async def _taken_away(client: Client, sought: Sought, stop: Vendor) -> bool:
    none = {"tpslMode": WHOLE, "positionIdx": int(stop["positionIdx"]), "stopLoss": "0"}
    return await ordered(client.privatePostV5PositionTradingStop({**_of(sought), **none}), NOT_MODIFIED)


def _of(sought: Sought) -> dict[str, object]:
    return {"category": LINEAR, "symbol": sought.instrument.symbol}


async def _named(client: Client, sought: Sought) -> Vendor | None:
    asked = {**_of(sought), "orderLinkId": sought.client_id}
    for look in (client.privateGetV5OrderRealtime, client.privateGetV5OrderHistory):
        if found := (await look(asked))["result"]["list"]:
            return dict(found[0])
    return None


async def _travelled(client: Client, sought: Sought, travelled: Travelled) -> Vendor | None:
    """What bears our id or came with the entry, of both the one that sold; what ended lately is asked for first."""
    since = {"startTime": milliseconds(travelled.since - EARLIER)}
    open_now, ended, older = client.privateGetV5OrderRealtime, client.privateGetV5OrderRealtime, client.privateGetV5OrderHistory
    for look, further in ((open_now, {}), (ended, {"openOnly": ENDED}), (older, since)):
        told = await pages(look, {**_of(sought), **further}, LARGEST["orders"])
        fitting = [one for one in told if one["orderLinkId"] == sought.client_id or came_with_entry(one, travelled)]
        if fitting:
            return max(fitting, key=lambda one: number(one["cumExecQty"]))
    return None


async def _with_fills(client: Client, client_id: str, told: Vendor) -> Booked:
    fills: list[Fill] = []
    executed = number(told["cumExecQty"])
    if executed:
        asked = {"category": LINEAR, "symbol": told["symbol"], "orderId": told["orderId"]}
        rows = await pages(client.privateGetV5ExecutionList, asked, LARGEST["executions"])
        fills = [fill_of(one, client_id) for one in rows if one["execType"] != FUNDING]
    return booked(client_id, told["orderId"], STATES[told["orderStatus"]], fills, instant(told["updatedTime"]), executed)
