"""One change of the business, whole or not at all."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeVar

from cbc_domain.kernel.errors import Unavailable
from cbc_domain.ports.persistence.books import Books
from cbc_domain.ports.persistence.keys import Keys
from cbc_domain.ports.persistence.people import People
from cbc_domain.ports.persistence.planning import Planning
from cbc_domain.ports.persistence.receipts import Receipts
from cbc_domain.ports.persistence.results import Results
from cbc_domain.ports.persistence.signals import Signals
from cbc_domain.ports.persistence.sweeps import Sweeps
from cbc_domain.ports.persistence.trades import Trades
from cbc_domain.ports.persistence.transfers import Transfers
from cbc_domain.ports.persistence.work import Answers, Configuration, Jobs, Lane, Outbox

T = TypeVar("T")


class LostRace(Unavailable):
    """The store undid a unit because it collided with another one; the same unit done again may succeed (LED-07)."""


class UnitOfWork(Protocol):
    """The stores under one transaction.

    Nothing is seen by others before `commit`; leaving the context without it undoes everything. Reads see what this unit
    has written. After `commit` the unit is spent: open another. Raises Unavailable `unavailable` when the store is away.
    """

    people: People
    keys: Keys
    signals: Signals
    planning: Planning
    trades: Trades
    results: Results
    lane: Lane
    books: Books
    outbox: Outbox
    jobs: Jobs
    answers: Answers
    configuration: Configuration
    receipts: Receipts
    transfers: Transfers
    sweeps: Sweeps

    async def commit(self) -> None: ...


class Store(Protocol):
    """Opens units of work: `async with store() as work: ...; await work.commit()`."""

    def __call__(self) -> AbstractAsyncContextManager[UnitOfWork]: ...

    async def run(self, act: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        """Do `act` in a unit and commit it; a unit that lost a race is done again, up to 5 times (LED-07).

        `act` touches nothing but its unit, so that doing it again is harmless.
        """
