"""Orders at Bybit: sent, looked for with their fills, cancelled."""

import asyncio
from typing import Final

from cbc_adapters.exchange.ccxt.dialect import Booked, Client, Placing, Sought
from cbc_adapters.exchange.ccxt.dialects.bybit.answers import LARGEST, ordered, pages
from cbc_adapters.exchange.ccxt.dialects.bybit.faults import GONE
from cbc_adapters.exchange.ccxt.dialects.bybit.translate import FUNDING, LINEAR, STATES, fill_of, order_of
from cbc_adapters.exchange.ccxt.translate import Vendor, booked, instant, number
from cbc_domain.trading.model import Fill

BOOKED_AFTER_S: Final = (0.0, 0.2, 0.5)
"""An order that was taken is listed a moment later: the waits before it is looked for."""


async def place(client: Client, placing: Placing) -> Booked | None:
    ticket = placing.ticket
    await ordered(client.privatePostV5OrderCreate(order_of(ticket, placing.hedge)))
    sought = Sought(ticket.client_id, placing.instrument, ticket.leg)
    for wait in BOOKED_AFTER_S:
        await asyncio.sleep(wait)
        if (known := await find(client, sought)) is not None:
            return known
    return None


async def find(client: Client, sought: Sought) -> Booked | None:
    asked = {"category": LINEAR, "symbol": sought.instrument.symbol, "orderLinkId": sought.client_id}
    for look in (client.privateGetV5OrderRealtime, client.privateGetV5OrderHistory):
        if found := (await look(asked))["result"]["list"]:
            return await _with_fills(client, sought.client_id, found[0])
    return None


async def cancel(client: Client, sought: Sought) -> None:
    asked = {"category": LINEAR, "symbol": sought.instrument.symbol, "orderLinkId": sought.client_id}
    await ordered(client.privatePostV5OrderCancel(asked), GONE)


async def _with_fills(client: Client, client_id: str, told: Vendor) -> Booked:
    fills: list[Fill] = []
    executed = number(told["cumExecQty"])
    if executed:
        asked = {"category": LINEAR, "symbol": told["symbol"], "orderId": told["orderId"]}
        rows = await pages(client.privateGetV5ExecutionList, asked, LARGEST["executions"])
        fills = [fill_of(one, client_id) for one in rows if one["execType"] != FUNDING]
    return booked(client_id, told["orderId"], STATES[told["orderStatus"]], fills, instant(told["updatedTime"]), executed)
