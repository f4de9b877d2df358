"""Run the workers of one process until they are told to stop."""

import asyncio

from cbc_adapters.persistence.postgres.job_runner import JobRunner
from cbc_entrypoints.live import Live
from cbc_entrypoints.worker.jobs import handlers
from cbc_entrypoints.worker.lane_loop import LaneLoop
from cbc_entrypoints.worker.role import Role
from cbc_entrypoints.worker.schedules import schedules


async def work(live: Live, role: Role, stop: asyncio.Event) -> None:
    """Do the work of a role: jobs, the order lane, schedules. Returns when `stop` is set and what had begun is done."""
    async with asyncio.TaskGroup() as group:
        if owned := handlers(live.platform, role):
            runner = JobRunner(live.engine, owned)
            group.create_task(runner.run())
            group.create_task(_stop_with(runner, stop))
        if role.covers(Role.EXECUTE):
            group.create_task(LaneLoop(live.platform).run(stop))
        for schedule in schedules(live.platform, role):
            group.create_task(schedule.run(stop))


async def _stop_with(runner: JobRunner, stop: asyncio.Event) -> None:
    await stop.wait()
    runner.stop()
