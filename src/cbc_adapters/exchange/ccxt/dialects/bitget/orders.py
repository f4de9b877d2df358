"""Orders at Bitget, plain ones and plans: sent, looked for with their fills, cancelled."""

from collections.abc import Mapping
from typing import Final

import attrs
import ccxt as vendor

from cbc_adapters.exchange.ccxt.asking import answer_unless
from cbc_adapters.exchange.ccxt.dialect import Booked, Client, Placing, Sought
from cbc_adapters.exchange.ccxt.dialects.bitget.answers import Call, pages
from cbc_adapters.exchange.ccxt.dialects.bitget.faults import GONE
from cbc_adapters.exchange.ccxt.dialects.bitget.translate import (
    CONDITIONAL,
    IN_USDT,
    PLAN_STATES,
    PRODUCT,
    STATES,
    came_with_entry,
    fill_of,
    plain_order,
    plan_order,
)
from cbc_adapters.exchange.ccxt.translate import Vendor, booked, instant, number
from cbc_domain.ports.exchange import ReportState
from cbc_domain.trading.model import Fill

PROTECTION: Final = {"planType": "profit_loss"}


async def place(client: Client, placing: Placing) -> Booked | None:
    ticket = placing.ticket
    if ticket.leg in CONDITIONAL:
        told = await client.privateMixPostV2MixOrderPlaceTpslOrder(plan_order(ticket, placing.hedge))
        return booked(ticket.client_id, told["data"]["orderId"], ReportState.LIVE, (), instant(told["requestTime"]))
    # The answer tells neither state nor fills.
    await client.privateMixPostV2MixOrderPlaceOrder(plain_order(ticket, placing.hedge, placing.attached))
    return None


async def find(client: Client, sought: Sought) -> Booked | None:
    if sought.leg in CONDITIONAL:
        return await _find_plan(client, sought)
    plain = await _find_plain(client, sought, {"clientOid": sought.client_id})
    return plain if plain or sought.leg else await _find_plan(client, sought)


async def cancel(client: Client, sought: Sought) -> bool:
    if sought.leg not in CONDITIONAL:
        asked = {**IN_USDT, "symbol": sought.instrument.symbol, "clientOid": sought.client_id}
        await answer_unless(GONE, client.privateMixPostV2MixOrderCancelOrder(asked))
    ended = [await _cancel_plan(client, sought, plan) for leg, plan in CONDITIONAL.items() if sought.leg in {None, leg}]
    return all(ended) and sought.leg in CONDITIONAL


async def _find_plain(client: Client, sought: Sought, named: Mapping[str, str]) -> Booked | None:
    symbol = sought.instrument.symbol
    told = await answer_unless(GONE, client.privateMixGetV2MixOrderDetail({**PRODUCT, "symbol": symbol, **named}))
    if told is None:
        return None
    order, executed = told["data"], number(told["data"]["baseVolume"])
    fills: list[Fill] = []
    if executed:
        asked = {**PRODUCT, "symbol": symbol, "orderId": order["orderId"]}
        trades = await pages(client.privateMixGetV2MixOrderFills, asked, "fillList")
        fills = [fill_of(one, sought.client_id) for one in trades]
    at = instant(order["uTime"] or order["cTime"])
    return booked(sought.client_id, order["orderId"], STATES[order["state"]], fills, at, executed)


async def _find_plan(client: Client, sought: Sought) -> Booked | None:
    # Waiting ones first: what is triggered between the two questions is found by the second.
    for look in (client.privateMixGetV2MixOrderOrdersPlanPending, client.privateMixGetV2MixOrderOrdersPlanHistory):
        if plans := await _listed(look, sought):
            return await _became(client, sought, max(plans, key=lambda plan: plan["planStatus"] == "executed"))
    return None


async def _listed(look: Call, sought: Sought) -> list[Vendor]:
    """The plans that bear our id or came with the entry, of both that one first."""
    asked: dict[str, object] = {**PRODUCT, **PROTECTION, "symbol": sought.instrument.symbol}
    travelled = sought.travelled
    if travelled is None:
        asked["clientOid"] = sought.client_id
    told = await answer_unless(GONE, look(asked))
    plans = (told["data"] or {}).get("entrustedList") or () if told else ()
    own = [plan for plan in plans if plan["clientOid"] == sought.client_id]
    return own + [plan for plan in plans if travelled is not None and came_with_entry(plan, travelled)]


async def _became(client: Client, sought: Sought, plan: Vendor) -> Booked:
    """A triggered plan names the plain order that it became, and that one's fills are its own."""
    if became := plan.get("executeOrderId"):
        executed = await _find_plain(client, sought, {"orderId": became})
        if executed is not None:
            return executed
    state, at = PLAN_STATES[plan["planStatus"]], instant(plan["uTime"] or plan["cTime"])
    told = booked(sought.client_id, plan["orderId"], state, (), at)
    return attrs.evolve(told, code=plan["planStatus"]) if state is ReportState.REJECTED else told


async def _cancel_plan(client: Client, sought: Sought, plan: str) -> bool:
    """What came with an entry bears the venue's id, and is found by what it is."""
    standing = await _listed(client.privateMixGetV2MixOrderOrdersPlanPending, sought) if sought.travelled else []
    named = [(one["planType"], {"orderId": one["orderId"]}) for one in standing] or [(plan, {"clientOid": sought.client_id})]
    if all([await _ends(client, sought, kind, name) for kind, name in named]):
        return True
    # A failure comes as success of the call and in words of its own: whether it matters is told by the order.
    left = await _find_plan(client, sought)
    if left is not None and left.state is ReportState.LIVE:
        raise vendor.ExchangeError(f"bitget expected plan order {left.venue_order_id} to be cancelled, was live")
    return False


async def _ends(client: Client, sought: Sought, plan: str, name: Mapping[str, str]) -> bool:
    asked = {**IN_USDT, "symbol": sought.instrument.symbol, "planType": plan, "orderIdList": [dict(name)]}
    told = await answer_unless(GONE, client.privateMixPostV2MixOrderCancelPlanOrder(asked))
    return bool(told and told["data"]["successList"] and not told["data"]["failureList"])
