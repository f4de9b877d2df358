"""Units of work in memory, one at a time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from copy import copy
from typing import TypeVar

import attrs

from cbc_adapters.persistence.memory.activity import MemoryActivity
from cbc_adapters.persistence.memory.books import MemoryBooks
from cbc_adapters.persistence.memory.configuration import MemoryConfiguration
from cbc_adapters.persistence.memory.keys import MemoryKeys
from cbc_adapters.persistence.memory.lane import MemoryLane
from cbc_adapters.persistence.memory.people import MemoryPeople
from cbc_adapters.persistence.memory.planning import MemoryPlanning
from cbc_adapters.persistence.memory.receipts import MemoryReceipts
from cbc_adapters.persistence.memory.results import MemoryResults
from cbc_adapters.persistence.memory.signals import MemorySignals
from cbc_adapters.persistence.memory.sweeps import MemorySweeps
from cbc_adapters.persistence.memory.table import Changes
from cbc_adapters.persistence.memory.trade_tables import TradeTables
from cbc_adapters.persistence.memory.trades import MemoryTrades
from cbc_adapters.persistence.memory.transfers import MemoryTransfers
from cbc_adapters.persistence.memory.verdicts import MemoryVerdicts
from cbc_adapters.persistence.memory.work import JobQueue, MemoryAnswers, MemoryOutbox
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
from cbc_domain.ports.persistence.unit_of_work import UnitOfWork
from cbc_domain.ports.persistence.work import Answers, Configuration, Jobs, Lane, Outbox
from cbc_domain.ports.system import Identities

T = TypeVar("T")


@attrs.define(eq=False)
class MemoryUnitOfWork:
    """The stores of one unit; not frozen, because the port declares its stores as plain attributes."""

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
    _turn: "_Turn"

    async def commit(self) -> None:
        """Raises RuntimeError when the unit is spent."""
        self._turn.keep()


class MemoryStore:
    """Everything the platform knows, for one event loop.

    Units of work run one after the other under one lock, so that no unit sees another's changes and every lock that a
    port promises is held already. A unit that is opened inside another one waits for ever.
    """

    def __init__(self, identities: Identities) -> None:
        self._changes = Changes()
        self._turns = asyncio.Lock()
        trades = TradeTables(self._changes)
        verdicts = MemoryVerdicts(self._changes, trades)
        people, lane = MemoryPeople(self._changes, trades), MemoryLane(self._changes, trades)
        self._transfers = MemoryTransfers(self._changes, people)
        self._sweeps = MemorySweeps(self._changes, trades)
        books = MemoryBooks(self._changes, identities.new)
        activity = MemoryActivity(self._changes, trades, self._transfers)
        self.jobs = JobQueue(self._changes)
        self._people, self._lane, self._books = people, lane, books
        self._keys = MemoryKeys(self._changes, people)
        self._results = MemoryResults(self._changes, trades)
        self._signals = signals = MemorySignals(self._changes, verdicts)
        self._trades = MemoryTrades(trades, signals.place_of)
        self._planning = MemoryPlanning(people, trades, activity, books, lane, verdicts)
        self._outbox, self._answers = MemoryOutbox(self._changes), MemoryAnswers(self._changes)
        self._configuration = MemoryConfiguration(self._changes)
        self._receipts = MemoryReceipts(self._changes, trades, verdicts, lane, books)

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[UnitOfWork]:
        turn = _Turn(self._turns, self._changes)
        await turn.begin()
        try:
            yield self._unit(turn)
        finally:
            turn.end()

    async def run(self, act: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        """Do `act` in a unit and commit it; here nobody loses a race."""
        async with self() as work:
            result = await act(work)
            await work.commit()
        return result

    def of(self, worker: int) -> "MemoryStore":
        """The same store as a worker uses it that can die."""
        mine = copy(self)
        mine._lane = self._lane.of(worker)
        return mine

    def bury_worker(self, worker: int) -> None:
        """Free the tasks that a worker holds, as its death does."""
        self._lane.bury_worker(worker)

    def _unit(self, turn: "_Turn") -> MemoryUnitOfWork:
        return MemoryUnitOfWork(
            people=self._people,
            keys=self._keys,
            signals=self._signals,
            planning=self._planning,
            trades=self._trades,
            results=self._results,
            lane=self._lane,
            books=self._books,
            outbox=self._outbox,
            jobs=self.jobs,
            answers=self._answers,
            configuration=self._configuration,
            receipts=self._receipts,
            transfers=self._transfers,
            sweeps=self._sweeps,
            turn=turn,
        )


class _Turn:
    """One unit's hold on the store: it ends with the commit, or without one by undoing everything; mutable for that."""

    def __init__(self, turns: asyncio.Lock, changes: Changes) -> None:
        self._turns, self._changes = turns, changes
        self._running = False

    async def begin(self) -> None:
        await self._turns.acquire()
        self._running = True
        self._changes.begin()

    def keep(self) -> None:
        if not self._running:
            raise RuntimeError("expected an open unit of work, was a spent one")
        self._running = False
        self._changes.keep()
        self._turns.release()

    def end(self) -> None:
        if self._running:
            self._running = False
            self._changes.drop()
            self._turns.release()
