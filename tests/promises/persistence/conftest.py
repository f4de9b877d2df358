"""Every store must keep the same promises: each test runs on all of them."""

from collections.abc import AsyncIterator
from typing import Protocol

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine

from cbc_adapters.persistence.memory.store import MemoryStore
from cbc_adapters.persistence.postgres.engine import open_engine
from cbc_adapters.persistence.postgres.presence import Presence
from cbc_adapters.persistence.postgres.unit_of_work import PostgresStore
from cbc_domain.kernel.ids import MemberId
from cbc_domain.ports.persistence.unit_of_work import Store
from tests.promises.samples import Place, Samples


@pytest.fixture
def samples() -> Samples:
    return Samples()


@pytest.fixture
def memory(samples: Samples) -> MemoryStore:
    return MemoryStore(samples.ids)


# One pool and so one event loop for all tests: a new connection costs more than most of what they ask of it.
@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def engine(shared_database: str) -> AsyncIterator[AsyncEngine]:
    opened = open_engine(shared_database)
    yield opened
    await opened.dispose()


@pytest.fixture
def postgres(emptied_postgres_url: str, engine: AsyncEngine, samples: Samples) -> PostgresStore:
    return PostgresStore(engine, samples.ids)


@pytest.fixture(params=["memory", "postgres"])
def store(request: pytest.FixtureRequest) -> Store:
    found: Store = request.getfixturevalue(request.param)
    return found


class Workers(Protocol):
    """Workers that share a store and can die."""

    async def begin(self, number: int) -> Store: ...

    async def end(self, number: int) -> None: ...


class MemoryWorkers:
    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def begin(self, number: int) -> Store:
        return self._store.of(number)

    async def end(self, number: int) -> None:
        self._store.bury_worker(number)


class PostgresWorkers:
    """Mutable because they come and go; each has a connection of its own, as it would in a process of its own."""

    def __init__(self, store: PostgresStore) -> None:
        self._store = store
        self._living: dict[int, Presence] = {}

    async def begin(self, number: int) -> Store:
        self._living[number] = Presence(self._store.engine)
        return PostgresStore(self._store.engine, self._store.identities, self._living[number])

    async def end(self, number: int) -> None:
        await self._living.pop(number).end()

    async def end_all(self) -> None:
        for presence in self._living.values():
            await presence.end()


@pytest_asyncio.fixture(loop_scope="session")
async def workers(store: Store) -> AsyncIterator[Workers]:
    if isinstance(store, MemoryStore):
        yield MemoryWorkers(store)
    elif isinstance(store, PostgresStore):
        crew = PostgresWorkers(store)
        yield crew
        await crew.end_all()


@pytest_asyncio.fixture(loop_scope="session")
async def place(store: Store, samples: Samples) -> Place:
    return await samples.place(store)


@pytest_asyncio.fixture(loop_scope="session")
async def ana(store: Store, samples: Samples) -> MemberId:
    return (await samples.joined(store)).id


@pytest_asyncio.fixture(loop_scope="session")
async def bea(store: Store, samples: Samples) -> MemberId:
    """Who referred Ana."""
    return (await samples.joined(store)).id
