"""Open the platform for one command that is not a server: no exchange is reached, no work is taken."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cbc_adapters.exchange.simulated.adapter import SimulatedExchange
from cbc_adapters.exchange.simulated.engine import SimulatedVenue
from cbc_adapters.exchange.simulated.listing import DEMONSTRATION
from cbc_adapters.system.real.clock import SystemClock
from cbc_entrypoints import logs
from cbc_entrypoints.live import Live, live
from cbc_entrypoints.settings import Settings


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Live]:
    """The platform over this data directory or database, also while `cbc serve` runs on it; warnings are logged."""
    logs.configure(settings.log_format, "warning")
    clock = SystemClock()
    async with live(settings, SimulatedExchange(SimulatedVenue(DEMONSTRATION), clock), clock=clock, attach=True) as platform:
        yield platform
