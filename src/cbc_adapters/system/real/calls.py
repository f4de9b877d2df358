"""Calls on the running event loop whose answers are taken as they come."""

import asyncio
from collections.abc import Awaitable, Sequence
from types import TracebackType
from typing import Final, Generic, Self, TypeVar

Key = TypeVar("Key")
Answer = TypeVar("Answer")

LINGER_S: Final = 0.01
"""How long the first answer waits for others, so that they are written in one transaction."""


class LoopCalls(Generic[Key, Answer]):
    """Tasks by key; mutable because they begin and end."""

    def __init__(self, linger_s: float = LINGER_S) -> None:
        self._linger_s = linger_s
        self._keys: dict[asyncio.Task[Answer], Key] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        left, self._keys = list(self._keys), {}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def begin(self, key: Key, call: Awaitable[Answer]) -> None:
        self._keys[asyncio.ensure_future(_answer(call))] = key

    async def some(self) -> Sequence[tuple[Key, Answer | Exception]]:
        if not self._keys:
            return []
        _, waiting = await asyncio.wait(self._keys, return_when=asyncio.FIRST_COMPLETED)
        if waiting:
            await asyncio.wait(waiting, timeout=self._linger_s)
        return [(self._keys.pop(task), _outcome(task)) for task in list(self._keys) if task.done()]


async def _answer(call: Awaitable[Answer]) -> Answer:
    return await call


def _outcome(task: asyncio.Task[Answer]) -> Answer | Exception:
    """What it answered or raised; a call that was cancelled, or worse, ends whoever asks for it too."""
    try:
        return task.result()
    except Exception as failure:
        return failure
