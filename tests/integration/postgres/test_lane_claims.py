"""The lane's query keeps the rule's order, and many claimers never share a task or an account."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final
from uuid import UUID

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import literal, select, text

from cbc_adapters.persistence.postgres.batches import batch
from cbc_adapters.persistence.postgres.engine import open_engine
from cbc_adapters.persistence.postgres.lane import PostgresLane
from cbc_adapters.persistence.postgres.lane_order import lane_order
from cbc_adapters.persistence.postgres.presence import Presence
from cbc_adapters.persistence.postgres.rows.orders import task_row
from cbc_adapters.persistence.postgres.tables.lane import tasks as task_table
from cbc_adapters.persistence.postgres.tables.metadata import instant
from cbc_adapters.persistence.postgres.unit_of_work import PostgresStore
from cbc_domain.kernel.ids import AccountId, MemberId, PositionId, SignalId, TaskId
from cbc_domain.kernel.venues import Environment, Symbol
from cbc_domain.ports.persistence.work import Claim
from cbc_domain.trading.model import OrderState, Task, TaskAction, TaskState
from cbc_domain.trading.priority import BACKGROUND, CRITICAL, HIGH, HIGH_PREPAID, LOW, MEDIUM, order_key
from tests.promises.samples import MINUTE, NOW, SECOND, Samples, committed

LEASE = 30 * SECOND
WORKERS = 8

few = st.integers(min_value=1, max_value=3).map(lambda number: UUID(int=number))
"""Few enough that tasks tie and the last keys decide."""

waits = st.one_of(
    st.sampled_from([0, 49_999_999, 50_000_000, 50_000_001, 51_000_000, -1, -1_000_000]),
    st.integers(min_value=-100_000_000, max_value=100_000_000),
).map(lambda microseconds: timedelta(microseconds=microseconds))

tasks_waiting = st.lists(
    st.builds(
        Task,
        id=st.uuids().map(TaskId),
        action=st.sampled_from(TaskAction),
        signal=st.none() | few.map(SignalId),
        member=few.map(MemberId),
        account=st.uuids().map(AccountId),
        environment=st.sampled_from(Environment),
        position=st.uuids().map(PositionId),
        base_priority=st.sampled_from([CRITICAL, HIGH, HIGH_PREPAID, MEDIUM, LOW, BACKGROUND]),
        waiting_since=waits.map(lambda waited: NOW - waited),
        due_at=st.just(NOW),
        not_after=st.none(),
        state=st.just(TaskState.WAITING),
        attempts=st.just(0),
        lease_until=st.none(),
        reason=st.none(),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda task: task.id,
)


@pytest.fixture
def samples() -> Samples:
    return Samples()


@pytest.fixture
async def crowd(postgres_url: str, samples: Samples) -> AsyncIterator[PostgresStore]:
    """A store with room for many units at once."""
    engine = open_engine(postgres_url, pool_size=WORKERS)
    yield PostgresStore(engine, samples.ids)
    await engine.dispose()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tasks_waiting, st.booleans())
async def test_the_statement_sorts_as_the_rule_does(store: PostgresStore, tasks: list[Task], rehearsal_first: bool) -> None:
    """rules: PRI-02, PRI-03, PRI-04"""
    rows = [task_row(task) for task in tasks]
    stored = batch(rows, {name: task_table.c[name].type for name in rows[0]})
    statement = select(stored.c.id).order_by(*lane_order(stored, literal(NOW, instant), rehearsal_first=rehearsal_first))

    async with store.engine.connect() as connection:
        found = list((await connection.scalars(statement)).all())

    def key(task: Task) -> tuple[object, ...]:
        rest = rehearsal_first and task.base_priority < CRITICAL
        return rest, rest and task.environment is Environment.LIVE, order_key(task, NOW)

    assert found == [task.id for task in sorted(tasks, key=key)]


async def test_claimers_at_once_never_share_a_task_or_an_account(crowd: PostgresStore, samples: Samples) -> None:
    """rules: ARC-04, PRI-01"""
    place = await samples.place(crowd)
    homes = [place] + [await samples.neighbour(crowd, place) for _ in range(5)]
    symbols = [Symbol(f"C{number}USDT") for number in range(4)]
    added = {(await samples.opened(crowd, home, symbol)).task.id for home in homes for symbol in symbols}
    working: set[AccountId] = set()
    done: list[TaskId] = []

    async def work() -> None:
        while len(done) < len(added):
            async with committed(crowd) as unit:
                claims = await unit.lane.claim(NOW, LEASE, 2, rehearsal_first=False)
            accounts = {claim.task.account for claim in claims}
            assert len(accounts) == len(claims)
            assert not accounts & working
            working.update(accounts)
            await asyncio.sleep(0)
            async with crowd() as unit:
                await unit.lane.finish([claim.hold for claim in claims])
                working.difference_update(accounts)
                await unit.commit()
            done.extend(claim.task.id for claim in claims)

    await asyncio.gather(*(work() for _ in range(WORKERS)))

    assert sorted(done) == sorted(added)


SLOW_TASKS: Final = (
    """
    CREATE FUNCTION slow() RETURNS boolean LANGUAGE plpgsql AS $$
    BEGIN
        IF current_setting('test.slow', true) = 'on' THEN
            PERFORM set_config('test.slow', 'off', true), pg_sleep(1);
        END IF;
        RETURN true;
    END $$
    """,
    "ALTER TABLE tasks RENAME TO stored_tasks",
    "CREATE VIEW tasks AS SELECT * FROM stored_tasks WHERE slow()",
)
"""Lets a claim fall asleep between what it sees and what it locks."""

ASLEEP: Final = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"


@pytest.mark.parametrize("later", [timedelta(0), MINUTE], ids=["the same task", "another task of the account"])
async def test_a_claim_that_began_before_another_was_committed_does_not_take_its_account(
    crowd: PostgresStore, samples: Samples, later: timedelta
) -> None:
    """rules: ARC-04, PRI-01"""
    place = await samples.place(crowd)
    first = (await samples.opened(crowd, place)).task
    await samples.opened(crowd, place, Symbol("ETHUSDT"), created_at=NOW + MINUTE, base=CRITICAL)
    async with crowd.engine.begin() as connection:
        for statement in SLOW_TASKS:
            await connection.execute(text(statement))

    async with crowd.engine.begin() as sleeper:
        await sleeper.execute(text("SET LOCAL test.slow = 'on'"))
        late = asyncio.create_task(PostgresLane(sleeper).claim(NOW + later, LEASE, 1, rehearsal_first=False))
        async with crowd.engine.connect() as watcher:
            while not await watcher.scalar(text(ASLEEP)):
                await watcher.rollback()
        async with committed(crowd) as unit:
            [taken] = await unit.lane.claim(NOW, 2 * MINUTE, 1, rehearsal_first=False)
        found = await late

    assert taken.task.id == first.id
    assert found == []


async def test_a_worker_never_takes_a_position_twice_however_its_claims_overlap(crowd: PostgresStore, samples: Samples) -> None:
    """rules: ARC-04, POS-11"""
    place = await samples.place(crowd)
    parts = [await samples.opened(crowd, place), await samples.opened(crowd, place, Symbol("ETHUSDT"))]
    worker = Presence(crowd.engine)
    shared = PostgresStore(crowd.engine, samples.ids, worker)
    async with committed(shared) as unit:
        [busy] = await unit.lane.claim(NOW, 2 * MINUTE, 1, rehearsal_first=False)
    [other] = [part.position for part in parts if part.task.id != busy.task.id]
    now = samples.task(other, TaskAction.PROTECT, CRITICAL)
    later = attrs.evolve(samples.task(other, TaskAction.CLOSE, CRITICAL), due_at=NOW + SECOND)
    async with committed(crowd) as unit:
        await unit.lane.add([now, later])
    async with crowd.engine.begin() as connection:
        for statement in SLOW_TASKS:
            await connection.execute(text(statement))

    async with crowd.engine.begin() as sleeper:
        await sleeper.execute(text("SET LOCAL test.slow = 'on'"))
        late = asyncio.create_task(PostgresLane(sleeper, worker).claim(NOW + SECOND, LEASE, 1, rehearsal_first=False))
        async with crowd.engine.connect() as watcher:
            while not await watcher.scalar(text(ASLEEP)):
                await watcher.rollback()
        async with committed(shared) as unit:
            taken = await unit.lane.claim(NOW, LEASE, 1, rehearsal_first=False)
        found = await late
    await worker.end()

    assert [claim.task.id for claim in taken] == [now.id]
    assert found == []


async def test_units_that_end_tasks_of_the_same_accounts_do_not_wait_for_each_other(
    crowd: PostgresStore, samples: Samples
) -> None:
    """rules: ARC-04, PRI-06"""
    homes = [await samples.place(crowd)]
    homes.append(await samples.neighbour(crowd, homes[0]))
    for home in homes:
        for symbol in ("BTCUSDT", "ETHUSDT"):
            part = await samples.opened(crowd, home, Symbol(symbol))
            async with committed(crowd) as unit:
                await unit.lane.add([samples.task(part.position, TaskAction.CLOSE, CRITICAL)])
    worker = Presence(crowd.engine)
    shared = PostgresStore(crowd.engine, samples.ids, worker)
    claims = list[list[Claim]]()
    for _ in range(2):
        async with committed(shared) as unit:
            taken = await unit.lane.claim(NOW, LEASE, 2, rehearsal_first=False)
        claims.append(sorted(taken, key=lambda claim: claim.task.account))
    (one, another), (last, next_to_last) = claims[0], reversed(claims[1])
    both_hold = asyncio.Barrier(2)

    async def write(first: Claim, second: Claim) -> None:
        async with committed(shared) as unit:
            held = asyncio.ensure_future(unit.lane.held([first.hold, second.hold]))
            await asyncio.wait([held], timeout=0.2)
            await both_hold.wait()
            await held
            await unit.lane.finish([first.hold])
            await asyncio.sleep(0.2)
            await unit.lane.retry({second.hold: NOW + MINUTE})

    await asyncio.gather(write(one, another), write(last, next_to_last))
    await worker.end()


async def test_a_claim_that_is_not_committed_yet_holds_its_accounts(crowd: PostgresStore, samples: Samples) -> None:
    """rules: ARC-04, PRI-06"""
    place = await samples.place(crowd)
    other = await samples.neighbour(crowd, place)
    first = (await samples.opened(crowd, place)).task
    await samples.opened(crowd, place, Symbol("ETHUSDT"))
    elsewhere = (await samples.opened(crowd, other)).task

    async with crowd() as holding:
        [taken] = await holding.lane.claim(NOW, LEASE, 1, rehearsal_first=False)
        async with committed(crowd) as unit:
            others = await unit.lane.claim(NOW, LEASE, 10, rehearsal_first=False)
        await holding.commit()
    async with committed(crowd) as unit:
        late = await unit.lane.claim(NOW, LEASE, 10, rehearsal_first=False)

    assert {taken.task.account, *(one.task.account for one in others)} == {first.account, elsewhere.account}
    assert len(others) == 1
    assert late == []


async def test_a_trade_that_is_being_written_is_claimed_afterwards(crowd: PostgresStore, samples: Samples) -> None:
    """rules: ORD-02, ORD-04"""
    part = await samples.opened(crowd, await samples.place(crowd))

    async with committed(crowd) as writer:
        trades = await writer.trades.trades([part.position.id], lock=True)
        async with committed(crowd) as unit:
            early = await unit.lane.claim(NOW, LEASE, 1, rehearsal_first=False)
        await writer.trades.save(trades, [])
    async with committed(crowd) as unit:
        [taken] = await unit.lane.claim(NOW, LEASE, 1, rehearsal_first=False)

    assert early == []
    assert taken.trade.orders[0].state is OrderState.SUBMITTED


async def test_a_worker_that_lost_its_lease_does_not_free_the_account_of_the_next(
    crowd: PostgresStore, samples: Samples
) -> None:
    """rules: ARC-04, PRI-06"""
    place = await samples.place(crowd)
    await samples.opened(crowd, place)
    await samples.opened(crowd, place, Symbol("ETHUSDT"), created_at=NOW - SECOND)
    async with committed(crowd) as unit:
        [slow] = await unit.lane.claim(NOW, LEASE, 1, rehearsal_first=False)
    async with committed(crowd) as unit:
        await unit.lane.retry({slow.hold: NOW + 2 * LEASE})
    async with committed(crowd) as unit:
        [next_one] = await unit.lane.claim(NOW, LEASE, 1, rehearsal_first=False)

    async with committed(crowd) as unit:
        await unit.lane.finish([slow.hold])
    async with committed(crowd) as unit:
        taken = await unit.lane.claim(NOW + SECOND, LEASE, 1, rehearsal_first=False)

    assert next_one.task.id != slow.task.id
    assert taken == []


async def test_a_claim_marks_what_it_says_it_marked(crowd: PostgresStore, samples: Samples) -> None:
    """rules: ORD-02"""
    part = await samples.opened(crowd, await samples.place(crowd))

    async with committed(crowd) as unit:
        [taken] = await unit.lane.claim(NOW, LEASE, 1, rehearsal_first=False)

    async with crowd() as unit:
        [stored] = await unit.trades.trades([part.position.id], lock=False)
    assert taken.trade == stored
    assert taken.trade == attrs.evolve(taken.trade, position=part.position)
