"""A running platform: opened ports, API, workers, and the paper exchange's prices."""

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, Self

import attrs

from cbc_adapters.exchange.simulated.adapter import SimulatedExchange
from cbc_adapters.exchange.simulated.engine import SimulatedVenue
from cbc_adapters.exchange.simulated.listing import DEMONSTRATION, START_PRICES
from cbc_adapters.exchange.simulated.prices import SimulatedPrices
from cbc_adapters.system.real.clock import SystemClock
from cbc_domain.identity.model import Role
from cbc_entrypoints import logs
from cbc_entrypoints.cli.staff import generated_password, staff_form
from cbc_entrypoints.http.app import create_app
from cbc_entrypoints.http.server import serving
from cbc_entrypoints.live import Live, database, live, paper_venue
from cbc_entrypoints.settings import Settings, make_data_dir
from cbc_entrypoints.worker.main import work
from cbc_entrypoints.worker.role import Role as WorkerRole

PRICE_EVERY_S: Final = 1.0
FIRST_ADMIN: Final = "admin@localhost.invalid"


@attrs.frozen
class House:
    """What a serving process holds open."""

    settings: Settings
    live: Live
    venue: SimulatedVenue
    clock: SystemClock

    @classmethod
    @asynccontextmanager
    async def opened(cls, settings: Settings, *, trades: bool = True) -> AsyncIterator[Self]:
        """Open database and paper exchange; the only exchange in the graph is the simulated one.

        A process that `trades` holds the paper exchange of its data directory, and is the only one; others have one in
        memory, for its listing and its prices.
        """
        logs.configure(settings.log_format, settings.log_level)
        clock = SystemClock()
        # First the database: who shares a directory learns that, and not which of its files is taken.
        async with database(settings) as url:
            make_data_dir(settings)
            venue = paper_venue(settings) if trades else SimulatedVenue(DEMONSTRATION)
            here = attrs.evolve(settings, database_url=url)
            async with live(here, SimulatedExchange(venue, clock), clock=clock) as opened:
                yield cls(settings, opened, venue, clock)

    @asynccontextmanager
    async def api(self, listener: socket.socket) -> AsyncIterator[str]:
        async with serving(create_app(self.live.platform), listener) as url:
            yield url

    @asynccontextmanager
    async def workers(self, role: WorkerRole, count: int) -> AsyncIterator[None]:
        """Work while the context is open; leaving it finishes what had begun, and a worker that breaks ends it."""
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for _ in range(count):
                group.create_task(work(self.live, role, stop))
            try:
                yield
            finally:
                stop.set()


@asynccontextmanager
async def prices_move(house: House) -> AsyncIterator[None]:
    """Move the paper exchange's made-up prices once a second while the context is open (SIMULATED)."""
    async with asyncio.TaskGroup() as group:
        moving = group.create_task(_move(house))
        yield
        moving.cancel()


async def first_admin(house: House, tell: Callable[[str], object]) -> None:
    """In development, create an administrator when there is nobody yet, and tell the password this once (ROL-11)."""
    platform = house.live.platform
    async with platform.store()() as unit:
        anybody = await unit.people.members(None, 1)
    if anybody or house.settings.production:
        tell("sign in  with an account you have, or make one: cbc admin create-user")
        return
    password = generated_password()
    form = staff_form(FIRST_ADMIN, password, "First administrator")
    await platform.register()(form, Role.ADMIN, verified=True)
    tell(f"sign in  {FIRST_ADMIN}  {password}  (shown once)")


async def _move(house: House) -> None:
    seed = secrets.randbelow(2**32)
    starts = {
        symbol: house.venue.marks[symbol].price if symbol in house.venue.marks else price
        for symbol, price in START_PRICES.items()
    }
    walks = {symbol: SimulatedPrices(house.venue.listing[symbol], start, seed) for symbol, start in starts.items()}
    while True:
        for symbol, walk in walks.items():
            bar = walk.next_bar()
            house.venue.apply_candle(symbol, bar.open, bar.high, bar.low, bar.close, house.clock.now())
        await asyncio.sleep(PRICE_EVERY_S)
