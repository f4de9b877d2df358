"""The paper exchange of a data directory: every process speaks to it, and one of them is it."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from typing import Final

import structlog

from cbc_adapters.exchange.simulated.adapter import SimulatedExchange
from cbc_adapters.exchange.simulated.engine import SimulatedVenue
from cbc_adapters.exchange.simulated.listing import DEMONSTRATION, START_PRICES
from cbc_adapters.exchange.simulated.prices import SimulatedPrices
from cbc_adapters.exchange.simulated.remote import RemoteExchange
from cbc_adapters.exchange.simulated.service import served
from cbc_domain.kernel.errors import Unavailable
from cbc_domain.kernel.venues import Symbol
from cbc_domain.ports.system import Clock
from cbc_entrypoints.settings import Settings

log = structlog.get_logger()

JOURNAL: Final = "paper-exchange.jsonl"
SOCKET: Final = "paper-exchange.sock"
PRICE_EVERY_S: Final = 1.0
STAND_BY_S: Final = 0.2
"""How long the paper exchange may be away when the process that was it ends."""

Walks = Mapping[Symbol, SimulatedPrices]


@asynccontextmanager
async def paper_exchange(settings: Settings) -> AsyncIterator[RemoteExchange]:
    """The way to the paper exchange of this data directory, whoever is it; nothing is opened before it is used."""
    exchange = RemoteExchange(settings.data_dir / SOCKET)
    try:
        yield exchange
    finally:
        await exchange.close()


@asynccontextmanager
async def paper_exchange_there(settings: Settings, clock: Clock) -> AsyncIterator[None]:
    """See to it that the data directory has a paper exchange while the context is open.

    The process that has its command file is it, and moves its made-up prices; the others stand by, and one of them takes
    over when that one ends, however it ends. Raises Unavailable `venue_journal_unreadable`.
    """
    venue = _taken(settings)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(_host(settings, clock, venue))
        yield
        task.cancel()


async def _host(settings: Settings, clock: Clock, venue: SimulatedVenue | None) -> None:
    while venue is None:
        await asyncio.sleep(STAND_BY_S)
        venue = await asyncio.to_thread(_taken, settings)
    with closing(venue):
        walks = _walks(venue)
        _step(venue, walks, clock)
        async with served(SimulatedExchange(venue, clock), settings.data_dir / SOCKET):
            log.info("paper_exchange.open")
            while True:
                await asyncio.sleep(PRICE_EVERY_S)
                _step(venue, walks, clock)


def _taken(settings: Settings) -> SimulatedVenue | None:
    """The venue, whose past survives its process; None while another process is it."""
    try:
        return SimulatedVenue(DEMONSTRATION, journal_file=settings.data_dir / JOURNAL)
    except Unavailable as fault:
        if fault.code == "venue_journal_in_use":
            return None
        raise


def _walks(venue: SimulatedVenue) -> Walks:
    seed = secrets.randbelow(2**32)
    starts = {symbol: venue.marks[symbol].price if symbol in venue.marks else price for symbol, price in START_PRICES.items()}
    return {symbol: SimulatedPrices(venue.listing[symbol], start, seed) for symbol, start in starts.items()}


def _step(venue: SimulatedVenue, walks: Walks, clock: Clock) -> None:
    for symbol, walk in walks.items():
        bar = walk.next_bar()
        venue.apply_candle(symbol, bar.open, bar.high, bar.low, bar.close, clock.now())
