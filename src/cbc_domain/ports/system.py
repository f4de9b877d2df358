"""Time, identity and concurrency, injected so that a backtest can step them."""

from collections.abc import Awaitable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

T = TypeVar("T")
Key = TypeVar("Key")
Answer = TypeVar("Answer")


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant in UTC."""


class Identities(Protocol):
    def new(self) -> UUID:
        """A fresh UUID version 7; ascending within one process (GEN-15)."""

    def secret(self, size: int) -> bytes:
        """Bytes from a cryptographic source; for secrets, codes and tokens."""


class Together(Protocol):
    async def __call__(self, calls: Iterable[Awaitable[T]]) -> Sequence[T | Exception]:
        """Await all of them at once and answer in their order, each with its result or with what it raised.

        One that fails neither stops nor hides the others.
        """


class Calls(Protocol[Key, Answer]):
    """Calls under way whose answers are taken as they come, so that a slow one holds up no other."""

    def begin(self, key: Key, call: Awaitable[Answer]) -> None:
        """Let a call begin; its answer comes under this key."""

    async def some(self) -> Sequence[tuple[Key, Answer | Exception]]:
        """Wait for an answer and give all that have come since the last time, each once; nothing when nothing is under way."""


class OpenCalls(Protocol[Key, Answer]):
    def __call__(self) -> AbstractAsyncContextManager[Calls[Key, Answer]]:
        """A set of calls; what is still under way when the context is left is cancelled."""
