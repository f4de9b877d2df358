"""What stores promise of background jobs."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from cbc_adapters.persistence.memory.jobs import MemoryJobs
from cbc_adapters.persistence.memory.store import MemoryStore
from cbc_adapters.persistence.postgres.job_runner import JobRunner
from cbc_adapters.persistence.postgres.jobs import unfinished_jobs
from cbc_domain.ports.persistence.unit_of_work import Store
from tests.promises.samples import committed

pytestmark = pytest.mark.asyncio(loop_scope="session")

Handler = Callable[[Mapping[str, str]], Awaitable[None]]
RunAll = Callable[[Mapping[str, Handler]], Awaitable[None]]


class Passing(Exception):
    """A failure that is over at the next attempt."""


@pytest.fixture
def run_all(request: pytest.FixtureRequest, store: Store) -> RunAll:
    """Runs the jobs of the store until none is left."""
    if isinstance(store, MemoryStore):
        return lambda handlers: _run_in_memory(MemoryJobs(store), handlers)
    engine: AsyncEngine = request.getfixturevalue("engine")
    return lambda handlers: _run_on_postgres(engine, handlers)


async def _run_in_memory(jobs: MemoryJobs, handlers: Mapping[str, Handler]) -> None:
    try:
        await jobs.run_pending(handlers)
    except Passing:
        await _run_in_memory(jobs, handlers)


async def _run_on_postgres(engine: AsyncEngine, handlers: Mapping[str, Handler]) -> None:
    runner = JobRunner(engine, handlers)
    running = asyncio.ensure_future(runner.run())
    async with asyncio.timeout(30):
        while await unfinished_jobs(engine):
            await asyncio.sleep(0.05)
    runner.stop()
    await running


class Ran:
    """A handler that remembers its payloads and fails the first times; mutable for that."""

    def __init__(self, failures: int = 0) -> None:
        self.payloads: list[dict[str, str]] = []
        self._failures = failures

    async def __call__(self, payload: Mapping[str, str]) -> None:
        self.payloads.append(dict(payload))
        if len(self.payloads) <= self._failures:
            raise Passing


async def test_a_job_runs_after_the_commit_of_its_cause(store: Store, run_all: RunAll) -> None:
    """rules: ARC-05, ARC-06"""
    settles, plans = Ran(), Ran()
    async with committed(store) as work:
        await work.jobs.enqueue("plan_orders", {"signal": "1", "nota": "é"})
        await work.jobs.enqueue("settle_trades", {})

    await run_all({"settle_trades": settles, "plan_orders": plans})

    assert (plans.payloads, settles.payloads) == ([{"signal": "1", "nota": "é"}], [{}])


async def test_a_job_of_an_undone_unit_never_runs(store: Store, run_all: RunAll) -> None:
    """rules: ARC-06"""
    plans = Ran()
    async with store() as work:
        await work.jobs.enqueue("plan_orders", {"signal": "1"})
    async with committed(store) as work:
        await work.jobs.enqueue("plan_orders", {"signal": "2"})

    await run_all({"plan_orders": plans})

    assert plans.payloads == [{"signal": "2"}]


async def test_a_job_that_failed_runs_again(store: Store, run_all: RunAll) -> None:
    """rules: ARC-06, GEN-14"""
    plans = Ran(failures=1)
    async with committed(store) as work:
        await work.jobs.enqueue("plan_orders", {"signal": "1"})

    await run_all({"plan_orders": plans})

    assert plans.payloads == [{"signal": "1"}] * 2


async def test_a_job_may_ask_for_another(store: Store, run_all: RunAll) -> None:
    """rules: ARC-05"""
    settles = Ran()

    async def plan(payload: Mapping[str, str]) -> None:
        async with committed(store) as work:
            await work.jobs.enqueue("settle_trades", payload)

    async with committed(store) as work:
        await work.jobs.enqueue("plan_orders", {"signal": "1"})

    await run_all({"plan_orders": plan, "settle_trades": settles})

    assert settles.payloads == [{"signal": "1"}]


async def test_a_job_without_a_handler_is_named(memory: MemoryStore) -> None:
    async with committed(memory) as work:
        await work.jobs.enqueue("plan_orders", {})

    with pytest.raises(LookupError, match="plan_orders"):
        await MemoryJobs(memory).run_pending({})
