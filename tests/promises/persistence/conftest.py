"""Every store must keep the same promises: each test runs on all of them."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine

from cbc_adapters.persistence.memory.store import MemoryStore
from cbc_adapters.persistence.postgres.engine import open_engine
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
