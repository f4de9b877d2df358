"""Errands between processes on a real PostgreSQL: answered by a worker, waited for no longer than told, never left lying."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

import attrs
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from cbc_adapters.persistence.postgres.errands import RUN_ERRAND, PostgresErrands
from cbc_adapters.persistence.postgres.job_runner import JobRunner
from cbc_adapters.system.real.identities import SystemIdentities
from cbc_domain.kernel.errors import Conflict, DomainError, Unavailable
from cbc_domain.kernel.ids import AccountId
from cbc_domain.kernel.venues import Symbol
from cbc_domain.ports.venue_faults import Fault, OutcomeUnknown, VenueRefused
from cbc_domain.risk.keys import KeyRefusal
from cbc_domain.trading.sizes import AccountReading

FIRST, SECOND = AccountId(UUID(int=1)), AccountId(UUID(int=2))
AT: Final = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
READING: Final = AccountReading(FIRST, Decimal("1000.5"), Decimal("700.25"), Decimal(300), AT, frozenset({Symbol("BTCUSDT")}))
REFUSALS: Final = (KeyRefusal.KEY_CAN_WITHDRAW, KeyRefusal.KEY_POSITION_MODE)
SOON: Final = timedelta(milliseconds=300)


@attrs.define
class Worker:
    """Answers as it is told; mutable because it remembers what it was asked."""

    verdict: tuple[KeyRefusal, ...] | DomainError = ()
    asked: list[object] = attrs.field(factory=list)
    slow: asyncio.Event | None = None

    async def readings(self, accounts: Collection[AccountId]) -> Mapping[AccountId, AccountReading]:
        self.asked.append(tuple(accounts))
        return {FIRST: READING}

    async def verify(self, account: AccountId, actor: str) -> tuple[KeyRefusal, ...]:
        self.asked.append((account, actor))
        if self.slow is not None:
            await self.slow.wait()
        if isinstance(self.verdict, DomainError):
            raise self.verdict
        return self.verdict


@pytest.fixture
def errands(engine: AsyncEngine) -> PostgresErrands:
    return PostgresErrands(engine, SystemIdentities(), timedelta(seconds=20))


@asynccontextmanager
async def running(errands: PostgresErrands, worker: Worker) -> AsyncIterator[None]:
    async def run(payload: Mapping[str, str]) -> None:
        await errands.run(UUID(payload["errand"]), worker)

    runner = JobRunner(errands.engine, {RUN_ERRAND: run})
    task = asyncio.create_task(runner.run())
    try:
        yield
    finally:
        runner.stop()
        await asyncio.wait_for(task, 20)


async def left(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return int(await connection.scalar(text("SELECT count(*) FROM errands")) or 0)


async def test_a_worker_answers_with_what_it_read(errands: PostgresErrands) -> None:
    """rules: KEY-08, SIZ-02"""
    worker = Worker()

    async with running(errands, worker):
        read = await errands.readings([FIRST, SECOND])

    assert read == {FIRST: READING}
    assert worker.asked == [(FIRST, SECOND)]
    assert await left(errands.engine) == 0


async def test_nobody_is_asked_about_no_account(errands: PostgresErrands) -> None:
    assert await errands.readings([]) == {}


@pytest.mark.parametrize("refusals", [(), REFUSALS], ids=str)
async def test_a_worker_answers_with_every_refusal(errands: PostgresErrands, refusals: tuple[KeyRefusal, ...]) -> None:
    """rules: KEY-03, KEY-08"""
    worker = Worker(refusals)

    async with running(errands, worker):
        found = await errands.verify(FIRST, "member:ana")

    assert found == refusals
    assert worker.asked == [(FIRST, "member:ana")]


@pytest.mark.parametrize(
    "fault",
    [
        VenueRefused(Fault.MAINTENANCE, "down for an hour"),
        OutcomeUnknown("no answer"),
        Conflict("state_conflict", "expected an account with a key, was one without"),
        Unavailable("unavailable", "expected a master key that opens it, was none"),
    ],
    ids=str,
)
async def test_what_a_worker_met_is_raised_where_it_was_asked_for(errands: PostgresErrands, fault: DomainError) -> None:
    """rules: KEY-10, EXC-04"""
    async with running(errands, Worker(fault)):
        with pytest.raises(type(fault)) as raised:
            await errands.verify(FIRST, "member:ana")

    assert str(raised.value) == str(fault)
    assert vars(raised.value) == vars(fault)
    assert await left(errands.engine) == 0


async def test_without_a_worker_nobody_waits_for_ever_and_nothing_is_done_later(errands: PostgresErrands) -> None:
    """rules: KEY-08"""
    impatient, worker = attrs.evolve(errands, answered_within=SOON), Worker()

    read = await impatient.readings([FIRST])
    with pytest.raises(Unavailable, match="expected a worker to examine the key"):
        await impatient.verify(FIRST, "member:ana")
    async with running(errands, worker):
        await errands.verify(SECOND, "member:bea")

    assert read == {}
    assert worker.asked == [(SECOND, "member:bea")]
    assert await left(errands.engine) == 0


async def test_an_answer_that_comes_too_late_is_not_kept(errands: PostgresErrands) -> None:
    """rules: KEY-08"""
    late = asyncio.Event()
    worker = Worker(slow=late)

    async with running(errands, worker):
        with pytest.raises(Unavailable):
            await attrs.evolve(errands, answered_within=SOON).verify(FIRST, "member:ana")
        late.set()

    assert worker.asked == [(FIRST, "member:ana")]
    assert await left(errands.engine) == 0


async def test_whoever_stops_waiting_leaves_nothing_behind(errands: PostgresErrands) -> None:
    """rules: KEY-08"""
    asking = asyncio.create_task(errands.verify(FIRST, "member:ana"))
    while not await left(errands.engine):
        await asyncio.sleep(0.01)

    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking

    assert await left(errands.engine) == 0


async def test_what_a_dead_process_left_is_thrown_away(errands: PostgresErrands) -> None:
    """rules: KEY-08"""
    old = text("INSERT INTO errands (id, wanted, asked_at) VALUES (:id, '{}', now() - interval '11 minutes')")
    async with errands.engine.begin() as connection:
        await connection.execute(old, {"id": UUID(int=9)})

    async with running(errands, Worker()):
        await errands.readings([FIRST])

    assert await left(errands.engine) == 0
