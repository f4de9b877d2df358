"""Wake-ups between processes: hints that work waits, never the work itself (ARC-09)."""

from collections.abc import AsyncIterator
from typing import Protocol


class Bus(Protocol):
    async def publish(self, topic: str) -> None:
        """Wake whoever waits on a topic; a bus that is away is no error."""

    def listen(self, *topics: str) -> AsyncIterator[str]:
        """Topics as they are published; wake-ups may be lost, merged or repeated."""
