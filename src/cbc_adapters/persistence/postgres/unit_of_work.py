"""One connection and one transaction under all the stores."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeVar

import attrs
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncTransaction

from cbc_adapters.persistence.postgres.answers import PostgresAnswers
from cbc_adapters.persistence.postgres.books import PostgresBooks
from cbc_adapters.persistence.postgres.configuration import PostgresConfiguration
from cbc_adapters.persistence.postgres.engine import connect
from cbc_adapters.persistence.postgres.jobs import PostgresJobs
from cbc_adapters.persistence.postgres.keys import PostgresKeys
from cbc_adapters.persistence.postgres.lane import PostgresLane
from cbc_adapters.persistence.postgres.outbox import PostgresOutbox
from cbc_adapters.persistence.postgres.people import PostgresPeople
from cbc_adapters.persistence.postgres.planning import PostgresPlanning
from cbc_adapters.persistence.postgres.presence import Presence
from cbc_adapters.persistence.postgres.receipts import PostgresReceipts
from cbc_adapters.persistence.postgres.results import PostgresResults
from cbc_adapters.persistence.postgres.signals import PostgresSignals
from cbc_adapters.persistence.postgres.sweeps import PostgresSweeps
from cbc_adapters.persistence.postgres.trades import PostgresTrades
from cbc_adapters.persistence.postgres.transfers import PostgresTransfers
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
from cbc_domain.ports.persistence.unit_of_work import LostRace, UnitOfWork
from cbc_domain.ports.persistence.work import Answers, Configuration, Jobs, Lane, Outbox
from cbc_domain.ports.system import Identities

T = TypeVar("T")

RETRIES: Final = 5
"""How often a unit that lost a race is done again (LED-07)."""


@attrs.define(eq=False)
class PostgresUnitOfWork:
    """The stores over one transaction; not frozen, because the port declares its stores as plain attributes."""

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
    _transaction: AsyncTransaction

    async def commit(self) -> None:
        await self._transaction.commit()


@attrs.frozen
class PostgresStore:
    """Opens units of work on the engine's pool; a unit holds one connection from its first to its last line.

    Tasks are claimed in the name of `presence`, whose end frees them; without one until their lease ends.
    """

    engine: AsyncEngine
    identities: Identities
    presence: Presence | None = None

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[UnitOfWork]:
        connection = await connect(self.engine)
        try:
            async with connection.begin() as transaction:
                yield self._stores(connection, transaction)
                if transaction.is_active:
                    await transaction.rollback()
        finally:
            await connection.close()

    async def run(self, act: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        """Do `act` in a unit and commit it; a unit that lost a race is done again, up to 5 times (LED-07)."""
        for _ in range(RETRIES):
            try:
                return await self._once(act)
            except LostRace:
                continue
        return await self._once(act)

    async def _once(self, act: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        async with self() as work:
            result = await act(work)
            await work.commit()
        return result

    def _stores(self, connection: AsyncConnection, transaction: AsyncTransaction) -> PostgresUnitOfWork:
        return PostgresUnitOfWork(
            people=PostgresPeople(connection),
            keys=PostgresKeys(connection),
            signals=PostgresSignals(connection),
            planning=PostgresPlanning(connection),
            trades=PostgresTrades(connection),
            results=PostgresResults(connection),
            lane=PostgresLane(connection, self.presence),
            books=PostgresBooks(connection, self.identities),
            outbox=PostgresOutbox(connection),
            jobs=PostgresJobs(connection),
            answers=PostgresAnswers(connection),
            configuration=PostgresConfiguration(connection),
            receipts=PostgresReceipts(connection),
            transfers=PostgresTransfers(connection),
            sweeps=PostgresSweeps(connection),
            transaction=transaction,
        )
