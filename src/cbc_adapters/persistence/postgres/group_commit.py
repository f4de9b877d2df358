"""How callers at the same time share one commit: whoever is free takes all that waits, without a timer."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final, Generic, TypeVar

import attrs

T = TypeVar("T")
R = TypeVar("R")

MOST: Final = 256
"""How much one commit carries; more gains little and lets the first wait for the last."""

Write = Callable[[Sequence[T]], Awaitable[Sequence[R | Exception]]]
"""Writes a batch; an answer or a refusal for each item, in the order given."""


@attrs.define(eq=False)
class GroupCommit(Generic[T, R]):
    """Hands what callers bring to at most `committers` writers; mutable because it keeps who waits.

    A writer opens its session when something waits and closes it when nothing does. For one event loop.
    """

    open_session: Callable[[], AbstractAsyncContextManager[Write[T, R]]]
    committers: int = 1
    most: int = MOST
    _waiting: deque[tuple[T, asyncio.Future[R]]] = attrs.field(factory=deque, init=False)
    _working: set[asyncio.Task[None]] = attrs.field(factory=set, init=False)

    async def __call__(self, item: T) -> R:
        """Wait for the answer of this item's commit. Who gives up waiting may still be written, when it was taken."""
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if len(self._working) < self.committers:
            self._working.add(asyncio.create_task(self._work()))
        return await answer

    async def _work(self) -> None:
        # Again after each session: who comes while it closes finds everybody at work and starts nobody.
        while self._waiting:
            await self._serve()
        self._working.remove(_this_task())

    async def _serve(self) -> None:
        taken: list[tuple[T, asyncio.Future[R]]] = []
        try:
            async with self.open_session() as write:
                while taken := await self._take():
                    _answer(taken, await write([item for item, _ in taken]))
        except Exception as fault:
            # Whoever waits behind a session that cannot be opened would wait for ever.
            _answer(taken or self._next(), fault)

    async def _take(self) -> list[tuple[T, asyncio.Future[R]]]:
        if not self._waiting:
            # Those who were just answered may come back at once: one look more is cheaper than a new session.
            await asyncio.sleep(0)
        return self._next()

    def _next(self) -> list[tuple[T, asyncio.Future[R]]]:
        taken: list[tuple[T, asyncio.Future[R]]] = []
        while self._waiting and len(taken) < self.most:
            one = self._waiting.popleft()
            if not one[1].done():
                taken.append(one)
        return taken


def _this_task() -> asyncio.Task[None]:
    task = asyncio.current_task()
    if task is None:
        raise LookupError("expected to run in a task")
    return task


def _answer(taken: Sequence[tuple[T, asyncio.Future[R]]], answers: Sequence[R | Exception] | Exception) -> None:
    told = [answers] * len(taken) if isinstance(answers, Exception) else answers
    for (_, waiting), answer in zip(taken, told, strict=True):
        if waiting.done():
            continue
        if isinstance(answer, Exception):
            waiting.set_exception(answer)
        else:
            waiting.set_result(answer)
