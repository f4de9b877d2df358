"""Time, identity and concurrency, injected so that a backtest can step them."""

from collections.abc import Awaitable, Iterable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

T = TypeVar("T")


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
