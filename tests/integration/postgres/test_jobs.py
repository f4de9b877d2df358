"""Background jobs run when their cause is committed, at least once, whatever happens to workers and connections."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from cbc_adapters.persistence.postgres.job_runner import Handler, JobRunner
from cbc_adapters.persistence.postgres.jobs import unfinished_jobs
from cbc_adapters.persistence.postgres.unit_of_work import PostgresStore

_DYING_WORKER = """
import asyncio, sys
from cbc_adapters.persistence.postgres.engine import open_engine
from cbc_adapters.persistence.postgres.job_runner import JobRunner

async def settle(payload):
    print("started", flush=True)
    await asyncio.sleep(60)

asyncio.run(JobRunner(open_engine(sys.argv[1]), {"settle": settle}).run())
"""


class Ran:
    """A handler that remembers its payloads; mutable, because tests ask what it saw."""

    def __init__(self, act: Callable[[], Awaitable[None]] | None = None) -> None:
        self.payloads: list[Mapping[str, str]] = []
        self._act = act

    async def __call__(self, payload: Mapping[str, str]) -> None:
        self.payloads.append(payload)
        if self._act is not None:
            await self._act()


@asynccontextmanager
async def _running(engine: AsyncEngine, **handlers: Handler) -> AsyncIterator[JobRunner]:
    runner = JobRunner(engine, handlers)
    task = asyncio.create_task(runner.run())
    try:
        yield runner
    finally:
        runner.stop()
        await asyncio.wait_for(task, 20)


async def _enqueue(store: PostgresStore, **payload: str) -> None:
    async with store() as work:
        await work.jobs.enqueue("settle", payload)
        await work.commit()


async def _until(done: Callable[[], bool], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not done():
            await asyncio.sleep(0.005)


async def _until_idle(engine: AsyncEngine, seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while await unfinished_jobs(engine):
            await asyncio.sleep(0.02)


async def test_a_job_runs_soon_after_its_cause_is_committed(store: PostgresStore, engine: AsyncEngine) -> None:
    settle = Ran()
    async with _running(engine, settle=settle):
        await _enqueue(store, position="1")
        await _until(lambda: len(settle.payloads) == 1, 5)
        started = monotonic()

        await _enqueue(store, position="2")
        await _until(lambda: len(settle.payloads) == 2, 5)

        assert monotonic() - started < 0.5
        await _until_idle(engine)
    assert settle.payloads == [{"position": "1"}, {"position": "2"}]


async def test_a_job_whose_cause_was_undone_never_runs(store: PostgresStore, engine: AsyncEngine) -> None:
    settle = Ran()

    async with _running(engine, settle=settle):
        async with store() as work:
            await work.jobs.enqueue("settle", {"position": "undone"})
        await _enqueue(store, position="done")
        await _until_idle(engine)

    assert settle.payloads == [{"position": "done"}]


async def test_jobs_wait_for_a_worker(store: PostgresStore, engine: AsyncEngine) -> None:
    settle = Ran()
    await _enqueue(store, position="1")
    assert await unfinished_jobs(engine) == 1

    async with _running(engine, settle=settle):
        await _until_idle(engine)

    assert settle.payloads == [{"position": "1"}]


async def test_a_job_that_failed_runs_again(store: PostgresStore, engine: AsyncEngine) -> None:
    async def fail_twice() -> None:
        if len(settle.payloads) < 3:
            raise ValueError("expected a rate, was none")

    settle = Ran(fail_twice)
    await _enqueue(store, position="1")

    async with _running(engine, settle=settle):
        await _until_idle(engine)

    assert settle.payloads == [{"position": "1"}] * 3


async def test_stopping_finishes_what_runs_and_leaves_the_rest(store: PostgresStore, engine: AsyncEngine) -> None:
    finished: list[bool] = []

    async def work_a_while() -> None:
        await asyncio.sleep(0.3)
        finished.append(True)

    settle = Ran(work_a_while)
    async with _running(engine, settle=settle) as runner:
        await _enqueue(store, position="1")
        await _until(lambda: len(settle.payloads) == 1, 5)
        runner.stop()
        await _enqueue(store, position="2")

    assert finished == [True]
    assert await unfinished_jobs(engine) == 1


async def test_a_job_of_a_cancelled_runner_runs_again(store: PostgresStore, engine: AsyncEngine) -> None:
    cut_off, settle = Ran(lambda: asyncio.sleep(60)), Ran()
    await _enqueue(store, position="1")
    task = asyncio.create_task(JobRunner(engine, {"settle": cut_off}).run())
    await _until(lambda: len(cut_off.payloads) == 1, 5)
    while not task.done():
        task.cancel()
        await asyncio.sleep(0.05)

    async with _running(engine, settle=settle):
        await _until_idle(engine, 15)

    assert settle.payloads == [{"position": "1"}]


async def test_a_runner_connects_again_when_its_connection_was_cut(
    store: PostgresStore, engine: AsyncEngine, cut_connections: Callable[[], Awaitable[None]]
) -> None:
    settle = Ran()
    async with _running(engine, settle=settle):
        await _enqueue(store, position="1")
        await _until_idle(engine)
        await cut_connections()

        await _enqueue(store, position="2")
        await _until(lambda: len(settle.payloads) == 2, 10)
        await _until_idle(engine)


async def test_a_job_of_a_killed_worker_runs_again_within_ten_seconds(
    store: PostgresStore, engine: AsyncEngine, postgres_url: str, tmp_path: Path
) -> None:
    """rules: ARC-06"""
    script = tmp_path / "worker.py"
    script.write_text(_DYING_WORKER)
    await _enqueue(store, position="1")
    worker = await asyncio.create_subprocess_exec(sys.executable, str(script), postgres_url, stdout=asyncio.subprocess.PIPE)
    assert worker.stdout is not None
    assert await asyncio.wait_for(worker.stdout.readline(), 20) == b"started\n"
    worker.kill()
    await worker.wait()
    settle = Ran()

    async with _running(engine, settle=settle):
        await _until(lambda: len(settle.payloads) == 1, 10)
        await _until_idle(engine)


@pytest.mark.parametrize("at_once", [2, 10])
async def test_many_jobs_run_each_once_while_workers_live(store: PostgresStore, engine: AsyncEngine, at_once: int) -> None:
    settle = Ran()
    async with store() as work:
        for number in range(100):
            await work.jobs.enqueue("settle", {"position": str(number)})
        await work.commit()

    runners = [JobRunner(engine, {"settle": settle}, at_once) for _ in range(2)]
    tasks = [asyncio.create_task(runner.run()) for runner in runners]
    await _until_idle(engine, 30)
    for runner in runners:
        runner.stop()
    await asyncio.gather(*tasks)

    assert sorted(int(payload["position"]) for payload in settle.payloads) == list(range(100))
