"""Who tells a client of its account's orders while a conversation lasts."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager

from cbc_adapters.exchange.simulated.venues.house import House
from cbc_domain.kernel.ids import AccountId
from cbc_domain.ports.exchange import Report

Begin = Callable[[Coroutine[None, None, None]], None]


@asynccontextmanager
async def tellers() -> AsyncIterator[Begin]:
    """Begin as many as are asked for; all are silent when the context is left."""
    running: list[asyncio.Task[None]] = []
    try:
        yield lambda teller: running.append(asyncio.create_task(teller))
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def pass_on(
    house: House,
    account: AccountId,
    say: Callable[[Report], Awaitable[None]],
    ready: asyncio.Event | None = None,
) -> None:
    """Say each report of an account from now on; `ready` is set once none is missed any more."""
    with house.listening(account) as reports:
        if ready is not None:
            ready.set()
        while True:
            await say(await reports.get())
