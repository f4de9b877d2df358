"""A venue on loopback with one account, and the real adapter in front of it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import ClassVar, Final

import attrs
import pytest

from cbc_adapters.exchange.ccxt.adapter import CcxtExchange
from cbc_adapters.exchange.ccxt.clients import ClientPool
from cbc_adapters.exchange.ccxt.dialects import DIALECTS
from cbc_adapters.exchange.ccxt.wiring import CONNECTIONS, Gateway
from cbc_adapters.exchange.simulated.keys import GivenKeys
from cbc_adapters.exchange.simulated.venues.house import House, IssuedKey
from cbc_adapters.exchange.simulated.venues.server import VenueServer, serving
from cbc_adapters.exchange.simulated.venues.simulation import engine_of
from cbc_adapters.exchange.simulated.venues.wire import Wire
from cbc_adapters.exchange.simulated.venues.wires import WIRES
from cbc_adapters.system.real.clock import SystemClock
from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.ports.venue_keys import Credentials
from cbc_domain.risk.model import ExchangeAccount
from tests.promises.exchange import ExchangePromises
from tests.promises.venue_bench import VenueBench
from tests.strategies.exchange import BTC, PRICE, exchange_account
from tests.venue_club import CHANNELS

GIVEN: Final = Credentials("key", "secret", "passphrase")
PATIENCE_S: Final = 15


@attrs.frozen
class Desk:
    """The venue from both sides: its house, and the adapter in front of it with the way there."""

    exchange: CcxtExchange
    account: ExchangeAccount
    house: House
    gateway: Gateway

    async def move(self, price: Decimal) -> None:
        self.house.engine.set_price(BTC, price, self.house.now())
        self.house.tell()

    def deposit(self, amount: Decimal, at: datetime) -> None:
        self.house.engine.deposit(self.account.id, amount, at)

    async def heard_by_venue(self) -> None:
        """Wait until the venue has the private stream."""
        async with asyncio.timeout(PATIENCE_S):
            while not self.house.is_listened_to(self.account.id, CHANNELS.get(self.account.venue, 1)):
                await asyncio.sleep(0.01)


@asynccontextmanager
async def opened_desk(
    venue: Venue,
    folder: Path,
    *,
    hedge: bool = False,
    wire: Wire | None = None,
    connections: int = CONNECTIONS,
    beside: Sequence[ExchangeAccount] = (),
) -> AsyncIterator[Desk]:
    """One account of 10,000 USDT and others `beside` it, Bitcoin at 47,000, and no faults yet; nobody listens."""
    clock, account, engine = SystemClock(), exchange_account(venue=venue, hedge=hedge), engine_of(venue)
    house = House(venue, Environment.LIVE, engine, clock)
    others = {one.id: attrs.evolve(GIVEN, key=f"{GIVEN.key}{number}") for number, one in enumerate(beside, start=2)}
    keys = {account.id: GIVEN, **others}
    for owner, key in keys.items():
        engine.open_account(owner, Decimal(10_000), clock.now(), hedge=hedge)
        house.issue(IssuedKey(key.key, key.secret, key.passphrase, owner))
    engine.set_price(BTC, PRICE, clock.now() - timedelta(seconds=1))
    server = VenueServer([wire or WIRES[venue]()], {(venue, Environment.LIVE): house}, clock)
    async with serving(server, folder) as served:
        gateway = Gateway("127.0.0.1", served.port, served.ca_file)
        pool = ClientPool(DIALECTS, GivenKeys(keys), gateway, connections)
        exchange = CcxtExchange(pool, clock, allow_live=True)
        try:
            yield Desk(exchange, account, house, gateway)
        finally:
            await exchange.close()


class VenuePromises(ExchangePromises):
    """What every exchange promises, in both position modes of a venue. Inherit and say which."""

    venue: ClassVar[Venue]

    @pytest.fixture(params=[False, True], ids=["one-way", "hedge"])
    async def bench(self, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[VenueBench]:
        async with opened_desk(self.venue, tmp_path, hedge=request.param) as desk:
            yield VenueBench(desk.exchange, desk.account, desk.move, desk.deposit, desk.heard_by_venue)
