"""A venue on loopback whose plan a test may write, and two ways to it: the real adapter and a bare HTTP client."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import attrs
from aiohttp import ClientSession

from cbc_adapters.exchange.ccxt.adapter import CcxtExchange
from cbc_adapters.exchange.ccxt.clients import ClientPool
from cbc_adapters.exchange.ccxt.dialects import DIALECTS
from cbc_adapters.exchange.ccxt.wiring import Gateway, open_session, trust
from cbc_adapters.exchange.simulated.engine import SimulatedVenue
from cbc_adapters.exchange.simulated.faults import Disorder, Failure, FaultPlan
from cbc_adapters.exchange.simulated.keys import GivenKeys
from cbc_adapters.exchange.simulated.listing import DEMONSTRATION
from cbc_adapters.exchange.simulated.venues.house import House, IssuedKey
from cbc_adapters.exchange.simulated.venues.server import VenueServer, serving
from cbc_adapters.exchange.simulated.venues.wires import WIRES
from cbc_adapters.system.real.clock import SystemClock
from cbc_domain.kernel.venues import Environment, Side, Venue
from cbc_domain.ports.exchange import Report, ReportState, Ticket
from cbc_domain.ports.venue_keys import Credentials
from cbc_domain.risk.model import ExchangeAccount
from tests.strategies.exchange import BTC, PRICE, exchange_account

E1, E2, S1, X1 = (f"cbc{leg}{number:028x}" for number, leg in enumerate("eesx", start=1))
"""Ids as ORD-03 makes them."""
PATIENCE_S: Final = 15


@attrs.frozen
class Troubled:
    exchange: CcxtExchange
    account: ExchangeAccount
    house: House
    web: ClientSession

    def suffer(self, *failures: Failure, disorder: Disorder | None = None) -> None:
        """From now on the venue does this to calls and streams."""
        self.house.plan = FaultPlan(failures, disorder)

    async def place(self, ticket: Ticket) -> Report:
        return await self.exchange.place(self.account, ticket)

    async def find(self, client_id: str) -> Report | None:
        return await self.exchange.find(self.account, BTC, client_id)

    async def appears(self, client_id: str) -> Report:
        """Ask until the venue has an order."""
        async with asyncio.timeout(PATIENCE_S):
            while (report := await self.find(client_id)) is None:
                await asyncio.sleep(0.05)
        return report

    async def held(self) -> Decimal:
        holding = await self.exchange.holding(self.account, BTC, Side.LONG)
        return holding.quantity if holding else Decimal(0)

    async def move(self, price: str) -> None:
        self.house.engine.set_price(BTC, Decimal(price), self.house.now())
        self.house.tell()

    async def listen(self) -> None:
        """Open the private stream and wait until the venue has it."""
        await self.exchange.follow([self.account])
        await self.heard_by_venue()

    async def heard_by_venue(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not self.house.is_listened_to(self.account.id):
                await asyncio.sleep(0.01)

    async def told(self, client_id: str) -> Sequence[Report]:
        """What the stream tells until it has spoken of an order as filled."""
        told: list[Report] = []
        async with asyncio.timeout(PATIENCE_S):
            while (client_id, ReportState.FILLED) not in {(report.client_id, report.state) for report in told}:
                told += await self.exchange.changes(100)
                await asyncio.sleep(0.01)
        return told


@asynccontextmanager
async def troubled(venue: Venue, folder: Path) -> AsyncIterator[Troubled]:
    """One account of 10,000 USDT, Bitcoin at 47,000, no faults yet and rules of the venue read already."""
    clock, account, engine = SystemClock(), exchange_account(venue=venue), SimulatedVenue(DEMONSTRATION)
    house = House(venue, Environment.LIVE, engine, clock)
    engine.open_account(account.id, Decimal(10_000), clock.now())
    engine.set_price(BTC, PRICE, clock.now() - timedelta(seconds=1))
    house.issue(IssuedKey("key", "secret", "passphrase", account.id))
    server = VenueServer([WIRES[venue]()], {(venue, Environment.LIVE): house}, clock)
    async with serving(server, folder) as served:
        gateway = Gateway("127.0.0.1", served.port, served.ca_file)
        pool = ClientPool(DIALECTS, GivenKeys({account.id: Credentials("key", "secret", "passphrase")}), gateway)
        exchange = CcxtExchange(pool, clock, allow_live=True)
        async with open_session(gateway, trust(gateway)) as web:
            try:
                await exchange.instrument(venue, Environment.LIVE, BTC)
                yield Troubled(exchange, account, house, web)
            finally:
                await exchange.close()
