"""Orders at OKX: sent, looked for with their fills, cancelled."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

import attrs
import ccxt as vendor

from cbc_adapters.exchange.ccxt.asking import answer_unless
from cbc_adapters.exchange.ccxt.dialect import Booked, Client, Placing, Sought
from cbc_adapters.exchange.ccxt.dialects.okx.answers import cancelled, only, ordered, pages, rows
from cbc_adapters.exchange.ccxt.dialects.okx.faults import MORE_THAN_HELD, UNKNOWN_ORDER
from cbc_adapters.exchange.ccxt.dialects.okx.translate import (
    ALGO_STATES,
    CONDITIONAL,
    STATES,
    algo_order,
    fill_of,
    instrument_id,
    plain_order,
)
from cbc_adapters.exchange.ccxt.errors import code_of
from cbc_adapters.exchange.ccxt.translate import Vendor, booked, filled, instant, number
from cbc_domain.ports.exchange import ReportState
from cbc_domain.trading.model import Fill, Leg

SWAPS: Final = {"instType": "SWAP"}
EFFECTIVE: Final = frozenset({"effective", "partially_effective"})
"""The states of an algo order that became a plain order."""


async def place(client: Client, placing: Placing) -> Booked:
    """Send one order and look at it at once."""
    ticket = placing.ticket
    sought = Sought(ticket.client_id, placing.instrument, ticket.leg)
    if ticket.leg in CONDITIONAL:
        taken = await ordered(client.privatePostTradeOrderAlgo, algo_order(ticket, placing.hedge))
        number_of = "algoId"
    else:
        taken = await _place_plain(client, placing)
        number_of = "ordId"
    # It stands, whatever becomes of looking at it: a refusal from here on would say that it does not.
    with suppress(vendor.BaseError):
        if ticket.leg in CONDITIONAL:
            return await _find_algo(client, sought)
        return await _numbered(client, sought, taken["ordId"])
    at = instant(taken.get("ts") or client.milliseconds())
    return booked(ticket.client_id, taken[number_of], ReportState.LIVE, (), at)


async def find(client: Client, sought: Sought) -> Booked | None:
    """The order with its fills; None when OKX says of every kind it may be that there is none."""
    for look in _looks(sought.leg):
        if (found := await answer_unless(UNKNOWN_ORDER, look(client, sought))) is not None:
            return found
    return None


async def cancel(client: Client, sought: Sought) -> bool:
    """The answer says that the wish was taken, and no more."""
    name = instrument_id(sought.instrument.symbol)
    if sought.leg in {None, *CONDITIONAL}:
        await cancelled(client.privatePostTradeCancelAlgos, [{"instId": name, "algoClOrdId": sought.client_id}])
    if sought.leg not in CONDITIONAL:
        await cancelled(client.privatePostTradeCancelOrder, {"instId": name, "clOrdId": sought.client_id})
    return False


async def _place_plain(client: Client, placing: Placing) -> Vendor:
    ticket = placing.ticket
    order = plain_order(ticket, placing.hedge, placing.attached)
    try:
        return await ordered(client.privatePostTradeOrder, order)
    except vendor.BaseError as error:
        if ticket.leg is not Leg.EXIT or code_of(error) != MORE_THAN_HELD:
            raise
        # Nothing was done, and what is left can be closed under the same id (ORD-11).
        left = await _held(client, order)
        if not left:
            raise
    return await ordered(client.privatePostTradeOrder, order | {"sz": left})


async def _held(client: Client, order: Mapping[str, object]) -> str | None:
    told = rows(await client.privateGetAccountPositions({**SWAPS, "instId": order["instId"]}))
    fitting = (one for one in told if one["mgnMode"] == "isolated" and one["posSide"] == order["posSide"])
    return next((format(abs(number(one["availPos"] or one["pos"])), "f") for one in fitting), None)


def _looks(leg: Leg | None) -> Sequence[Callable[[Client, Sought], Awaitable[Booked]]]:
    if leg is None:
        return (_find_plain, _find_algo)
    return (_find_algo,) if leg in CONDITIONAL else (_find_plain,)


async def _find_plain(client: Client, sought: Sought) -> Booked:
    asked = {"instId": instrument_id(sought.instrument.symbol), "clOrdId": sought.client_id}
    return await _with_fills(client, sought.client_id, only(await client.privateGetTradeOrder(asked)))


async def _numbered(client: Client, sought: Sought, order_id: object) -> Booked:
    asked = {"instId": instrument_id(sought.instrument.symbol), "ordId": order_id}
    return await _with_fills(client, sought.client_id, only(await client.privateGetTradeOrder(asked)))


async def _find_algo(client: Client, sought: Sought) -> Booked:
    told = only(await client.privateGetTradeOrderAlgo({"algoClOrdId": sought.client_id}))
    became = told.get("ordIdList") or [told.get("ordId")]
    if told["state"] in EFFECTIVE and became[-1]:
        order = await _numbered(client, sought, became[-1])
        return attrs.evolve(order, venue_order_id=str(told["algoId"]))
    at = instant(told.get("uTime") or told["cTime"])
    state = booked(sought.client_id, told["algoId"], ALGO_STATES[told["state"]], (), at)
    return attrs.evolve(state, code=told.get("failCode") or None)


async def _with_fills(client: Client, client_id: str, told: Vendor) -> Booked:
    executed = number(told["accFillSz"])
    fills: list[Fill] = []
    # The first keeps three days and the second three months.
    for kept in (client.privateGetTradeFills, client.privateGetTradeFillsHistory):
        if filled(fills) < executed:
            asked = {**SWAPS, "instId": told["instId"], "ordId": told["ordId"]}
            fills = [fill_of(one, client_id) for one in await pages(kept, asked)]
    return booked(client_id, told["ordId"], STATES[told["state"]], fills, instant(told["uTime"]), executed)
