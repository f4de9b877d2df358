"""Run the workers of one process until they are told to stop."""

import asyncio
from asyncio.sslproto import SSLProtocol
from typing import Final

from cbc_adapters.persistence.postgres.job_runner import JobRunner
from cbc_entrypoints.live import Live
from cbc_entrypoints.worker.jobs import handlers
from cbc_entrypoints.worker.lane_loop import LaneLoop
from cbc_entrypoints.worker.role import Role
from cbc_entrypoints.worker.schedules import schedules

TLS_BUFFER: Final = 2**15
"""Bytes that asyncio keeps for each TLS connection as long as it lives, 256 KiB unless told. Nearly all connections of a worker
are private streams, whose messages have one; no connection can be told alone, so this is the program's choice."""


async def work(live: Live, role: Role, stop: asyncio.Event) -> None:
    """Do the work of a role: jobs, the order lane, schedules. Returns when `stop` is set and what had begun is done."""
    SSLProtocol.max_size = TLS_BUFFER
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
