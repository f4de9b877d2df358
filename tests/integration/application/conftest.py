"""A store on a migrated database of its own for each test."""

from collections.abc import AsyncIterator

import pytest

from cbc_adapters.persistence.postgres.engine import open_engine
from cbc_adapters.persistence.postgres.unit_of_work import PostgresStore
from cbc_adapters.system.real.identities import SystemIdentities


@pytest.fixture
async def store(postgres_url: str) -> AsyncIterator[PostgresStore]:
    engine = open_engine(postgres_url, pool_size=10)
    yield PostgresStore(engine, SystemIdentities())
    await engine.dispose()
