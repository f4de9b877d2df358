"""Open the platform for one command that is not a server: it takes no work and is no exchange."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cbc_entrypoints import logs
from cbc_entrypoints.live import Live, live
from cbc_entrypoints.paper import paper_exchange
from cbc_entrypoints.settings import Settings


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Live]:
    """The platform over this data directory or database, also while `cbc serve` runs on it; warnings are logged."""
    logs.configure(settings.log_format, "warning")
    async with paper_exchange(settings) as exchange, live(settings, exchange, attach=True) as platform:
        yield platform
