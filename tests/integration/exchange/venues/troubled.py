"""A venue on loopback whose plan a test may write, and two ways to it: the real adapter and a bare HTTP client."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import attrs
from aiohttp import ClientSession

from cbc_adapters.exchange.ccxt.adapter import CcxtExchange
from cbc_adapters.exchange.ccxt.wiring import open_session, trust
from cbc_adapters.exchange.simulated.faults import Disorder, Failure, FaultPlan
from cbc_adapters.exchange.simulated.venues.house import House
from cbc_domain.kernel.venues import Environment, Side, Venue
from cbc_domain.ports.exchange import Report, ReportState, Ticket
from cbc_domain.risk.model import ExchangeAccount
from tests.integration.exchange.venues.bench import PATIENCE_S, Desk, opened_desk
from tests.strategies.exchange import BTC

E1, E2, S1, X1 = (f"cbc{leg}{number:028x}" for number, leg in enumerate("eesx", start=1))
"""Ids as ORD-03 makes them."""


@attrs.frozen
class Troubled:
    desk: Desk
    web: ClientSession

    @property
    def exchange(self) -> CcxtExchange:
        return self.desk.exchange

    @property
    def account(self) -> ExchangeAccount:
        return self.desk.account

    @property
    def house(self) -> House:
        return self.desk.house

    def suffer(self, *failures: Failure, disorder: Disorder | None = None) -> None:
        """From now on the venue does this to calls and streams."""
        self.house.plan = FaultPlan(failures, disorder)

    async def place(self, ticket: Ticket) -> Report:
        return await self.exchange.place(self.account, ticket)

    def sent_elsewhere(self, ticket: Ticket) -> None:
        """Let another process send an order: here only the stream can tell of it."""
        self.house.engine.place(self.account.id, ticket, self.house.now())
        self.house.tell()

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
        await self.desk.move(Decimal(price))

    async def listen(self) -> None:
        """Open the private stream and wait until the venue has it."""
        await self.exchange.follow([self.account])
        await self.desk.heard_by_venue()

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
    """A desk at a venue without faults yet, whose rules are read already."""
    async with opened_desk(venue, folder) as desk, open_session(desk.gateway, trust(desk.gateway)) as web:
        await desk.exchange.instrument(venue, Environment.LIVE, BTC)
        yield Troubled(desk, web)
