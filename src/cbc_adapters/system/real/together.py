"""Concurrency of the running event loop."""

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")


class LoopTogether:
    """Await calls side by side on one event loop; a cancelled caller cancels them all."""

    async def __call__(self, calls: Iterable[Awaitable[T]]) -> Sequence[T | Exception]:
        waiting = list(calls)
        if len(waiting) == 1:
            # The usual case by far, and it needs no task of its own.
            return [await _answer(waiting[0])]
        answers: list[T | Exception] = []
        for answer in await asyncio.gather(*waiting, return_exceptions=True):
            if isinstance(answer, BaseException) and not isinstance(answer, Exception):
                raise answer
            answers.append(answer)
        return answers


async def _answer(call: Awaitable[T]) -> T | Exception:
    try:
        return await call
    except Exception as failure:
        return failure
