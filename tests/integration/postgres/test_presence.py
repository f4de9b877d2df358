"""A worker's presence: its number lives as long as its connection, and not a moment longer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from cbc_adapters.persistence.postgres.engine import open_engine
from cbc_adapters.persistence.postgres.presence import Presence
from cbc_adapters.persistence.postgres.unit_of_work import PostgresStore
from cbc_domain.kernel.errors import Unavailable
from cbc_domain.ports.persistence.unit_of_work import UnitOfWork
from tests.promises.samples import NOW, SECOND, Samples, committed

LEASE = 30 * SECOND


@pytest.fixture
def samples() -> Samples:
    return Samples()


@pytest.fixture
async def presence(engine: AsyncEngine) -> AsyncIterator[Presence]:
    one = Presence(engine)
    yield one
    await one.end()


async def test_a_worker_keeps_its_number_as_long_as_it_is_connected(engine: AsyncEngine, presence: Presence) -> None:
    """rules: PRI-06"""
    other = Presence(engine)

    numbers = [await presence.holder(), await other.holder(), await presence.holder()]

    assert numbers[0] == numbers[2] != numbers[1]
    await other.end()


async def test_a_worker_that_lost_its_connection_works_on_under_another_number_and_frees_what_it_held(
    engine: AsyncEngine, presence: Presence, samples: Samples, cut_connections: Callable[[], Awaitable[None]]
) -> None:
    """rules: PRI-06, ARC-04"""
    store = PostgresStore(engine, samples.ids, presence)
    await samples.opened(store, await samples.place(store))
    async with committed(store) as unit:
        [before] = await unit.lane.claim(NOW, LEASE, 1, rehearsal_first=False)

    await cut_connections()
    async with committed(store) as unit:
        [after] = await unit.lane.claim(NOW, LEASE, 1, rehearsal_first=False)
    async with committed(store) as unit:
        held = await unit.lane.held([before.hold, after.hold])

    assert (after.task.id, after.task.attempts) == (before.task.id, 2)
    assert held == {after.hold}


async def test_as_many_claims_at_once_as_there_are_connections_do_not_wait_for_each_other(
    postgres_url: str, samples: Samples
) -> None:
    """rules: PRI-06; sixteen batches of one worker began together on eight connections and stood still for ever"""
    pool, beside = open_engine(postgres_url, pool_size=2), open_engine(postgres_url, pool_size=1)
    presence = Presence(beside)
    store = PostgresStore(pool, samples.ids, presence)
    await samples.opened(store, await samples.place(store))

    async def claim(work: UnitOfWork) -> int:
        return len(await work.lane.claim(NOW, LEASE, 1, rehearsal_first=False))

    async with asyncio.timeout(5):
        claimed = await asyncio.gather(*(store.run(claim) for _ in range(6)))

    assert sum(claimed) == 1
    await presence.end()
    await pool.dispose()
    await beside.dispose()


async def test_who_cannot_reach_the_database_is_not_present() -> None:
    """rules: PRI-06"""
    engine = open_engine("postgresql://nobody:secret@127.0.0.1:1/nothing")

    with pytest.raises(Unavailable):
        await Presence(engine).holder()

    await engine.dispose()
