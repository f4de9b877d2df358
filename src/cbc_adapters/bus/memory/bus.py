"""Wake-ups within one process."""

import asyncio
from collections.abc import AsyncIterator
from typing import Self
from weakref import WeakSet


class Listener:
    """Topics not yet heard, each once, from its making until it is dropped; mutable because it waits."""

    def __init__(self, topics: tuple[str, ...]) -> None:
        self._topics = frozenset(topics)
        self._unheard: dict[str, None] = {}
        self._rung = asyncio.Event()

    def ring(self, topic: str) -> None:
        if topic in self._topics:
            self._unheard[topic] = None
            self._rung.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        while not self._unheard:
            self._rung.clear()
            await self._rung.wait()
        topic = next(iter(self._unheard))
        del self._unheard[topic]
        return topic


class MemoryBus:
    """Ring every listener of a topic; what nobody has heard yet is merged. For one event loop."""

    def __init__(self) -> None:
        self.listeners: WeakSet[Listener] = WeakSet()

    async def publish(self, topic: str) -> None:
        for listener in self.listeners:
            listener.ring(topic)

    def listen(self, *topics: str) -> AsyncIterator[str]:
        listener = Listener(topics)
        self.listeners.add(listener)
        return listener
