"""Acts that are done again and again beside a seed, until it has enough of them."""

import asyncio
from collections.abc import Awaitable, Callable


async def every(seconds: float, act: Callable[[], Awaitable[None]]) -> None:
    """Act, rest for so many seconds, and act again."""
    while True:
        await act()
        await asyncio.sleep(seconds)


async def ended(task: asyncio.Task[None]) -> None:
    """Cancel it and wait until it is over; raises what it failed with before."""
    task.cancel()
    [fault] = await asyncio.gather(task, return_exceptions=True)
    if fault is not None and not isinstance(fault, asyncio.CancelledError):
        raise fault
