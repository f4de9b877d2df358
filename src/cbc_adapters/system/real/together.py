"""Concurrency of the running event loop."""

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")


class LoopTogether:
    """Await calls side by side on one event loop; a cancelled caller cancels them all."""

    async def __call__(self, calls: Iterable[Awaitable[T]]) -> Sequence[T | Exception]:
        answers: list[T | Exception] = []
        for answer in await asyncio.gather(*calls, return_exceptions=True):
            if isinstance(answer, BaseException) and not isinstance(answer, Exception):
                raise answer
            answers.append(answer)
        return answers
