"""What the same orders cost whoever sends them with ccxt alone: no intent, no outcome, nothing on disk."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from typing import Any, Final

import attrs
import ccxt.async_support as vendor
from aiohttp import ClientSession

from cbc_adapters.exchange.ccxt.dialects import DIALECTS
from cbc_adapters.exchange.ccxt.wiring import open_session, trust
from cbc_adapters.exchange.simulated.listing import START_PRICES
from cbc_domain.kernel.venues import Environment, Symbol, Venue
from cbc_domain.risk.credentials import Credentials
from tests.bench.venue_floor import Floor

SIDE_BY_SIDE: Final = 100
"""Accounts that are traded for at once; each of them in a loop of its own."""
ONE_BY_ONE: Final = 1
"""A loop over all accounts, which waits for each order before it sends the next."""

ORDERS: Final = 3
"""Entry, stop and target."""

OPTIONS: Final[Mapping[Venue, Mapping[str, object]]] = {
    # A hundred handshakes at once take longer on a busy machine than a signature holds unless told.
    Venue.BINANCE: {"recvWindow": 60_000},
    # Told and not asked for before the first order of each client.
    Venue.BYBIT: {"enableUnifiedMargin": False, "enableUnifiedAccount": True, "unifiedMarginStatus": 6},
    # One order by the call for one order.
    Venue.OKX: {"createOrder": "privatePostTradeOrder"},
}
ISOLATED: Final[Mapping[Venue, Mapping[str, object]]] = {
    Venue.OKX: {"marginMode": "isolated"},
    Venue.BITGET: {"marginMode": "isolated"},
}
BY_MARK: Final[Mapping[Venue, Mapping[str, object]]] = {
    Venue.BINANCE: {"workingType": "MARK_PRICE"},
    Venue.BYBIT: {"triggerBy": "MarkPrice"},
    Venue.OKX: {"slTriggerPxType": "mark", "tpTriggerPxType": "mark"},
    Venue.BITGET: {"triggerType": "mark_price"},
}
PLANS: Final[Mapping[Venue, Mapping[str, str]]] = {
    # Unless told, ccxt makes one for the whole position, which bears no id of whoever sends it.
    Venue.BITGET: {"stopLossPrice": "loss_plan", "takeProfitPrice": "profit_plan"},
}
FAR_BELOW: Final = Decimal("0.8")
FAR_ABOVE: Final = Decimal("1.2")
SPENT: Final = Decimal(500)
"""USDT of each position."""

Client = Any


@attrs.frozen
class Bare:
    """So many orders in so many seconds, with so much of this process's own processor time and so many calls."""

    orders: int
    seconds: float
    cpu_s: float
    calls: int

    @property
    def members(self) -> int:
        """One with three orders that was traded for in several rounds counts in each."""
        return self.orders // ORDERS

    @property
    def per_s(self) -> float:
        return self.orders / self.seconds

    @property
    def per_cpu_s(self) -> float:
        return self.orders / self.cpu_s


async def bare_loops(floor: Floor, venue: Venue, warm_up: Symbol, symbols: Sequence[Symbol]) -> tuple[Bare, Bare]:
    """All accounts side by side, and all one by one, a round of each symbol; a round before opens connections."""
    async with _clients(floor, venue) as clients:
        await _round(clients, venue, warm_up, SIDE_BY_SIDE)
        return (
            await _measured(floor, clients, venue, symbols, SIDE_BY_SIDE),
            await _measured(floor, clients, venue, symbols, ONE_BY_ONE),
        )


async def _measured(floor: Floor, clients: Sequence[Client], venue: Venue, symbols: Sequence[Symbol], at_once: int) -> Bare:
    asked = await floor.calls()
    began, used = time.monotonic(), time.process_time()
    for symbol in symbols:
        await _round(clients, venue, symbol, at_once)
    seconds, used = time.monotonic() - began, time.process_time() - used
    return Bare(len(clients) * len(symbols) * ORDERS, seconds, used, await floor.calls() - asked)


async def _round(clients: Sequence[Client], venue: Venue, symbol: Symbol, accounts_at_once: int) -> None:
    at_once = asyncio.Semaphore(accounts_at_once)
    name, price, isolated = f"{symbol.removesuffix('USDT')}/USDT:USDT", START_PRICES[symbol], ISOLATED.get(venue, {})

    async def trade(client: Client) -> None:
        async with at_once:
            contracts = SPENT / price / Decimal(str(client.market(name)["contractSize"]))
            amount = client.amount_to_precision(name, str(contracts))
            await client.create_order(name, "market", "buy", amount, None, dict(isolated))
            triggers = {"stopLossPrice": price * FAR_BELOW, "takeProfitPrice": price * FAR_ABOVE}
            for trigger, at in triggers.items():
                told = {**isolated, **_trigger(venue, trigger), trigger: client.price_to_precision(name, str(at))}
                await client.create_order(name, "market", "sell", amount, None, told)

    await asyncio.gather(*(trade(client) for client in clients))


def _trigger(venue: Venue, trigger: str) -> Mapping[str, object]:
    plan = PLANS.get(venue, {})
    return {**BY_MARK[venue], "reduceOnly": True, **({"planType": plan[trigger]} if plan else {})}


@asynccontextmanager
async def _clients(floor: Floor, venue: Venue) -> AsyncIterator[Sequence[Client]]:
    """Unmodified ccxt clients over one session, the markets of a keyless one shared by all."""
    trusted = trust(floor.gateway)
    async with open_session(floor.gateway, trusted) as session, AsyncExitStack() as stack:
        public = _client(venue, Credentials("", ""), session, trusted)
        stack.push_async_callback(public.close)
        await public.load_markets()
        clients = [_client(venue, key, session, trusted) for key in floor.keys]
        for client in clients:
            stack.push_async_callback(client.close)
            client.set_markets_from_exchange(public)
        yield clients


def _client(venue: Venue, key: Credentials, session: ClientSession, trusted: object) -> Client:
    dialect = DIALECTS[venue]
    given = {"session": session, "enableRateLimit": False, "apiKey": key.key, "secret": key.secret}
    if key.passphrase:
        given["password"] = key.passphrase
    client = getattr(vendor, dialect.ccxt_id)(given | dict(dialect.settings(Environment.LIVE)))
    client.ssl_context = trusted
    # A quarter of a second for each client that is closed, for a session of its own to wind up: this one is shared.
    client.timeout_on_exit = 0
    client.options.update(OPTIONS.get(venue, {}))
    return client
