"""A venue on loopback with one account, and the real adapter in front of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from cbc_adapters.exchange.ccxt.adapter import CcxtExchange
from cbc_adapters.exchange.ccxt.clients import ClientPool
from cbc_adapters.exchange.ccxt.dialects import DIALECTS
from cbc_adapters.exchange.ccxt.wiring import Gateway
from cbc_adapters.exchange.simulated.engine import SimulatedVenue
from cbc_adapters.exchange.simulated.keys import GivenKeys
from cbc_adapters.exchange.simulated.listing import DEMONSTRATION
from cbc_adapters.exchange.simulated.venues.house import House, IssuedKey
from cbc_adapters.exchange.simulated.venues.server import VenueServer, serving
from cbc_adapters.exchange.simulated.venues.wires import WIRES
from cbc_adapters.system.real.clock import SystemClock
from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.ports.venue_keys import Credentials
from tests.promises.exchange import VenueBench
from tests.strategies.exchange import BTC, PRICE, exchange_account


@asynccontextmanager
async def venue_bench(venue: Venue, folder: Path, *, hedge: bool) -> AsyncIterator[VenueBench]:
    clock = SystemClock()
    account = exchange_account(venue=venue, hedge=hedge)
    engine = SimulatedVenue(DEMONSTRATION)
    house = House(venue, Environment.LIVE, engine, clock)
    engine.open_account(account.id, Decimal(10_000), clock.now(), hedge=hedge)
    engine.set_price(BTC, PRICE, clock.now() - timedelta(seconds=1))
    house.issue(IssuedKey("key", "secret", "passphrase", account.id))
    server = VenueServer([WIRES[venue]()], {(venue, Environment.LIVE): house}, clock)
    async with serving(server, folder) as served:
        gateway = Gateway("127.0.0.1", served.port, served.ca_file)
        pool = ClientPool(DIALECTS, GivenKeys({account.id: Credentials("key", "secret", "passphrase")}), gateway)
        exchange = CcxtExchange(pool, clock, allow_live=True)

        async def move(price: Decimal) -> None:
            engine.set_price(BTC, price, clock.now())
            house.tell()

        await exchange.follow([account])
        try:
            async with asyncio.timeout(10):
                while not house.is_listened_to(account.id):
                    await asyncio.sleep(0.01)
            yield VenueBench(exchange, account, move)
        finally:
            await exchange.close()
