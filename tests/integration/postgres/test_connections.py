"""What the pool gives out after a rest, and after the server has closed a connection."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from threading import Thread

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from cbc_adapters.persistence.postgres.connections import replace_gone
from cbc_adapters.persistence.postgres.engine import asyncpg_url
from cbc_domain.kernel.errors import Unavailable

Cut = Callable[[], Coroutine[None, None, None]]


@pytest.fixture
async def doubting(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine that asks each connection before it uses it again."""
    engine = create_async_engine(asyncpg_url(postgres_url), pool_size=2, max_overflow=0)
    replace_gone(engine, doubted_after_s=0)
    yield engine
    await engine.dispose()


async def _server_process(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return int((await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one())


async def _heard_in_a_unit(engine: AsyncEngine) -> list[str]:
    """What a server is told from the second use of a connection on, without what is prepared."""
    heard = list[str]()
    async with engine.connect() as connection:
        raw = (await connection.get_raw_connection()).driver_connection
        assert raw is not None
        raw.add_query_logger(lambda query: heard.append(query.query))
    await _server_process(engine)
    return heard


def _unseen(cut: Cut) -> None:
    """Cut while this loop does not turn, so that its driver hears nothing of it."""
    elsewhere = Thread(target=lambda: asyncio.run(cut()))
    elsewhere.start()
    elsewhere.join()


async def test_a_connection_in_use_is_not_asked_before_each_unit(engine: AsyncEngine) -> None:
    assert await _heard_in_a_unit(engine) == ["BEGIN;", "ROLLBACK;"]


async def test_a_connection_that_rested_is_asked(doubting: AsyncEngine) -> None:
    assert await _heard_in_a_unit(doubting) == ["BEGIN;", ";", "ROLLBACK;", "BEGIN;", "ROLLBACK;"]


async def test_units_in_turn_use_one_connection(engine: AsyncEngine) -> None:
    async with engine.connect(), engine.connect(), engine.connect():
        pass

    assert len({await _server_process(engine) for _ in range(4)}) == 1


async def test_a_closed_connection_is_replaced_before_anybody_uses_it(engine: AsyncEngine, cut_connections: Cut) -> None:
    before = await _server_process(engine)
    await cut_connections()

    assert await _server_process(engine) != before


async def test_one_that_was_closed_unheard_is_replaced_after_a_rest(doubting: AsyncEngine, cut_connections: Cut) -> None:
    before = await _server_process(doubting)
    _unseen(cut_connections)

    assert await _server_process(doubting) != before


async def test_one_that_was_closed_unheard_is_unavailable_without_a_rest(engine: AsyncEngine, cut_connections: Cut) -> None:
    await _server_process(engine)
    _unseen(cut_connections)

    with pytest.raises(Unavailable):
        await _server_process(engine)
    assert await _server_process(engine)
