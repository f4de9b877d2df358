"""How a command that runs until it is told to stop hears that it is."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def told_to_stop() -> AsyncIterator[asyncio.Event]:
    """An event that SIGINT and SIGTERM set, so that whatever has begun is finished."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    yield stop
