"""A question whose answer takes long is asked once more beside, and the first answer counts."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

SLOW_S: Final = 0.3
"""Most answers come within a tenth of this; a stop or an exit may wait for one that does not (POS-11)."""

T = TypeVar("T")


async def hedged(ask: Callable[[], Awaitable[T]], may_ask_again: Callable[[], bool]) -> T:
    """The first answer of the two; what the first question raised when neither has one.

    `ask` changes nothing at the venue, so that asking twice is harmless. One that fails before it is slow is not asked again.
    """
    asked = [asyncio.ensure_future(ask())]
    try:
        await asyncio.wait(asked, timeout=SLOW_S)
        if not asked[0].done() and may_ask_again():
            asked.append(asyncio.ensure_future(ask()))
        return await _first_answer(asked)
    finally:
        for question in asked:
            question.cancel()
        await asyncio.gather(*asked, return_exceptions=True)


async def _first_answer(asked: Sequence["asyncio.Future[T]"]) -> T:
    waiting = set(asked)
    while waiting:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for question in done:
            if question.exception() is None:
                return question.result()
    return asked[0].result()
