"""An engine and a store on a migrated database of its own for each test."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from cbc_adapters.persistence.postgres.engine import open_engine
from cbc_adapters.persistence.postgres.unit_of_work import PostgresStore
from cbc_adapters.system.real.identities import SystemIdentities


@pytest.fixture
async def engine(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    engine = open_engine(postgres_url, pool_size=5)
    yield engine
    await engine.dispose()


@pytest.fixture
def store(engine: AsyncEngine) -> PostgresStore:
    return PostgresStore(engine, SystemIdentities())


@pytest.fixture
def cut_connections(postgres_url: str) -> Callable[[], Awaitable[None]]:
    """End every connection to the test's database from the server's side."""

    async def cut() -> None:
        engine = open_engine(postgres_url, pool_size=1)
        async with engine.connect() as connection:
            await connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        await engine.dispose()

    return cut
